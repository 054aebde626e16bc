#!/usr/bin/env python3
"""Writes the dashboards of loyalty_core (`data/dashboards/*_dashboard.json`) from what is declared here.

    python tools/dashboards.py            writes the files
    python tools/dashboards.py --check    exit code 1 where a file is not what would be written

A dashboard is a spreadsheet of Odoo: figures on top, then blocks of charts and tables under titles. Ids are made of
names, so that the same declaration gives the same bytes.
"""

import json
import pathlib
import sys
import uuid
from dataclasses import dataclass, field

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "addons/loyalty_core/data/dashboards"
#: The form of the file, by Odoo 19's own dashboards.
VERSION = "18.5.10"
SPACE = uuid.UUID("6f0f5f0e-6c1d-4b0e-9d5e-6c6f79616c74")
ROW, TITLE, GAP = 23, 40, 17
HALF = (206, 104, 110, 110)
COLUMNS = (*HALF, 37, *HALF)
WIDTH = sum(COLUMNS)
KPI_HEIGHT, CHART_HEIGHT = 101, 330
BACKGROUNDS = ("#EFF6FF", "#FFF7ED", "#F0FDF4", "#FAF5FF", "#FEFCE8", "#F1F5F9")

#: Model → where it keeps what filters are about.
CHAINS = {
    "loy.sales.hour": {"period": "day", "store": "store_id", "network": "network_id", "partner": "partner_id"},
    "loy.category.day": {"period": "day", "store": "store_id", "network": "network_id", "partner": "partner_id"},
    "loy.promotion.day": {
        "period": "day",
        "store": "store_id",
        "network": "network_id",
        "partner": "partner_id",
        "promotion": "promotion_id",
    },
    "loy.promotion.effect": {"promotion": "promotion_id"},
    "loy.liability.report": {"period": "day", "unit": "unit_id", "partner": "partner_id"},
    "loy.breakage.report": {"unit": "unit_id"},
}
FILTERS = {
    "store": ("Store", "loy.store"),
    "network": ("Network", "loy.network"),
    "partner": ("Coalition partner", "loy.partner"),
    "promotion": ("Promotion", "loy.promotion"),
    "unit": ("Points unit", "loy.unit"),
}


GOOD, BAD, PLAIN = "#00A04A", "#DC6965", "#757575"
#: The colours of more and of less than before, by what more means.
CHANGES = {"better": (GOOD, BAD), "worse": (BAD, GOOD), "": (PLAIN, PLAIN)}


@dataclass(frozen=True)
class Kpi:
    """A number on top, beside that of the period before. ``measure`` is ``sum`` of a field, or ``part / whole``."""

    title: str
    model: str
    measure: str
    domain: tuple = ()
    sign: int = 1
    is_of_all_time: bool = False
    form: str | None = None  # how its number is written, where it is no amount
    more: str = "better"  # what it means when there is more of it than before: better, worse, or nothing


@dataclass(frozen=True)
class Chart:
    title: str
    menu: str
    model: str
    kind: str  # bar, line, pie
    groupby: tuple[str, ...]
    measure: str
    domain: tuple = ()
    order: str | None = None
    is_cumulated: bool = False
    is_stacked: bool = True


@dataclass(frozen=True)
class Table:
    """A pivot; ``heat`` colours its cells by their size."""

    title: str
    menu: str
    model: str
    rows: tuple[str, ...]
    measures: tuple[str, ...]
    columns: tuple[str, ...] = ()
    domain: tuple = ()
    sorted_by: str | None = None
    count: int = 10
    is_heat: bool = False


@dataclass(frozen=True)
class Rows:
    """The latest records of a model."""

    title: str
    menu: str
    model: str
    fields: tuple[str, ...]
    order: str
    domain: tuple = ()
    count: int = 8


@dataclass(frozen=True)
class Dashboard:
    name: str
    filters: tuple[str, ...]
    kpis: tuple[Kpi, ...]
    blocks: tuple[tuple, ...]  # rows of one or two charts or tables
    columns: tuple[int, ...] = COLUMNS
    right: int = 5  # the column of the second one of two
    period: str = "last_30_days"


SALES, PROMOTIONS, GOODS = "loy_sales_hour_menu", "loy_promotion_day_menu", "loy_category_day_menu"
LIABILITY, BREAKAGE, PARTNERS = "loy_liability_report_menu", "loy_breakage_report_menu", "loy_partner_report_menu"
EFFECTS = "loy_promotion_effect_menu"
HOUR, DAY, CATEGORY = "loy.sales.hour", "loy.promotion.day", "loy.category.day"
LEDGER, LEFT, EFFECT = "loy.liability.report", "loy.breakage.report", "loy.promotion.effect"
PLACES = ("store", "network", "partner")

DASHBOARDS = (
    Dashboard(
        "sales",
        PLACES,
        (
            Kpi("Turnover", HOUR, "amount"),
            Kpi("Receipts", HOUR, "receipt_count"),
            Kpi("Average receipt", HOUR, "amount / receipt_count"),
            Kpi("By members", HOUR, "amount", (("is_member", "=", True),)),
            Kpi("Discount", HOUR, "discount", more="worse"),
        ),
        (
            (Chart("Turnover by day", SALES, HOUR, "line", ("day:day",), "amount"),),
            (
                Chart("Turnover by store", SALES, HOUR, "bar", ("store_id",), "amount", order="DESC"),
                Chart("Turnover by category", GOODS, CATEGORY, "pie", ("categ_id",), "amount", order="DESC"),
            ),
            (
                Table(
                    "Stores", SALES, HOUR, ("store_id",), ("receipt_count", "average", "amount"), sorted_by="amount"
                ),
                Table(
                    "Categories", GOODS, CATEGORY, ("categ_id",), ("line_count", "discount", "amount"),
                    sorted_by="amount",
                ),
            ),
        ),
    ),
    Dashboard(
        "liability",
        ("unit", "partner"),
        (
            Kpi("What we owe", LEDGER, "worth", is_of_all_time=True),
            Kpi("Given", LEDGER, "worth", (("role", "=", "issued"),), more=""),
            Kpi("Used", LEDGER, "worth", (("role", "=", "redeemed"),), -1, more=""),
            Kpi("Expired", LEDGER, "worth", (("role", "=", "expired"),), -1, more="worse"),
            Kpi("Adjusted by hand", LEDGER, "worth", (("role", "=", "adjusted"),), more=""),
        ),
        (
            (
                Chart(
                    "What we owe, day by day", LIABILITY, LEDGER, "line", ("day:day", "unit_id"), "worth",
                    is_cumulated=True,
                ),
            ),
            (
                Chart("Given and taken by day", LIABILITY, LEDGER, "bar", ("day:day", "role"), "worth"),
                Chart(
                    "What is owed by unit", LIABILITY, LEDGER, "pie", ("unit_id",), "worth",
                ),
            ),
            (
                Table(
                    "By unit and movement", LIABILITY, LEDGER, ("unit_id", "role"), ("entry_count", "amount", "worth"),
                    count=16,
                ),
                Table(
                    "What became of points", BREAKAGE, LEFT, ("month:month",), ("given", "used", "expired"), count=12
                ),
            ),
        ),
    ),
    Dashboard(
        "promotions",
        ("promotion", *PLACES),
        (
            Kpi("Uses of promotions", DAY, "receipt_count"),
            Kpi("Without a member", DAY, "receipt_count", (("is_member", "=", False),), more=""),
            Kpi("Discount", DAY, "discount", more="worse"),
            Kpi("Discount, %", DAY, "discount / touched", form="0.0%", more="worse"),
            Kpi("Points given", DAY, "points", more=""),
        ),
        (
            (
                Chart("Discount by day", PROMOTIONS, DAY, "bar", ("day:day", "promotion_id"), "discount"),
            ),
            (
                Chart(
                    "Receipts by promotion", PROMOTIONS, DAY, "bar", ("promotion_id",), "receipt_count", order="DESC"
                ),
                Chart("Discount by promotion", PROMOTIONS, DAY, "pie", ("promotion_id",), "discount", order="DESC"),
            ),
            (
                Table(
                    "Promotions", PROMOTIONS, DAY, ("promotion_id",), ("receipt_count", "touched", "discount"),
                    sorted_by="receipt_count", count=12,
                ),
                Table(
                    "What they were used for", PROMOTIONS, DAY, ("promotion_id",), ("amount", "points", "spent"),
                    sorted_by="amount", count=12,
                ),
            ),
            (
                Rows(
                    "What control groups show", EFFECTS, EFFECT,
                    ("promotion_id", "day", "main_count", "control_count", "told"), "day",
                ),
            ),
        ),
    ),
    Dashboard(
        "stores",
        PLACES,
        (
            Kpi("Turnover", HOUR, "amount"),
            Kpi("Receipts", HOUR, "receipt_count"),
            Kpi("Returns", HOUR, "return_count", more="worse"),
            Kpi("Lines on a receipt", HOUR, "line_count / receipt_count", form="0.0"),
            Kpi("Discount, %", HOUR, "discount / base", form="0.0%", more="worse"),
        ),
        (
            (Chart("Turnover of stores by day", SALES, HOUR, "bar", ("day:day", "store_id"), "amount"),),
            (
                Chart("Receipts by store", SALES, HOUR, "bar", ("store_id",), "receipt_count", order="DESC"),
                Chart("Turnover by network", SALES, HOUR, "pie", ("network_id",), "amount"),
            ),
            (
                Table(
                    "Stores", SALES, HOUR, ("store_id",), ("receipt_count", "average", "amount"), sorted_by="amount",
                    count=20,
                ),
                Table(
                    "What they give", SALES, HOUR, ("store_id",), ("discount", "discount_percent", "spent"),
                    sorted_by="discount", count=20,
                ),
            ),
        ),
    ),
    Dashboard(
        "registers",
        PLACES,
        (
            Kpi("Receipts", HOUR, "receipt_count"),
            Kpi("Before noon", HOUR, "receipt_count", (("hour", "<", 12),), more=""),
            Kpi("Noon to 17:00", HOUR, "receipt_count", (("hour", ">=", 12), ("hour", "<", 17)), more=""),
            Kpi("After 17:00", HOUR, "receipt_count", (("hour", ">=", 17),), more=""),
            Kpi("Returns", HOUR, "return_count", more="worse"),
        ),
        (
            (
                Table(
                    "Receipts by weekday and hour", SALES, HOUR, ("weekday",), ("receipt_count",), ("hour",), count=7,
                    is_heat=True,
                ),
            ),
            (
                Chart("Receipts by hour", SALES, HOUR, "bar", ("hour", "store_id"), "receipt_count"),
                Chart("Turnover by weekday", SALES, HOUR, "bar", ("weekday",), "amount"),
            ),
            (
                Table(
                    "Receipts by register and hour", SALES, HOUR, ("store_id", "register_id"), ("receipt_count",),
                    ("hour",), count=40, is_heat=True,
                ),
            ),
        ),
        (216, *(37,) * 24),
        9,
    ),
    Dashboard(
        "partners",
        ("partner", "store", "unit"),
        (
            Kpi("Turnover of partners", HOUR, "amount", (("partner_id", "!=", False),)),
            Kpi("Receipts of partners", HOUR, "receipt_count", (("partner_id", "!=", False),)),
            Kpi("Given at partners", LEDGER, "worth", (("role", "=", "issued"), ("partner_id", "!=", False)), more=""),
            Kpi(
                "Used at partners",
                LEDGER,
                "worth",
                (("role", "=", "redeemed"), ("partner_id", "!=", False)),
                -1,
                more="",
            ),
        ),
        (
            (
                Chart(
                    "Given and used by partner", PARTNERS, LEDGER, "bar", ("partner_id", "role"), "worth",
                    (("role", "in", ("issued", "redeemed")),), is_stacked=False,
                ),
            ),
            (
                Chart("Turnover by partner", SALES, HOUR, "pie", ("partner_id",), "amount"),
                Chart(
                    "Turnover of partners by day", SALES, HOUR, "bar", ("day:day",), "amount",
                    (("partner_id", "!=", False),),
                ),
            ),
            (
                Table(
                    "Sales by partner", SALES, HOUR, ("partner_id",),
                    ("receipt_count", "average", "amount"), sorted_by="amount",
                ),
                Table(
                    "Points by partner", PARTNERS, LEDGER, ("partner_id", "role"),
                    ("entry_count", "amount", "worth"),
                    domain=(("role", "in", ("issued", "redeemed", "expired")),), count=16,
                ),
            ),
        ),
    ),
)  # fmt: skip


@dataclass
class Sheet:
    """What is put together."""

    dashboard: Dashboard
    cells: dict = field(default_factory=dict)
    styles: dict = field(default_factory=dict)
    borders: dict = field(default_factory=dict)
    figures: list = field(default_factory=list)
    rows: dict = field(default_factory=dict)
    tables: list = field(default_factory=list)
    heats: list = field(default_factory=list)
    data: dict = field(default_factory=dict)
    forms: dict = field(default_factory=dict)
    pivots: dict = field(default_factory=dict)
    lists: dict = field(default_factory=dict)
    menus: dict = field(default_factory=dict)

    # ------------------------------------------------------------------ names

    def id(self, *parts):
        return str(uuid.uuid5(SPACE, "/".join(("loyalty_core", self.dashboard.name, *parts))))

    def filter_id(self, name):
        return self.id("filter", name)

    def matching(self, model, offset=0, is_of_all_time=False):
        chains = CHAINS[model]
        found = {}
        if "period" in chains and not is_of_all_time:
            found[self.filter_id("period")] = {"chain": chains["period"], "type": "date", "offset": offset}
        for name in self.dashboard.filters:
            if name in chains:
                found[self.filter_id(name)] = {"chain": chains[name], "type": "many2one"}
        return found

    # ------------------------------------------------------------------ parts

    def pivot(self, name, model, rows, measures, columns=(), domain=(), sorted_by=None, offset=0, is_of_all_time=False):
        number = str(len(self.pivots) + 1)
        self.pivots[number] = {
            "type": "ODOO",
            "fieldMatching": self.matching(model, offset, is_of_all_time),
            "context": {},
            "domain": as_domain(domain),
            "id": number,
            "measures": [{"id": one, "fieldName": one} for one in measures],
            "model": model,
            "name": name,
            "sortedColumn": sorted_by and {"measure": sorted_by, "order": "desc", "domain": []},
            "formulaId": number,
            "columns": [dimension(one) for one in columns],
            "rows": [dimension(one) for one in rows],
        }
        return number

    def kpi(self, index, one):
        """Two cells of the sheet of data, now and before, and the figure."""
        names = one.measure.split(" / ")
        row = index + 2
        for column, offset in (("B", 0), ("C", -1)):
            pivot = self.pivot(
                f"{one.title} {'before' if offset else 'now'}", one.model, (), names, domain=one.domain, offset=offset,
                is_of_all_time=one.is_of_all_time,
            )  # fmt: skip
            values = [f'PIVOT.VALUE({pivot},"{name}")' for name in names]
            # What is not there counts as nothing.
            formula = f"0+{values[0]}" if len(values) == 1 else f"IFERROR({values[0]}/{values[1]},0)"
            self.data[f"{column}{row}"] = f"={formula}" if one.sign > 0 else f"=-({formula})"
        self.data[f"A{row}"] = f'=_t("{one.title}")'
        if one.form:
            self.forms[f"B{row}:C{row}"] = one.form
        count = len(self.dashboard.kpis)
        width = (WIDTH - GAP * (count - 1)) // count
        title = {"text": one.title, "bold": True, "color": "#434343"}
        up, down = CHANGES[one.more]
        before = {"baseline": f"Data!C{row}", "baselineDescr": {"text": "vs last period"}}
        self.figure(
            {
                "type": "scorecard",
                "title": title,
                "background": BACKGROUNDS[index % len(BACKGROUNDS)],
                "baselineColorDown": down,
                "baselineColorUp": up,
                "baselineMode": "percentage",
                **({} if one.is_of_all_time else before),
                "keyValue": f"Data!B{row}",
                "humanize": True,
            },
            self.id("kpi", one.title, one.model),
            index * (width + GAP),
            11,
            width,
            KPI_HEIGHT,
            0,
        )

    def figure(self, data, figure_id, x, y, width, height, row):
        self.figures.append(
            {
                "id": figure_id,
                "width": width,
                "height": height,
                "tag": "chart",
                "data": {**data, "chartId": figure_id},
                "offset": {"x": x, "y": y},
                "col": 0,
                "row": row,
            }
        )

    def title(self, row, column, last, one):
        cell = f"{letter(column)}{row + 1}"
        self.cells[cell] = f"[{one.title}](odoo://ir_menu_xml_id/loyalty_core.{one.menu})"
        self.styles[cell] = 1
        self.borders[f"{cell}:{letter(last)}{row + 1}"] = 1
        self.rows[str(row)] = {"size": TITLE}

    def chart(self, row, one, x, width):
        figure_id = self.id("chart", one.title)
        self.menus[figure_id] = f"loyalty_core.{one.menu}"
        many = len(one.groupby) > 1 or one.kind == "pie"
        data = {
            "type": f"odoo_{one.kind}",
            "title": {"text": ""},
            "background": "#FFFFFF",
            "legendPosition": "bottom" if many else "none",
            "metaData": {
                "groupBy": list(one.groupby),
                "measure": one.measure,
                "order": one.order,
                "resModel": one.model,
                "mode": one.kind,
                "cumulated": one.is_cumulated,
                "cumulatedStart": one.is_cumulated,
            },
            "searchParams": {
                "comparison": None,
                # Days that Odoo adds have no currency, and where there is more than one it converts all amounts.
                "context": {"fill_temporal": False},
                "domain": as_domain(one.domain),
                "groupBy": list(one.groupby),
                "orderBy": [],
            },
            "dataSets": [],
            "verticalAxisPosition": "left",
            "stacked": one.is_stacked and one.kind != "pie",
            "fieldMatching": self.matching(one.model),
        }
        if one.kind == "line":
            data |= {"cumulative": one.is_cumulated, "cumulatedStart": one.is_cumulated, "fillArea": one.is_stacked}
        self.figure(data, figure_id, x, 5, width, CHART_HEIGHT, row)

    def table(self, row, one, column, last):
        """Rows that it takes."""
        # What stands in the corner would only say the title again.
        pivot = self.pivot("·", one.model, one.rows, one.measures, one.columns, one.domain, one.sorted_by)
        first = f"{letter(column)}{row + 1}"
        options = "TRUE,999,FALSE" if one.is_heat else "FALSE"
        self.cells[first] = f"=PIVOT({pivot},{one.count},FALSE,{options})"
        end = f"{letter(last)}{row + 1 + one.count}"
        self.styles[f"{first}:{letter(last)}{row + 1}"] = 2
        body = f"{letter(column)}{row + 2}:{end}"
        self.styles[body] = 3
        self.tables.append(
            {
                "range": f"{first}:{end}",
                "type": "static",
                "config": {
                    "hasFilters": False,
                    "totalRow": False,
                    "firstColumn": False,
                    "lastColumn": False,
                    "numberOfHeaders": 1,
                    "bandedRows": not one.is_heat,
                    "bandedColumns": False,
                    "automaticAutofill": True,
                    "styleId": "None",
                },
            }
        )
        numbers = f"{letter(column + 1 if one.is_heat else last)}{row + 2}:{end}"
        rule = (
            {
                "type": "ColorScaleRule",
                "minimum": {"type": "value", "color": 0xFFFFFF},
                "maximum": {"type": "value", "color": 0xE76F51},
            }
            if one.is_heat
            else {"type": "DataBarRule", "color": 0xDCE9F7, "rangeValues": numbers}
        )
        names = f"{letter(column)}{row + 2}:{letter(column)}{row + 1 + one.count}"
        self.heats.append(
            {"rule": rule, "id": self.id("rule", one.title), "ranges": [numbers if one.is_heat else names]}
        )
        return one.count + 1

    def records(self, row, one):
        number = str(len(self.lists) + 1)
        self.lists[number] = {
            "columns": list(one.fields),
            "domain": as_domain(one.domain),
            "model": one.model,
            "context": {},
            "orderBy": [{"name": one.order, "asc": False}],
            "id": number,
            "name": one.title,
            "fieldMatching": self.matching(one.model),
        }
        last = letter(len(one.fields) - 1)
        for place, name in enumerate(one.fields):
            column = letter(place)
            self.cells[f"{column}{row + 1}"] = f'=ODOO.LIST.HEADER({number},"{name}")'
            for index in range(1, one.count + 1):
                self.cells[f"{column}{row + 1 + index}"] = f'=ODOO.LIST({number},{index},"{name}")'
        self.styles[f"A{row + 1}:{last}{row + 1}"] = 2
        self.styles[f"A{row + 2}:{last}{row + 1 + one.count}"] = 3
        return one.count + 1

    # ------------------------------------------------------------------ the whole

    def build(self):
        dashboard = self.dashboard
        for index, one in enumerate(dashboard.kpis):
            self.kpi(index, one)
        row = 5
        last = len(dashboard.columns) - 1
        for block in dashboard.blocks:
            taken = 0
            for index, one in enumerate(block):
                column = dashboard.right if index else 0
                end = last if index or len(block) == 1 else dashboard.right - 2
                self.title(row, column, end, one)
                x = sum(dashboard.columns[:column])
                width = sum(dashboard.columns[column : end + 1])
                if isinstance(one, Chart):
                    self.chart(row + 1, one, x, width)
                    taken = max(taken, CHART_HEIGHT // ROW + 1)
                elif isinstance(one, Table):
                    taken = max(taken, self.table(row + 1, one, column, end))
                else:
                    taken = max(taken, self.records(row + 1, one))
            row += taken + 2
        return self.document(row)

    def document(self, rows):
        forms = {form: number for number, form in enumerate(sorted(set(self.forms.values())), start=1)}
        sheet = {
            "merges": [],
            "dataValidationRules": [],
            "areGridLinesVisible": False,
            "isVisible": True,
            "headerGroups": {"ROW": [], "COL": []},
            "comments": {},
        }
        columns = self.dashboard.columns
        return {
            "version": VERSION,
            "sheets": [
                {
                    "id": "dashboard",
                    "name": "Dashboard",
                    "colNumber": len(columns),
                    "rowNumber": rows,
                    "rows": self.rows,
                    "cols": {str(index): {"size": size} for index, size in enumerate(columns)},
                    "cells": self.cells,
                    "styles": self.styles,
                    "borders": self.borders,
                    "conditionalFormats": self.heats,
                    "figures": self.figures,
                    "tables": self.tables,
                    "formats": {},
                    **sheet,
                },
                {
                    "id": "data",
                    "name": "Data",
                    "colNumber": 3,
                    "rowNumber": len(self.dashboard.kpis) + 2,
                    "rows": {},
                    "cols": {"0": {"size": 200}},
                    "cells": {"B1": '=_t("Current")', "C1": '=_t("Previous")', **self.data},
                    "styles": {"A1:C1": 4},
                    "borders": {},
                    "conditionalFormats": [],
                    "figures": [],
                    "tables": [],
                    "formats": {cells: forms[form] for cells, form in self.forms.items()},
                    **sheet,
                },
            ],
            "styles": {
                "1": {"textColor": "#01666b", "bold": True, "fontSize": 16},
                "2": {"bold": True, "fontSize": 9, "textColor": "#434343"},
                "3": {"textColor": "#434343", "verticalAlign": "middle"},
                "4": {"bold": True},
            },
            "formats": {str(number): form for form, number in forms.items()},
            "borders": {"1": {"bottom": {"style": "thin", "color": "#CCCCCC"}}},
            "revisionId": "START_REVISION",
            "uniqueFigureIds": True,
            "settings": {
                "locale": {
                    "name": "English (US)",
                    "code": "en_US",
                    "thousandsSeparator": ",",
                    "decimalSeparator": ".",
                    "dateFormat": "mm/dd/yyyy",
                    "timeFormat": "hh:mm:ss",
                    "formulaArgSeparator": ",",
                    "weekStart": 7,
                }
            },
            "pivots": self.pivots,
            "pivotNextId": len(self.pivots) + 1,
            "customTableStyles": {},
            "globalFilters": [
                {
                    "id": self.filter_id("period"),
                    "type": "date",
                    "label": "Period",
                    "defaultValue": self.dashboard.period,
                },
                *(
                    {
                        "id": self.filter_id(name),
                        "type": "relation",
                        "label": FILTERS[name][0],
                        "modelName": FILTERS[name][1],
                        "defaultValueDisplayNames": [],
                    }
                    for name in self.dashboard.filters
                ),
            ],
            "lists": self.lists,
            "listNextId": len(self.lists) + 1,
            "chartOdooMenusReferences": self.menus,
        }


def letter(index):
    return chr(ord("A") + index)


def dimension(name):
    name, _, granularity = name.partition(":")
    return {"fieldName": name, "order": "asc", **({"granularity": granularity} if granularity else {})}


def as_domain(terms):
    return [[name, operator, list(value) if isinstance(value, tuple) else value] for name, operator, value in terms]


def files():
    """File → its text."""
    return {
        FOLDER / f"loy_{one.name}_dashboard.json": json.dumps(Sheet(one).build(), indent=1, ensure_ascii=False) + "\n"
        for one in DASHBOARDS
    }


def main(arguments):
    wrong = {path: text for path, text in files().items() if not path.exists() or path.read_text() != text}
    for path, text in wrong.items():
        print(path.name)
        if "--check" not in arguments:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
    return int("--check" in arguments and bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
