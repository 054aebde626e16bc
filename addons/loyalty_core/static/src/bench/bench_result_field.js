import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** What a basket on the test bench comes to, as the server has put it into words: the receipt, and every promotion. */
export class BenchResultField extends Component {
    static template = "loyalty_core.BenchResultField";
    static props = { ...standardFieldProps };

    get shown() {
        return this.props.record.data[this.props.name] || {};
    }

    get hasResult() {
        return Boolean(this.shown.lines);
    }
}

export const benchResultField = {
    component: BenchResultField,
    displayName: _t("Result of the test bench"),
    supportedTypes: ["json"],
    isEmpty: () => false,
};

registry.category("fields").add("loy_bench_result", benchResultField);
