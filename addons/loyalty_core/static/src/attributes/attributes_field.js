import { Component } from "@odoo/owl";
import { DateTimeInput } from "@web/core/datetime/datetime_input";
import { deserializeDate, formatDate, serializeDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { SelectMenu } from "@web/core/select_menu/select_menu";
import { TagsList } from "@web/core/tags_list/tags_list";
import { uniqueId } from "@web/core/utils/functions";
import { formatFloat, formatInteger } from "@web/views/fields/formatters";
import { parseFloat, parseInteger } from "@web/views/fields/parsers";
import { useSpecialData } from "@web/views/fields/relational_utils";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const FIELDS = ["code", "name", "kind", "directory_id", "section", "help", "company_id"];
const VALUE_FIELDS = ["code", "name", "directory_id", "active"];

/** How a number is shown, and how what was typed is read; anything else is shown as it is, for the server to refuse. */
const NUMBERS = {
    integer: { format: formatInteger, parse: parseInteger },
    number: { format: (value) => formatFloat(value, { trailingZeros: false }), parse: parseFloat },
};
const EMPTY = "";

/**
 * All attributes that the shop has defined, by section, each with the input of its kind. What is typed is kept as changes
 * of single attributes, so that nothing is lost of what others change meanwhile. What nobody has said is empty: no
 * children are not 0 children, and no answer is not a no.
 */
export class AttributesField extends Component {
    static template = "loyalty_core.AttributesField";
    static components = { DateTimeInput, SelectMenu, TagsList };
    static props = { ...standardFieldProps };

    setup() {
        this.id = uniqueId("loy_attributes_");
        this.definitions = useSpecialData(async (orm) => {
            const [attributes, values] = await Promise.all([
                orm.searchRead("loy.attribute", [], FIELDS),
                orm.searchRead("loy.directory.value", [], VALUE_FIELDS, {
                    context: { active_test: false },
                }),
            ]);
            return { attributes, values };
        });
    }

    get values() {
        const { data } = this.props.record;
        return { ...data.loy_attributes, ...data[this.props.name] };
    }

    /** A company's own definition takes the place of a shared one. */
    get attributes() {
        const { attributes } = this.definitions.data;
        const own = new Set(attributes.filter((one) => one.company_id).map((one) => one.code));
        return attributes.filter((one) => one.company_id || !own.has(one.code));
    }

    get sections() {
        const sections = Map.groupBy(this.attributes, (one) => one.section || "");
        return [...sections].map(([title, attributes]) => ({
            title,
            attributes: attributes.map((one) => this._shown(one)),
        }));
    }

    /** What other systems have told of the member beside it. */
    get others() {
        const defined = new Set(this.attributes.map((one) => one.code));
        return Object.entries(this.values)
            .filter(([code]) => !defined.has(code))
            .map(([code, value]) => [code, JSON.stringify(value).replaceAll('"', "")]);
    }

    _shown(attribute) {
        const value = this.values[attribute.code] ?? EMPTY;
        const choices = this._choices(attribute, value);
        const shown = { ...attribute, value, choices, id: `${this.id}_${attribute.code}` };
        shown.text = this._text(shown);
        return shown;
    }

    /** The values to choose from, and the archived ones that the member has. */
    _choices({ kind, directory_id: directory }, value) {
        if (kind === "boolean") {
            return [
                { value: true, label: _t("Yes") },
                { value: false, label: _t("No") },
            ];
        }
        return this.definitions.data.values
            .filter((one) => directory && one.directory_id[0] === directory[0])
            .filter((one) => one.active || [value].flat().includes(one.code))
            .map((one) => ({ value: one.code, label: one.name }));
    }

    _text({ kind, value, choices }) {
        if (value === EMPTY) {
            return "";
        }
        if (kind in NUMBERS && typeof value === "number") {
            return NUMBERS[kind].format(value);
        }
        if (kind === "date") {
            const day = this.toDay(value);
            return day ? formatDate(day) : String(value);
        }
        return choices.find((one) => one.value === value)?.label ?? String(value);
    }

    toDay(value) {
        const day = typeof value === "string" && value ? deserializeDate(value) : false;
        return day && day.isValid ? day : false;
    }

    tags({ value, choices }) {
        return [value || []].flat().map((code) => ({
            id: code,
            text: choices.find((one) => one.value === code)?.label ?? code,
        }));
    }

    change(attribute, value) {
        const changes = {
            ...this.props.record.data[this.props.name],
            [attribute.code]: value ?? EMPTY,
        };
        return this.props.record.update({ [this.props.name]: changes });
    }

    onTyped(attribute, text) {
        const number = NUMBERS[attribute.kind];
        try {
            return this.change(attribute, number && text.trim() ? number.parse(text) : text.trim());
        } catch {
            return this.change(attribute, text);
        }
    }

    onDay(attribute, day) {
        return this.change(attribute, day ? serializeDate(day) : EMPTY);
    }
}

export const attributesField = {
    component: AttributesField,
    displayName: _t("Attributes of a member"),
    supportedTypes: ["json"],
    fieldDependencies: [{ name: "loy_attributes", type: "json", readonly: true }],
    isEmpty: () => false,
};

registry.category("fields").add("loy_attributes", attributesField);
