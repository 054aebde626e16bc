import { Component, onWillStart, useState } from "@odoo/owl";
import { DateTimeInput } from "@web/core/datetime/datetime_input";
import { deserializeDate, formatDate, serializeDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { download } from "@web/core/network/download";
import { MultiRecordSelector } from "@web/core/record_selectors/multi_record_selector";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { useSetupAction } from "@web/search/action_hook";
import { Layout } from "@web/search/layout";
import { formatFloat, formatInteger, formatMonetary } from "@web/views/fields/formatters";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { ReportChart } from "./report_chart";
import { SaveReportDialog } from "./save_report_dialog";

/** Lists of records that a report may be asked for: the parameter that brings them, and their models. */
const RECORDS = [
    {
        takes: "places",
        name: "stores",
        model: "loy.store",
        label: _t("Stores"),
        placeholder: _t("All stores"),
    },
    {
        takes: "places",
        name: "networks",
        model: "loy.network",
        label: _t("Networks"),
        placeholder: _t("All networks"),
    },
    {
        takes: "places",
        name: "partners",
        model: "loy.partner",
        label: _t("Coalition partners"),
        placeholder: _t("All partners"),
    },
    {
        takes: "promotions",
        name: "promotions",
        model: "loy.promotion",
        label: _t("Promotions"),
        placeholder: _t("All promotions"),
    },
];
/** So many figures stand above the table. */
const TILES = 6;

/** Ready reports: choose one, say of when and where, look, sort, take it as a file, save it. */
export class ReportAction extends Component {
    static template = "loyalty_core.ReportAction";
    static components = { DateTimeInput, Layout, MultiRecordSelector, ReportChart };
    static props = { ...standardActionServiceProps };
    static path = "loyalty-reports";
    static displayName = _t("Ready Reports");

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.notification = useService("notification");
        this.display = { controlPanel: {} };
        this.lastRun = new KeepLast();
        this.state = useState({
            catalogue: null,
            search: "",
            code: "",
            savedId: 0,
            params: {},
            told: null,
            isRunning: false,
            problem: "",
            sort: { key: "", isDown: true },
            ...this.props.state?.report,
        });
        useSetupAction({
            getLocalState: () => {
                const { code, savedId, params, sort } = this.state;
                return { report: { code, savedId, params: { ...params }, sort: { ...sort } } };
            },
        });
        onWillStart(() => this.load());
    }

    async load() {
        this.state.catalogue = await this.orm.call("loy.reports", "catalogue", []);
        if (this.report) {
            return this.run();
        }
        const asked = this.props.action.params || {};
        const saved = this.state.catalogue.saved.find((one) => one.id === Number(asked.saved));
        if (saved) {
            return this.openSaved(saved);
        }
        const report = this.reports.find((one) => one.code === asked.report) || this.reports[0];
        if (report) {
            return this.open(report, parsed(asked.with));
        }
    }

    // ---------------------------------------------------------------- the list

    get reports() {
        return this.state.catalogue.topics.flatMap((topic) => topic.reports);
    }

    get report() {
        return this.reports.find((one) => one.code === this.state.code);
    }

    get topics() {
        const words = this.state.search.trim().toLowerCase();
        const isFound = (one) => `${one.name} ${one.about}`.toLowerCase().includes(words);
        return this.state.catalogue.topics
            .map((topic) => ({ ...topic, reports: topic.reports.filter(isFound) }))
            .filter((topic) => topic.reports.length);
    }

    get saved() {
        const words = this.state.search.trim().toLowerCase();
        return this.state.catalogue.saved.filter((one) => one.name.toLowerCase().includes(words));
    }

    get title() {
        const saved = this.state.catalogue.saved.find((one) => one.id === this.state.savedId);
        return saved ? saved.name : this.report.name;
    }

    open(report, params = {}) {
        Object.assign(this.state, {
            code: report.code,
            savedId: 0,
            params: { ...params },
            sort: { key: "", isDown: true },
        });
        return this.run();
    }

    openSaved(saved) {
        const report = this.reports.find((one) => one.code === saved.report);
        const opened = this.open(report, saved.params);
        this.state.savedId = saved.id;
        return opened;
    }

    // ---------------------------------------------------------------- what is chosen

    takes(name) {
        return this.report.takes.includes(name);
    }

    get isCompared() {
        return this.takes("period");
    }

    get selectors() {
        return RECORDS.filter((one) => this.takes(one.takes));
    }

    /** What is chosen now: by hand, or else what the report begins with. */
    value(name) {
        return this.state.params[name] ?? this.report.defaults[name] ?? "";
    }

    ids(name) {
        return this.state.params[name] || [];
    }

    choose(name, value) {
        this.state.params[name] = value;
        return this.run();
    }

    chooseRecords(name, ids) {
        if (ids.length) {
            return this.choose(name, ids);
        }
        delete this.state.params[name];
        return this.run();
    }

    chooseNumber(name, text) {
        const number = Number.parseInt(text, 10);
        return this.choose(name, Number.isNaN(number) ? this.report.defaults[name] : number);
    }

    choosePeriod(period) {
        const { told, params } = this.state;
        if (period === "custom" && told) {
            Object.assign(params, { from: told.from, to: told.to });
        } else {
            delete params.from;
            delete params.to;
        }
        return this.choose("period", period);
    }

    dateOf(name) {
        const text = this.state.params[name];
        return text ? deserializeDate(text) : false;
    }

    chooseDate(name, date) {
        return date ? this.choose(name, serializeDate(date)) : undefined;
    }

    // ---------------------------------------------------------------- the figures

    async run() {
        const { code, params } = this.state;
        this.state.isRunning = true;
        this.state.problem = "";
        this.remember();
        try {
            this.state.told = await this.lastRun.add(
                this.orm.call("loy.reports", "run", [code, params])
            );
        } catch (error) {
            if (error.exceptionName !== "odoo.addons.loyalty_core.services.errors.LoyaltyError") {
                throw error;
            }
            const sentence = error.data.message.replace(/^[a-z_]+: /, "");
            this.state.problem = sentence.charAt(0).toUpperCase() + sentence.slice(1);
            this.state.told = null;
        } finally {
            this.state.isRunning = false;
        }
    }

    /** The address opens the same report for whoever has it. */
    remember() {
        const { code, params } = this.state;
        const chosen = Object.keys(params).length ? JSON.stringify(params) : undefined;
        Promise.resolve().then(() =>
            this.props.updateActionState?.({ report: code, with: chosen })
        );
    }

    get isShown() {
        return this.state.told && this.state.told.code === this.state.code;
    }

    /** Rows as they are sorted, each with what it was before. */
    get rows() {
        const { told, sort } = this.state;
        const rows = told.rows.map((row, place) => ({
            row,
            before: told.previous && told.previous.rows[place],
            place,
        }));
        if (sort.key) {
            const sign = sort.isDown ? -1 : 1;
            rows.sort(
                (one, other) =>
                    sign * compared(one.row[sort.key], other.row[sort.key]) ||
                    one.place - other.place
            );
        }
        return rows;
    }

    sortBy(column) {
        const { sort } = this.state;
        sort.isDown = sort.key === column.key ? !sort.isDown : column.is_figure;
        sort.key = column.key;
    }

    /** The figures of the chart first, then those that come first in the table. */
    get tiles() {
        const { columns, totals, chart } = this.state.told;
        const isDrawn = (one) => Boolean(chart && chart.series.includes(one.key));
        const isTold = (one) =>
            one.is_figure &&
            one.key in totals &&
            !(one.type === "percent" && totals[one.key] === 100);
        const told = columns.filter(isTold);
        return [...told.filter(isDrawn), ...told.filter((one) => !isDrawn(one))].slice(0, TILES);
    }

    shown(column, value) {
        if (value === null || value === undefined || value === false) {
            return column.is_figure ? "–" : "";
        }
        const { currency, digits } = this.state.told;
        switch (column.type) {
            case "int":
                return formatInteger(value);
            case "number":
                return formatFloat(value, { digits: [16, 3], trailingZeros: false });
            case "money":
                return formatMonetary(value, { currencyId: currency.id });
            case "points":
                return formatFloat(value, { digits: [16, digits.points] });
            case "percent":
                return `${formatFloat(value, { digits: [16, 1] })} %`;
            case "date":
                return this.shownDate(value);
            case "month":
                return deserializeDate(value).toFormat("LLLL yyyy");
            default:
                return value;
        }
    }

    shownDate(text) {
        const date = deserializeDate(text);
        return this.takes("step") && this.value("step") === "month"
            ? date.toFormat("LLLL yyyy")
            : formatDate(date);
    }

    /** By how much a figure has changed, in per cent; of shares, in points. */
    change(column, value, before) {
        if (
            !this.state.told.previous ||
            !column.is_figure ||
            before === undefined ||
            before === null ||
            value === null
        ) {
            return null;
        }
        const change =
            column.type === "percent"
                ? value - before
                : before
                  ? (100 * (value - before)) / Math.abs(before)
                  : null;
        if (change === null || Math.abs(change) < 0.05) {
            return null;
        }
        const text = `${formatFloat(Math.abs(change), { digits: [16, 1] })} ${column.type === "percent" ? _t("pp") : "%"}`;
        const was = _t("%s before", this.shown(column, before));
        const isUp = change > 0;
        return { isUp, text, was, tone: this.tone(column, isUp) };
    }

    /** More of it is better, worse or neither: the report says so of each of its columns. */
    tone(column, isUp) {
        if (!column.more) {
            return "text-muted";
        }
        return isUp === (column.more === "better") ? "text-success" : "text-danger";
    }

    get previousPeriod() {
        const { from, to } = this.state.told.previous;
        return `${formatDate(deserializeDate(from))} – ${formatDate(deserializeDate(to))}`;
    }

    get shownPeriod() {
        const { from, to } = this.state.told;
        return `${formatDate(deserializeDate(from))} – ${formatDate(deserializeDate(to))}`;
    }

    async openBehind(row) {
        const { code, params, told } = this.state;
        if (!told.has_behind) {
            return;
        }
        const action = await this.orm.call("loy.reports", "behind", [code, params, row]);
        if (action) {
            await this.action.doAction(action);
        }
    }

    // ---------------------------------------------------------------- what is done with it

    async downloadFile() {
        const { code, params } = this.state;
        await download({
            url: `/loy/report/${encodeURIComponent(code)}/xlsx`,
            data: {
                params: JSON.stringify(params),
                companies: user.activeCompanies.map((one) => one.id).join("-"),
                title: this.title,
            },
        });
    }

    save() {
        this.dialog.add(SaveReportDialog, {
            name: this.state.savedId ? this.title : "",
            save: async (name, isShared) => {
                const [id] = await this.orm.create("loy.report", [this.values(name, isShared)]);
                this.state.catalogue = await this.orm.call("loy.reports", "catalogue", []);
                this.state.savedId = id;
                this.notification.add(_t("Saved: it stands in the list under “%s”.", name), {
                    type: "success",
                });
            },
        });
    }

    values(name, isShared) {
        const { code, params } = this.state;
        return { name, code, params, is_shared: isShared };
    }

    /** A form that says when and to whom; it keeps what is chosen now. */
    schedule() {
        const { code, params } = this.state;
        return this.action.doAction("loyalty_core.loy_report_schedule_new_action", {
            additionalContext: {
                default_code: code,
                default_params: params,
                ...(this.isCompared &&
                    this.value("period") !== "custom" && { default_period: this.value("period") }),
                default_name: this.title,
            },
        });
    }
}

function parsed(text) {
    try {
        const found = JSON.parse(text || "{}");
        return found && typeof found === "object" && !Array.isArray(found) ? found : {};
    } catch {
        return {};
    }
}

function compared(one, other) {
    if (typeof one === "string" || typeof other === "string") {
        return String(one || "").localeCompare(String(other || ""));
    }
    return (one ?? -Infinity) - (other ?? -Infinity) || 0;
}

registry.category("actions").add("loy_report", ReportAction);
