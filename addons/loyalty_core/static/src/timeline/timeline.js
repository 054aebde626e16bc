/**
 * Days as places on a strip of time: no dates of the browser's own clock, only days.
 */
import { _t } from "@web/core/l10n/translation";

const { DateTime } = luxon;

/** Scales: how much time a strip shows, and how it is ruled. */
export const SCALES = {
    month: { label: _t("Month"), months: 1, rule: "week" },
    quarter: { label: _t("Quarter"), months: 3, rule: "month" },
    year: { label: _t("Year"), months: 12, rule: "month" },
};

export class Strip {
    /**
     * @param {string} scale a key of SCALES
     * @param {luxon.DateTime} day one of its days
     */
    constructor(scale, day) {
        this.scale = scale;
        this.from = day.startOf(scale === "month" ? "month" : scale);
        this.to = this.from.plus({ months: SCALES[scale].months });
        this.days = this.to.diff(this.from, "days").days;
    }

    shifted(by) {
        return new Strip(this.scale, this.from.plus({ months: by * SCALES[this.scale].months }));
    }

    scaled(scale) {
        const today = DateTime.now();
        return new Strip(scale, this.has(today) ? today : this.from);
    }

    has(day) {
        return day >= this.from && day < this.to;
    }

    /** Where a day begins, in per cent of the strip; before and after it are its edges. */
    place(day) {
        const days = day.diff(this.from, "days").days;
        return (100 * Math.min(Math.max(days, 0), this.days)) / this.days;
    }

    get title() {
        const formats = { month: "LLLL yyyy", quarter: "'Q'q yyyy", year: "yyyy" };
        return this.from.toFormat(formats[this.scale]);
    }

    /** The rules with their names, in order. */
    get rules() {
        const rules = [];
        const unit = SCALES[this.scale].rule;
        for (let day = this.from.startOf(unit); day < this.to; day = day.plus({ [unit]: 1 })) {
            const left = this.place(day);
            rules.push({
                key: day.toISODate(),
                left,
                width: this.place(day.plus({ [unit]: 1 })) - left,
                label: day.toFormat(unit === "week" ? "d LLL" : "LLL"),
            });
        }
        return rules;
    }

    /**
     * The bar from one day to another, both included; a day that is not said is as far as one can see. Nothing where
     * no day of it is on the strip.
     */
    bar(startsOn, endsOn) {
        const from = startsOn || this.from;
        const to = endsOn ? endsOn.plus({ days: 1 }) : this.to;
        if (from >= this.to || to <= this.from) {
            return null;
        }
        const left = this.place(from);
        return {
            left,
            width: this.place(to) - left,
            isOpenLeft: !startsOn || startsOn < this.from,
            isOpenRight: !endsOn || to > this.to,
        };
    }
}
