import { Component, useState } from "@odoo/owl";
import { CheckBox } from "@web/core/checkbox/checkbox";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useSpecialData } from "@web/views/fields/relational_utils";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const FIELDS = ["name", "code", "kind", "section", "model_name", "operation"];

/**
 * The rights of a role as check boxes: by section, those of records as a table of records and operations. What included
 * roles bring is ticked and cannot be taken away here.
 */
export class RightsField extends Component {
    static template = "loyalty_core.RightsField";
    static components = { CheckBox };
    static props = { ...standardFieldProps };

    setup() {
        this.state = useState({ query: "" });
        this.catalogue = useSpecialData(async (orm) => {
            const [rights, labels] = await Promise.all([
                orm.searchRead("loy.right", [], FIELDS),
                orm.call("loy.right", "fields_get", [["section", "operation"], ["selection"]]),
            ]);
            return {
                rights,
                sections: labels.section.selection,
                operations: labels.operation.selection,
            };
        });
    }

    get list() {
        return this.props.record.data[this.props.name];
    }

    get operations() {
        return this.catalogue.data.operations;
    }

    /** Sections that have something to show, with their rights as plain items and as rows of the table. */
    get sections() {
        const own = new Set(this.list.currentIds);
        const all = new Set(this.props.record.data.all_right_ids?.currentIds || []);
        const words = this.state.query.toLowerCase().split(/\s+/).filter(Boolean);
        const shown = this.catalogue.data.rights
            .filter((right) =>
                words.every((word) => `${right.name} ${right.code}`.toLowerCase().includes(word))
            )
            .map((right) => ({
                ...right,
                isOwn: own.has(right.id),
                isIncluded: !own.has(right.id) && all.has(right.id),
            }));
        return this.catalogue.data.sections
            .map(([code, label]) =>
                this._section(
                    code,
                    label,
                    shown.filter((right) => right.section === code)
                )
            )
            .filter((section) => section.rights.length);
    }

    _section(code, label, rights) {
        const rows = Map.groupBy(
            rights.filter((right) => right.kind === "model"),
            (right) => right.model_name
        );
        return {
            code,
            label,
            rights,
            held: rights.filter((right) => right.isOwn || right.isIncluded).length,
            items: rights.filter((right) => right.kind !== "model"),
            rows: [...rows].map(([name, cells]) => ({
                name,
                cells: Object.fromEntries(cells.map((right) => [right.operation, right])),
            })),
        };
    }

    toggle(rights, isTicked) {
        const ids = rights
            .filter((right) => right.isOwn !== isTicked && !right.isIncluded)
            .map((right) => right.id);
        return this.list.addAndRemove(isTicked ? { add: ids } : { remove: ids });
    }
}

export const rightsField = {
    component: RightsField,
    displayName: _t("Rights by section"),
    supportedTypes: ["many2many"],
    relatedFields: [{ name: "display_name", type: "char" }],
    isEmpty: () => false,
};

registry.category("fields").add("loy_rights", rightsField);
