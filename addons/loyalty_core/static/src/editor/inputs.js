import { Component, onWillStart, onWillUpdateProps, useState } from "@odoo/owl";
import { AutoComplete } from "@web/core/autocomplete/autocomplete";
import { CheckBox } from "@web/core/checkbox/checkbox";
import { _t } from "@web/core/l10n/translation";
import { DateTimeInput } from "@web/core/datetime/datetime_input";
import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { SelectMenu } from "@web/core/select_menu/select_menu";
import { TagsList } from "@web/core/tags_list/tags_list";
import { useService } from "@web/core/utils/hooks";
import { FormViewDialog } from "@web/views/view_dialogs/form_view_dialog";

const { DateTime, Info } = luxon;

const PROPS = {
    editor: Object, // what is shared by the whole editor: see DocumentField
    form: Object, // what the server says of the value
    path: Array,
    value: { optional: true },
};

/** A value of a choice as people read it; one that is not among them as it is. */
const told = (form, value) => form.labels?.[value] ?? String(value);

export class Input extends Component {
    static props = PROPS;

    get readonly() {
        return this.props.editor.readonly;
    }

    change(value) {
        const isEmpty = value === "" || value === null || (Array.isArray(value) && !value.length);
        this.props.editor.document.set(this.props.path, isEmpty ? undefined : value);
    }
}

/** One line of text; a long one where much may be said. */
class TextInput extends Input {
    static template = "loyalty_core.editor.TextInput";
}

class NumberInput extends Input {
    static template = "loyalty_core.editor.NumberInput";

    get unit() {
        const { type } = this.props.form;
        return { percent: "%", money: this.props.editor.description.currency }[type] ?? "";
    }

    /** What is no number is kept for the server to say so. */
    onTyped(text) {
        const number = Number(text.trim().replace(",", "."));
        this.change(text.trim() === "" || Number.isNaN(number) ? text.trim() : number);
    }
}

class FlagInput extends Input {
    static template = "loyalty_core.editor.FlagInput";
    static components = { CheckBox };
}

class ChoiceInput extends Input {
    static template = "loyalty_core.editor.ChoiceInput";
    static components = { SelectMenu };

    get choices() {
        const { form } = this.props;
        return form.values.map((value) => ({ value, label: told(form, value) }));
    }

    get label() {
        return told(this.props.form, this.props.value ?? "");
    }
}

class MomentInput extends Input {
    static template = "loyalty_core.editor.MomentInput";
    static components = { DateTimeInput };

    get isDay() {
        return this.props.form.type === "day";
    }

    get moment() {
        return this.props.value ? DateTime.fromISO(this.props.value) : false;
    }

    get text() {
        const { moment } = this;
        return moment
            ? moment.toLocaleString(this.isDay ? DateTime.DATE_MED : DateTime.DATETIME_MED)
            : "";
    }

    onChange(moment) {
        const format = this.isDay ? "yyyy-MM-dd" : "yyyy-MM-dd'T'HH:mm:ss";
        this.change(moment ? moment.toFormat(format) : undefined);
    }
}

class ClockInput extends Input {
    static template = "loyalty_core.editor.ClockInput";
}

/** The code that a record may get by its name. */
const codeOf = (name) =>
    name
        .toUpperCase()
        .replaceAll(/[^\p{L}\p{N}]+/gu, "-")
        .replaceAll(/^-|-$/g, "");

/** Codes of records, chosen by their names; one or several. What people make for promotions is made and mended here. */
class RecordsInput extends Input {
    static template = "loyalty_core.editor.RecordsInput";
    static components = { AutoComplete, TagsList };

    setup() {
        this.service = useService("loy_editor");
        this.dialog = useService("dialog");
        this.state = useState({ names: {} });
        onWillStart(() => this.load(this.props));
        onWillUpdateProps((props) => this.load(props));
    }

    get isOne() {
        return this.props.form.type === "text";
    }

    get section() {
        return (this.props.form.item ?? this.props.form).section;
    }

    get codes() {
        return [this.props.value ?? []].flat();
    }

    /** How records of the section are made and opened; nothing where that is done elsewhere. */
    get made() {
        return this.props.editor.description.records[this.section];
    }

    async load(props) {
        const codes = [props.value ?? []].flat();
        const section = (props.form.item ?? props.form).section;
        this.state.names = codes.length ? await this.service.names(section, codes) : {};
    }

    get tags() {
        return this.codes.map((code) => ({
            id: code,
            text: this.state.names[code] ?? code,
            title: code,
            canEdit: Boolean(this.made),
            onClick: () => this.made && this.open(code),
            onDelete: this.readonly ? undefined : () => this.drop(code),
        }));
    }

    get sources() {
        return [
            {
                options: async (term) => {
                    const found = await this.service.search(this.section, term);
                    const options = found.map((one) => ({
                        label: one.name === one.code ? one.name : `${one.name} (${one.code})`,
                        cssClass: "o_loy_found",
                        onSelect: () => this.take(one.code),
                    }));
                    const typed = term.trim();
                    if (this.made?.can_create) {
                        options.push({
                            label: typed ? _t("Create “%s”…", typed) : _t("Create…"),
                            cssClass: "o_loy_create",
                            onSelect: () => this.create(typed),
                        });
                    } else if (typed && !found.some((one) => one.code === typed)) {
                        options.push({ label: `“${typed}”`, onSelect: () => this.take(typed) });
                    }
                    return options;
                },
            },
        ];
    }

    create(name) {
        this.dialog.add(FormViewDialog, {
            resModel: this.made.model,
            title: this.made.title,
            context: { default_name: name, default_code: codeOf(name) },
            onRecordSaved: ({ data }) => {
                this.service.learn(this.section, data.code, data.name);
                this.take(data.code);
            },
        });
    }

    async open(code) {
        const resId = await this.service.find(this.section, code);
        if (resId) {
            this.dialog.add(FormViewDialog, {
                resModel: this.made.model,
                resId,
                title: this.made.title,
                onRecordSaved: ({ data }) => {
                    this.service.learn(this.section, data.code, data.name);
                    return this.load(this.props);
                },
            });
        }
    }

    take(code) {
        this.change(this.isOne ? code : [...new Set([...this.codes, code])]);
    }

    drop(code) {
        this.change(this.isOne ? undefined : this.codes.filter((one) => one !== code));
    }
}

/** Several words, numbers or texts, typed one after another. */
class SeveralInput extends Input {
    static template = "loyalty_core.editor.SeveralInput";
    static components = { TagsList };

    get values() {
        return [this.props.value ?? []].flat();
    }

    get tags() {
        return this.values.map((value, place) => ({
            id: `${place}`,
            text: this.label(value),
            onDelete: this.readonly
                ? undefined
                : () => this.change(this.values.filter((_one, other) => other !== place)),
        }));
    }

    get choices() {
        const { item } = this.props.form;
        return (item.values ?? []).filter((value) => !this.values.includes(value));
    }

    label(value) {
        return told(this.props.form.item, value);
    }

    take(value) {
        if (value !== "") {
            this.change([...this.values, value]);
        }
    }

    onTyped(event) {
        const { type } = this.props.form.item;
        const isNumber = ["integer", "decimal", "money", "percent"].includes(type);
        for (const text of event.target.value.split(/[,;]/).map((one) => one.trim())) {
            this.take(isNumber && text !== "" ? Number(text) : text);
        }
        event.target.value = "";
    }
}

/** Days of the week, each on or off. */
class WeekdaysInput extends Input {
    static template = "loyalty_core.editor.WeekdaysInput";

    get days() {
        const chosen = this.props.value ?? [];
        return Info.weekdays("short").map((label, place) => ({
            label,
            day: place + 1,
            isOn: chosen.includes(place + 1),
        }));
    }

    toggle({ day, isOn }) {
        const chosen = this.props.value ?? [];
        this.change(
            isOn ? chosen.filter((one) => one !== day) : [...chosen, day].sort((a, b) => a - b)
        );
    }
}

/** The value of an attribute: whatever may be known of a person. */
class ValueInput extends Input {
    static template = "loyalty_core.editor.TextInput";

    get text() {
        return [this.props.value ?? ""].flat().join(", ");
    }

    change(text) {
        const typed = text.trim();
        const known = { true: true, false: false, "": undefined };
        if (typed in known) {
            super.change(known[typed]);
        } else if (/^-?\d+([.,]\d+)?$/.test(typed)) {
            super.change(Number(typed.replace(",", ".")));
        } else {
            super.change(
                typed.includes(",")
                    ? typed
                          .split(",")
                          .map((one) => one.trim())
                          .filter(Boolean)
                    : typed
            );
        }
    }
}

/** A value that may be given in several ways. */
class EitherInput extends Input {
    static template = "loyalty_core.editor.EitherInput";

    get way() {
        const { form, value } = this.props;
        const fits = {
            word: (one) => value === one.word,
            object: () => typeof value === "object" && value !== null,
        };
        const found = form.of.findIndex((one) => fits[one.type]?.(one));
        return Math.max(0, found);
    }

    get form() {
        return this.props.form.of[this.way];
    }

    onWay(place) {
        const way = this.props.form.of[place];
        const value = { word: way.word, object: {} }[way.type];
        this.props.editor.document.set(this.props.path, value);
    }
}

/** Names with values. */
class MapInput extends Input {
    static template = "loyalty_core.editor.MapInput";

    get rows() {
        return Object.keys(this.props.value ?? {});
    }

    onNamed(event) {
        const name = event.target.value.trim();
        event.target.value = "";
        if (name && !(name in (this.props.value ?? {}))) {
            this.change({ ...this.props.value, [name]: [] });
        }
    }

    drop(name) {
        this.props.editor.document.remove([...this.props.path, name]);
    }
}

/** Several objects, one below the other. */
export class ListInput extends Input {
    static template = "loyalty_core.editor.ListInput";

    get values() {
        return this.props.value ?? [];
    }

    add() {
        this.change([...this.values, {}]);
    }
}

class ObjectInput extends Input {
    static template = "loyalty_core.editor.ObjectInput";
}

/** What no other input knows: as JSON. */
class JsonInput extends Input {
    static template = "loyalty_core.editor.JsonInput";

    get text() {
        return this.props.value === undefined ? "" : JSON.stringify(this.props.value);
    }

    onTyped(text) {
        try {
            this.change(text.trim() ? JSON.parse(text) : undefined);
        } catch {
            this.change(text);
        }
    }
}

const NUMBERS = ["integer", "decimal", "percent", "money"];
export const INPUTS = {
    text: TextInput,
    flag: FlagInput,
    choice: ChoiceInput,
    instant: MomentInput,
    day: MomentInput,
    clock: ClockInput,
    value: ValueInput,
    either: EitherInput,
    map: MapInput,
    object: ObjectInput,
    ...Object.fromEntries(NUMBERS.map((type) => [type, NumberInput])),
};

/** The input of a form; an addon with a sort of value of its own adds it to INPUTS. */
export function inputOf(form) {
    if (form.section || form.item?.section) {
        return RecordsInput;
    }
    if (form.item?.type === "weekday") {
        return WeekdaysInput;
    }
    if (["list", "set"].includes(form.type)) {
        return form.item.type === "object" ? ListInput : SeveralInput;
    }
    if (form.type === "object" && !form.of) {
        return JsonInput;
    }
    return INPUTS[form.type] ?? JsonInput;
}

export class AnyInput extends Component {
    static template = "loyalty_core.editor.AnyInput";
    static props = PROPS;

    get problems() {
        return this.props.editor.document.problemsAt(this.props.path);
    }

    get input() {
        return inputOf(this.props.form);
    }
}

/** The parameters of an object: those that are said or needed, the others one click away. */
export class Parameters extends Component {
    static template = "loyalty_core.editor.Parameters";
    static components = { AnyInput, Dropdown, DropdownItem };
    static props = {
        editor: Object,
        fields: Array,
        path: Array,
        value: { type: Object, optional: true },
    };

    setup() {
        this.state = useState({ opened: [] });
    }

    get shown() {
        const value = this.props.value ?? {};
        return this.props.fields.filter(
            ({ key, required }) => required || key in value || this.state.opened.includes(key)
        );
    }

    get others() {
        return this.props.fields.filter((one) => !this.shown.includes(one));
    }

    /** What the server finds missing here is named where it would be. */
    get problems() {
        const { document } = this.props.editor;
        const { path } = this.props;
        const hidden = this.others.flatMap((one) => document.problemsAt([...path, one.key]));
        return [...document.problemsAt(path), ...hidden];
    }

    open({ key, form }) {
        this.state.opened.push(key);
        const first = { flag: true, object: {}, kind: {} }[form.type];
        if (first !== undefined) {
            this.props.editor.document.set([...this.props.path, key], first);
        }
    }

    close({ key }) {
        this.state.opened = this.state.opened.filter((one) => one !== key);
        this.props.editor.document.remove([...this.props.path, key]);
    }
}

EitherInput.components = { AnyInput };
MapInput.components = { AnyInput };
ListInput.components = { Parameters };
ObjectInput.components = { Parameters };
