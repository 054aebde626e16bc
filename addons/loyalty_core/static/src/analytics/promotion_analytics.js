/* global Chart */

import {
    Component,
    onMounted,
    onPatched,
    onWillStart,
    onWillUnmount,
    useRef,
    useState,
} from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { formatDate, deserializeDate, serializeDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { DateTimeInput } from "@web/core/datetime/datetime_input";
import { Layout } from "@web/search/layout";
import { formatFloat, formatInteger, formatMonetary } from "@web/views/fields/formatters";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const { DateTime } = luxon;

/** What a promotion did: sums of a period, days, stores, and the difference that its control group shows. */
export class PromotionAnalytics extends Component {
    static template = "loyalty_core.PromotionAnalytics";
    static components = { Layout, DateTimeInput };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.display = { controlPanel: {} };
        this.state = useState({ told: null, isBusy: false, population: "customers" });
        this.dayCanvas = useRef("days");
        this.historyCanvas = useRef("history");
        this.charts = [];
        onWillStart(async () => {
            const loading = loadBundle("web.chartjs_lib");
            await this.load();
            await loading;
        });
        onMounted(() => this.draw());
        onPatched(() => this.draw());
        onWillUnmount(() => this.wipe());
    }

    get promotionId() {
        return this.props.action.context.active_id;
    }

    async load(from, to) {
        this.state.isBusy = true;
        try {
            this.state.told = await this.orm.call(
                "loy.promotion.day",
                "loy_analytics",
                [this.promotionId],
                {
                    from_on: from || false,
                    to_on: to || false,
                    population: this.state.population,
                    company_id: this.props.action.context.loy_company_id || false,
                }
            );
        } finally {
            this.state.isBusy = false;
        }
        this.env.config.setDisplayName(_t("Analytics of %s", this.told.name));
    }

    again() {
        return this.load(this.told.from_on, this.told.to_on);
    }

    // ------------------------------------------------------------------ what is chosen

    get from() {
        return deserializeDate(this.told.from_on);
    }

    get to() {
        return deserializeDate(this.told.to_on);
    }

    onFrom(date) {
        if (date) {
            const to = date > this.to ? date : this.to;
            this.load(serializeDate(date), serializeDate(to));
        }
    }

    onTo(date) {
        if (date) {
            const from = date < this.from ? date : this.from;
            this.load(serializeDate(from), serializeDate(date));
        }
    }

    onLast(days) {
        const today = DateTime.local();
        this.load(serializeDate(today.minus({ days: days - 1 })), serializeDate(today));
    }

    onPopulation(population) {
        this.state.population = population;
        this.again();
    }

    // ------------------------------------------------------------------ what is shown

    get told() {
        return this.state.told;
    }

    get control() {
        return this.told.control;
    }

    get verdictClass() {
        return (
            { up: "alert-success", down: "alert-danger" }[this.control.verdict] || "alert-secondary"
        );
    }

    get verdictIcon() {
        const icons = { up: "fa-arrow-up", down: "fa-arrow-down", unclear: "fa-question-circle" };
        return icons[this.control.verdict] || "fa-hourglass-half";
    }

    /** The margin of the goods from which on the promotion pays; nothing where more was not sold. */
    get breakEven() {
        const { extra_base, extra_discount, points_worth } = this.control;
        const percent = (100 * (extra_discount + points_worth)) / extra_base;
        return extra_base > 0 && percent > 0 && percent < 1000 ? percent : null;
    }

    get isAnyPoints() {
        return this.told.units.some((unit) => unit.points || unit.spent);
    }

    money(amount) {
        return formatMonetary(amount || 0, { currencyId: this.told.currency_id });
    }

    signed(amount) {
        const money = this.money(Math.abs(amount));
        return amount > 0 ? `+${money}` : amount < 0 ? `−${money}` : money;
    }

    count(number) {
        return formatInteger(Math.round(number || 0));
    }

    number(value, digits = 1) {
        return formatFloat(value || 0, { digits: [16, digits] });
    }

    percent(value, digits = 1) {
        return `${this.number(value, digits)} %`;
    }

    date(text) {
        return formatDate(deserializeDate(text));
    }

    // ------------------------------------------------------------------ charts

    wipe() {
        for (const chart of this.charts) {
            chart.destroy();
        }
        this.charts = [];
    }

    draw() {
        this.wipe();
        if (this.dayCanvas.el) {
            this.charts.push(new Chart(this.dayCanvas.el, this.dayChart));
        }
        if (this.historyCanvas.el) {
            this.charts.push(new Chart(this.historyCanvas.el, this.historyChart));
        }
    }

    label(day) {
        return deserializeDate(day).toLocaleString({ day: "numeric", month: "short" });
    }

    get dayChart() {
        const days = this.told.days;
        const bars = (label, name, color) => ({
            label,
            data: days.map((row) => row[name]),
            backgroundColor: color,
            stack: "cost",
            yAxisID: "cost",
            order: 2,
        });
        const given = [
            bars(_t("Discount"), "discount", "#f4a261"),
            bars(_t("Worth of points given"), "points_worth", "#8e7cc3"),
            bars(_t("Paid with points"), "spent", "#7fb7be"),
        ];
        return {
            type: "bar",
            data: {
                labels: days.map((row) => this.label(row.day)),
                datasets: [
                    {
                        type: "line",
                        label: _t("Receipts"),
                        data: days.map((row) => row.receipt_count),
                        borderColor: "#3a6ea5",
                        backgroundColor: "#3a6ea5",
                        pointRadius: days.length > 60 ? 0 : 2,
                        yAxisID: "receipts",
                        order: 1,
                    },
                    ...given.filter((bar) => bar.data.some(Boolean)),
                ],
            },
            options: {
                animation: false,
                maintainAspectRatio: false,
                interaction: { mode: "index", intersect: false },
                plugins: { legend: { position: "bottom" } },
                scales: {
                    x: { grid: { display: false } },
                    receipts: {
                        position: "left",
                        beginAtZero: true,
                        ticks: { precision: 0 },
                        title: { display: true, text: _t("Receipts") },
                    },
                    cost: {
                        position: "right",
                        beginAtZero: true,
                        stacked: true,
                        grid: { display: false },
                        title: { display: true, text: _t("Given") },
                    },
                },
            },
        };
    }

    get historyChart() {
        const rows = this.control.history;
        const line = (label, name, more) => ({
            label,
            data: rows.map((row) => row[name]),
            pointRadius: 0,
            borderColor: "#3a6ea5",
            ...more,
        });
        return {
            type: "line",
            data: {
                labels: rows.map((row) => this.label(row.day)),
                datasets: [
                    line(_t("Uplift, %"), "uplift", { pointRadius: 2 }),
                    line(_t("At most"), "high", {
                        borderWidth: 0,
                        fill: "+1",
                        backgroundColor: "#3a6ea533",
                    }),
                    line(_t("At least"), "low", { borderWidth: 0 }),
                ],
            },
            options: {
                animation: false,
                maintainAspectRatio: false,
                plugins: { legend: { display: false } },
                scales: { y: { title: { display: true, text: _t("Uplift, %") } } },
            },
        };
    }

    /** Where on a line from the lowest to the highest the interval, its middle and nothing stand, in per cent. */
    get interval() {
        const { uplift_low: low, uplift_high: high, uplift } = this.control;
        const from = Math.min(low, 0);
        const width = Math.max(high, 0) - from || 1;
        const place = (value) => 5 + (90 * (value - from)) / width;
        return {
            left: place(low),
            width: place(high) - place(low),
            middle: place(uplift),
            zero: place(0),
        };
    }

    // ------------------------------------------------------------------ where it leads

    openPromotion() {
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "loy.promotion",
            res_id: this.promotionId,
            views: [[false, "form"]],
        });
    }

    openDays() {
        this.action.doAction("loyalty_core.loy_promotion_day_action", {
            additionalContext: {
                search_default_promotion_id: this.promotionId,
                search_default_month: 0,
            },
        });
    }
}

registry.category("actions").add("loy_promotion_analytics", PromotionAnalytics);
