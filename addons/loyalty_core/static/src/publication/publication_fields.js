import { Component, onWillStart } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

function openForm(action, model, id) {
    return action.doAction({
        type: "ir.actions.act_window",
        res_model: model,
        res_id: id,
        views: [[false, "form"]],
    });
}

/** What the server has put into words, row by row. */
class RowsField extends Component {
    static props = { ...standardFieldProps };

    setup() {
        this.action = useService("action");
    }

    get rows() {
        return this.props.record.data[this.props.name] || [];
    }

    /** Whether there was anything to compare with. */
    get isKnown() {
        return Array.isArray(this.props.record.data[this.props.name]);
    }

    open(model, id) {
        openForm(this.action, model, id);
    }
}

/** What one version says otherwise than another. */
export class ChangesField extends RowsField {
    static template = "loyalty_core.ChangesField";
}

/** Kept cases of the test bench that come out different. */
export class CasesField extends RowsField {
    static template = "loyalty_core.CasesField";
}

/** Promotions that touch the same goods. */
export class ConflictsField extends RowsField {
    static template = "loyalty_core.ConflictsField";
}

/** The same on the form of a promotion: worked out when somebody opens the page on which it stands. */
export class ConflictsWidget extends Component {
    static template = "loyalty_core.ConflictsField";
    static props = { ...standardWidgetProps };

    setup() {
        this.action = useService("action");
        const orm = useService("orm");
        onWillStart(async () => {
            const { resModel, resId } = this.props.record;
            this.rows = resId ? await orm.call(resModel, "loy_conflicts", [[resId]]) : [];
        });
    }

    open(model, id) {
        openForm(this.action, model, id);
    }
}

registry.category("view_widgets").add("loy_conflicts", { component: ConflictsWidget });

const fields = registry.category("fields");
for (const [name, component, displayName] of [
    ["loy_changes", ChangesField, _t("What changed")],
    ["loy_cases", CasesField, _t("Kept cases")],
    ["loy_conflicts", ConflictsField, _t("Promotions that meet")],
]) {
    fields.add(name, {
        component,
        displayName,
        supportedTypes: ["json"],
        isEmpty: () => false,
    });
}
