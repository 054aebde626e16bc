import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** A narrow paper receipt, as the server has put it into words. */
export class ReceiptField extends Component {
    static template = "loyalty_core.ReceiptField";
    static props = { ...standardFieldProps };

    get receipt() {
        const receipt = this.props.record.data[this.props.name];
        return receipt?.at ? receipt : null;
    }
}

export const receiptField = {
    component: ReceiptField,
    displayName: _t("Receipt"),
    supportedTypes: ["json"],
    isEmpty: () => false,
};

registry.category("fields").add("loy_receipt", receiptField);
