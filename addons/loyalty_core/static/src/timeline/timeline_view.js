import { Component, onWillStart, onWillUpdateProps, useRef, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { useSetupAction } from "@web/search/action_hook";
import { CogMenu } from "@web/search/cog_menu/cog_menu";
import { Layout } from "@web/search/layout";
import { SearchBar } from "@web/search/search_bar/search_bar";
import { useSearchBarToggler } from "@web/search/search_bar/search_bar_toggler";
import { ActionHelper } from "@web/views/action_helper";
import { standardViewProps } from "@web/views/standard_view_props";

import { SCALES, Strip } from "./timeline";

const { DateTime } = luxon;
const SHOWN_MAX = 500;
/** How a date is called that stands for days of an interval. */
const INTERVALS = {
    year: "yyyy",
    quarter: "'Q'q yyyy",
    month: "LLLL yyyy",
    week: "'W'WW kkkk",
    day: "DDD",
};
const COLORS = {
    running: "success",
    planned: "info",
    waiting: "warning",
    paused: "warning",
    draft: "secondary",
    ended: "light",
};

/** What the arch of a timeline says. */
export class TimelineArchParser {
    parse(arch) {
        return {
            dateStart: arch.getAttribute("date_start"),
            dateStop: arch.getAttribute("date_stop"),
            color: arch.getAttribute("color"),
            groupBy: arch.getAttribute("default_group_by"),
            canCreate: arch.getAttribute("create") !== "0",
            names: [...arch.querySelectorAll("field")].map((node) => node.getAttribute("name")),
        };
    }
}

/** Records as bars between their first and last day. */
export class TimelineController extends Component {
    static template = "loyalty_core.Timeline";
    static components = { ActionHelper, CogMenu, Layout, SearchBar };
    static props = { ...standardViewProps, archInfo: Object };

    setup() {
        this.orm = useService("orm");
        this.keepLast = new KeepLast();
        this.scales = Object.entries(SCALES).map(([key, { label }]) => ({ key, label }));
        const { scale, from } = this.props.state || {};
        this.state = useState({ records: [], count: 0 });
        this.state.strip = new Strip(
            scale || "quarter",
            from ? DateTime.fromISO(from) : DateTime.now()
        );
        this.searchBarToggler = useSearchBarToggler();
        useSetupAction({
            rootRef: useRef("root"),
            getLocalState: () => ({
                scale: this.state.strip.scale,
                from: this.state.strip.from.toISODate(),
            }),
        });
        onWillStart(() => this.load(this.props));
        onWillUpdateProps((props) => this.load(props));
    }

    async load(props) {
        const { names, dateStart, dateStop } = this.props.archInfo;
        const { from, to } = this.state.strip;
        const domain = [
            ...props.domain,
            "|",
            [dateStart, "=", false],
            [dateStart, "<", to.toISODate()],
            "|",
            [dateStop, "=", false],
            [dateStop, ">=", from.toISODate()],
        ];
        const read = new Set([...names, this.groupingOf(props).by, "display_name"].filter(Boolean));
        const specification = Object.fromEntries(
            [...read].map((name) => [
                name,
                props.fields[name]?.type === "many2one" ? { fields: { display_name: {} } } : {},
            ])
        );
        const { records, length } = await this.keepLast.add(
            this.orm.webSearchRead(props.resModel, domain, {
                specification,
                limit: SHOWN_MAX,
                order: `${dateStart}, id`,
                context: props.context,
            })
        );
        Object.assign(this.state, { records, count: length });
    }

    async show(strip) {
        this.state.strip = strip;
        await this.load(this.props);
    }

    get today() {
        const today = DateTime.now();
        return this.state.strip.has(today) ? this.state.strip.place(today.startOf("day")) : null;
    }

    /** What rows are grouped by, and by which interval where that is a date. */
    groupingOf(props) {
        const [by, interval] = (props.groupBy[0] || props.archInfo.groupBy || "").split(":");
        return { by, interval: interval || "month" };
    }

    /** Groups in order of their names or days, each with its bars. */
    get groups() {
        const { strip } = this.state;
        const { dateStart, dateStop, color } = this.props.archInfo;
        const groups = new Map();
        for (const record of this.state.records) {
            const bar = strip.bar(toDay(record[dateStart]), toDay(record[dateStop]));
            if (bar) {
                const { name, order } = this.groupOf(record);
                groups.has(name) || groups.set(name, { name, order, rows: [] });
                groups.get(name).rows.push({
                    record,
                    bar,
                    color: COLORS[record[color]] || "primary",
                    tooltip: [record.display_name, record.summary].filter(Boolean).join("\n"),
                });
            }
        }
        return [...groups.values()].sort((one, other) => one.order.localeCompare(other.order));
    }

    get legend() {
        const { color } = this.props.archInfo;
        const shown = new Set(this.state.records.map((record) => record[color]));
        const labels = this.props.fields[color]?.selection || [];
        return labels
            .filter(([value]) => shown.has(value))
            .map(([value, label]) => ({ value, label, color: COLORS[value] || "primary" }));
    }

    get isCut() {
        return this.state.count > this.state.records.length;
    }

    /** The group of a record: its name, and what stands for it in their order. */
    groupOf(record) {
        const { by, interval } = this.groupingOf(this.props);
        const type = this.props.fields[by]?.type;
        if (record[by] && ["date", "datetime"].includes(type)) {
            const zone = type === "date" ? {} : { zone: "utc" };
            const first = DateTime.fromSQL(record[by], zone).toLocal().startOf(interval);
            return { name: first.toFormat(INTERVALS[interval]), order: first.toISODate() };
        }
        const name = this.nameOf(by, record);
        return { name, order: name };
    }

    nameOf(name, record) {
        const value = name && record[name];
        if (!value) {
            return name ? _t("None") : "";
        }
        const labels = this.props.fields[name]?.selection;
        return labels ? Object.fromEntries(labels)[value] : value.display_name || String(value);
    }

    open(record) {
        this.props.selectRecord(record.id, { activeIds: this.state.records.map((one) => one.id) });
    }
}

function toDay(value) {
    return value ? DateTime.fromISO(value) : null;
}

export const timelineView = {
    type: "loy_timeline",
    ArchParser: TimelineArchParser,
    Controller: TimelineController,
    searchMenuTypes: ["filter", "groupBy", "favorite"],
    props: (genericProps, view) => ({
        ...genericProps,
        archInfo: new view.ArchParser().parse(genericProps.arch),
    }),
};

registry.category("views").add("loy_timeline", timelineView);
