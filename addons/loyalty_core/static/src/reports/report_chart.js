/* global Chart */
import { Component, onWillStart, onWillUnmount, useEffect, useRef } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { cookie } from "@web/core/browser/cookie";
import { getColor, hexToRGBA } from "@web/core/colors/colors";
import { _t } from "@web/core/l10n/translation";

/** Longer names are cut under a bar; the tooltip has all of them. */
const LONGEST = 26;
/** More points than these are not told apart. */
const MOST = { bar: 40, line: 400, pie: 12 };

/** The chart that a report declares, of the rows as they came; what the first column was before is drawn pale. */
export class ReportChart extends Component {
    static template = "loyalty_core.ReportChart";
    static props = { told: Object, shown: Function };

    setup() {
        this.canvas = useRef("canvas");
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => this.draw(),
            () => [this.props.told]
        );
        onWillUnmount(() => this.chart?.destroy());
    }

    draw() {
        this.chart?.destroy();
        const { told } = this.props;
        const column = (key) => told.columns.find((one) => one.key === key);
        const x = column(told.chart.x);
        // Days are drawn as a line where bars would be too thin.
        const isTime = ["date", "month"].includes(x.type);
        const kind =
            told.chart.kind === "bar" && isTime && told.rows.length > MOST.bar
                ? "line"
                : told.chart.kind;
        const rows = told.rows.slice(0, MOST[kind]);
        this.chart = new Chart(this.canvas.el, {
            type: kind,
            data: {
                labels: rows.map((row) => cut(String(this.props.shown(x, row[x.key]) || "–"))),
                datasets: told.chart.series.flatMap((key, place) =>
                    this.series(column(key), place, rows, kind)
                ),
            },
            options: {
                maintainAspectRatio: false,
                animation: false,
                interaction: { mode: "index", intersect: false },
                plugins: {
                    legend: {
                        display:
                            kind === "pie" ||
                            told.chart.series.length > 1 ||
                            Boolean(told.previous),
                        position: kind === "pie" ? "right" : "top",
                    },
                    tooltip: {
                        callbacks: {
                            label: (item) =>
                                `${item.dataset.label}: ${this.props.shown(column(item.dataset.key), item.raw)}`,
                        },
                    },
                },
                scales:
                    kind === "pie"
                        ? {}
                        : { x: { grid: { display: false } }, y: { beginAtZero: true } },
            },
        });
    }

    series(column, place, rows, kind) {
        const { told } = this.props;
        const scheme = cookie.get("color_scheme");
        const color = getColor(place, scheme, told.chart.series.length);
        const colors =
            kind === "pie"
                ? rows.map((_row, number) => getColor(number, scheme, rows.length))
                : color;
        const shared = {
            key: column.key,
            borderWidth: kind === "line" ? 2 : 0,
            pointRadius: 0,
            tension: 0.2,
        };
        const now = {
            ...shared,
            label: column.label,
            data: rows.map((row) => row[column.key]),
            backgroundColor: colors,
            borderColor: color,
        };
        if (!told.previous || kind === "pie" || place) {
            return [now];
        }
        const pale = hexToRGBA(color, 0.35);
        const data = rows.map((_row, number) => told.previous.rows[number]?.[column.key] ?? null);
        return [
            now,
            {
                ...shared,
                label: _t("%s, before", column.label),
                data,
                backgroundColor: pale,
                borderColor: pale,
            },
        ];
    }
}

function cut(name) {
    return name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name;
}
