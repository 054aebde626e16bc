"""Ready reports: each is a declared class in a file of its own that registers itself here.

Adding a report is one file; another addon does it just so:

    @REPORTS.register("umbrellas")
    class Umbrellas(Report):
        name = _lt("Umbrellas by store")
        about = _lt("How many umbrellas each store has sold: sold less what came back, by the day of the receipt.")
        topic = "sales"
        source = "shop.umbrella"
        takes = ("period", "places")
        columns = (text("store", _lt("Store")), count("sold", _lt("Sold")))
        keys = ("store_id",)

        def query(self, ask: Ask) -> SQL:
            return SQL("SELECT store_id, … FROM %s GROUP BY …", ask.facts())

``ask.facts()`` is a search of the ORM: access rights, record rules and companies hold because it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from odoo.tools import SQL, LazyTranslate

from .ask import Ask

_lt = LazyTranslate(__name__)

#: Under which headings reports stand, in the order of the screen. Other addons add theirs.
TOPICS = {
    "sales": _lt("Sales"),
    "members": _lt("Members"),
    "points": _lt("Points"),
    "promotions": _lt("Promotions"),
    "partners": _lt("Partners and stores"),
}

#: What it means when there is more of a figure than before: a larger turnover is better, larger returns are worse, and
#: of points that were given one cannot say.
NEITHER = ""
MEANINGS = (NEITHER, "better", "worse")


@dataclass(frozen=True, slots=True)
class Column:
    """One column. Its ``total`` is the sum of the rows, or nothing.

    ``of`` makes it a ratio of two other columns, in rows and in the total alike: a total is never a mean of means.
    With one name it is the share of that column's total.

    ``more`` says what it means when there is more of it than before: ``better``, ``worse``, or neither.
    """

    key: str
    label: object
    type: str
    is_summed: bool = False
    of: tuple[str, ...] = ()
    more: str = NEITHER

    def __post_init__(self):
        if self.more not in MEANINGS:
            raise ValueError(f"more of {self.key} is one of {MEANINGS}, not {self.more!r}")

    @property
    def is_figure(self) -> bool:
        return self.type not in ("text", "date", "month")


def text(key: str, label) -> Column:
    return Column(key, label, "text")


def day(key: str, label) -> Column:
    return Column(key, label, "date")


def month(key: str, label) -> Column:
    """The first day of a month, shown as the month."""
    return Column(key, label, "month")


def count(key: str, label, is_summed: bool = True, more: str = NEITHER) -> Column:
    return Column(key, label, "int", is_summed, more=more)


def quantity(key: str, label, is_summed: bool = True, more: str = NEITHER) -> Column:
    return Column(key, label, "number", is_summed, more=more)


def money(key: str, label, is_summed: bool = True, more: str = NEITHER) -> Column:
    return Column(key, label, "money", is_summed, more=more)


def points(key: str, label, is_summed: bool = True, more: str = NEITHER) -> Column:
    """Points of the one unit that the report is asked for; of several units they do not add up."""
    return Column(key, label, "points", is_summed, more=more)


def ratio(key: str, label, above: str, below: str, type: str = "number", more: str = NEITHER) -> Column:
    return Column(key, label, type, of=(above, below), more=more)


def percent(key: str, label, above: str, below: str, more: str = NEITHER) -> Column:
    return Column(key, label, "percent", of=(above, below), more=more)


def share(key: str, label, of: str, more: str = NEITHER) -> Column:
    return Column(key, label, "percent", of=(of,), more=more)


@dataclass(frozen=True, slots=True)
class Chart:
    """``kind`` bar, line or pie; ``x`` the column that names a point, ``series`` the columns that are drawn."""

    kind: str
    x: str
    series: tuple[str, ...]


class Report:
    """One report. What it says of itself here is all that the screen, the file and the schedule know of it."""

    #: Given by the registry.
    code: str
    name: object
    #: What exactly is counted, for whoever reads the figures.
    about: object
    topic: str
    #: The model whose rows are read: who may not read it does not see the report.
    source: str
    #: A right that it takes beside; "": none.
    right = ""
    #: What can be chosen: period, step, places, promotions, unit, channel, limit, days.
    takes: tuple[str, ...] = ("period", "places")
    #: What is chosen to begin with, where it is not what it is for all reports.
    defaults: dict = {}
    columns: tuple[Column, ...]
    #: What tells a row from others, for the comparison and for what is behind it; columns of the query. Where it is
    #: nothing, rows are compared in their order: the third day with the third.
    keys: tuple[str, ...] = ()
    chart: Chart | None = None
    #: Whether its figures can be told by stores: where not, whoever is bound to stores does not see it.
    is_by_store = True
    #: Whether it reads sums that are counted every hour.
    is_hourly = False

    def query(self, ask: Ask) -> SQL:
        """The rows in their order: the columns that are not ratios, and the keys."""
        raise NotImplementedError

    #: ``behind(ask, row)``: (model, domain) of the records behind a row; None: there are none to show.
    behind: Callable | None = None

    @property
    def is_compared(self) -> bool:
        return "period" in self.takes


class Registry:
    """Code → report, in the order of registration."""

    def __init__(self):
        self._reports: dict[str, Report] = {}

    def register(self, code: str):
        def add(report: type[Report]) -> type[Report]:
            if code in self._reports:
                raise ValueError(f"there is a report {code} already")
            report.code = code
            self._reports[code] = report()
            return report

        return add

    def __iter__(self) -> Iterator[Report]:
        return iter(self._reports.values())

    def get(self, code: str) -> Report | None:
        return self._reports.get(code)


REPORTS = Registry()
