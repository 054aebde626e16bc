import { Component, useState } from "@odoo/owl";
import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { useAutofocus } from "@web/core/utils/hooks";

import { AnyInput, Input, INPUTS, Parameters } from "./inputs";

const BRANCHES = ["all", "any"];

/** A kind that somebody chose: its example is where to begin. */
const begun = (sort, kind, description) => ({ kind, ...description.kinds[sort][kind].example });

/** Where a dragged branch may be dropped: between the others of a list. */
export class DropZone extends Component {
    static template = "loyalty_core.editor.DropZone";
    static props = { editor: Object, path: Array, place: Number };

    setup() {
        this.state = useState({ isOver: false });
    }

    onDrop() {
        this.state.isOver = false;
        const { dragged, document } = this.props.editor;
        if (dragged) {
            document.move(dragged, this.props.path, this.props.place);
        }
    }
}

/** Adds one of the kinds of a sort, found by words, or what was copied. */
export class AddKind extends Component {
    static template = "loyalty_core.editor.AddKind";
    static components = { Dropdown, DropdownItem };
    static props = { editor: Object, sort: String, path: Array, place: Number };

    setup() {
        this.state = useState({ term: "" });
        useAutofocus({ refName: "search" });
    }

    /** What fits the words, under its topics. */
    get found() {
        const { description } = this.props.editor;
        const terms = this.state.term.toLowerCase().split(/\s+/);
        const fitting = Object.entries(description.kinds[this.props.sort])
            .map(([kind, { label, help, topic }]) => ({ kind, label, help, topic }))
            .filter(({ kind, label, help, topic }) => {
                const text = `${kind.replaceAll("_", " ")} ${label} ${help} ${topic}`.toLowerCase();
                return terms.every((term) => text.includes(term));
            });
        return description.topics[this.props.sort]
            .map((topic) => ({ topic, kinds: fitting.filter((one) => one.topic === topic) }))
            .filter(({ kinds }) => kinds.length);
    }

    add(kind) {
        const { editor, sort, path, place } = this.props;
        editor.document.insert(path, place, begun(sort, kind, editor.description));
    }

    addBranch(key) {
        const { editor, path, place } = this.props;
        editor.document.insert(path, place, { [key]: [] });
    }

    /** A condition is no reward: what was copied elsewhere may be of another sort. */
    get pasted() {
        const { document, description } = this.props.editor;
        const copied = document.copied;
        const isOfSort = copied?.kind
            ? copied.kind in description.kinds[this.props.sort]
            : this.props.sort === "condition";
        return isOfSort ? copied : undefined;
    }

    paste() {
        const { editor, path, place } = this.props;
        editor.document.insert(path, place, editor.document.copied);
    }
}

/** One kind with its parameters, in a list or tree of them. */
export class KindCard extends Component {
    static template = "loyalty_core.editor.KindCard";
    static components = { AnyInput, Dropdown, DropdownItem, Parameters };
    static props = {
        editor: Object,
        sort: String,
        path: Array, // of the kind
        whole: Array, // of what is moved and removed: with its "not"
        value: Object,
        isNegated: { type: Boolean, optional: true },
    };

    get kind() {
        return this.props.editor.description.kinds[this.props.sort][this.props.value.kind];
    }

    get problems() {
        const { document } = this.props.editor;
        return this.kind ? [] : document.problemsAt([...this.props.path, "kind"]);
    }

    get hasProblems() {
        return this.props.editor.document.hasProblemsIn(this.props.path);
    }

    negate() {
        const { editor, whole, value, isNegated } = this.props;
        editor.document.set(whole, isNegated ? value : { not: value });
    }
}

/** A tree of conditions: a branch with its conditions, each a branch again or a kind. */
export class ConditionTree extends Component {
    static template = "loyalty_core.editor.ConditionTree";
    static components = { AddKind, DropZone, Dropdown, DropdownItem, KindCard };
    static props = {
        editor: Object,
        path: Array,
        value: Object,
        isRoot: { type: Boolean, optional: true },
    };

    setup() {
        this.BRANCHES = BRANCHES;
    }

    get isNegated() {
        return "not" in this.props.value;
    }

    get inner() {
        return this.isNegated ? this.props.value.not : this.props.value;
    }

    get path() {
        return this.isNegated ? [...this.props.path, "not"] : this.props.path;
    }

    get branch() {
        return BRANCHES.find((key) => Array.isArray(this.inner[key]));
    }

    get children() {
        return this.inner[this.branch];
    }

    setBranch(key) {
        this.props.editor.document.set(this.path, { [key]: this.children });
    }

    negate() {
        const { editor, path } = this.props;
        editor.document.set(path, this.isNegated ? this.inner : { not: this.inner });
    }

    /** The branch goes, its conditions stay in its place. */
    unwrap() {
        const { editor, path } = this.props;
        const [place] = path.slice(-1);
        const list = editor.document.get(path.slice(0, -1));
        editor.document.set(path.slice(0, -1), list.toSpliced(place, 1, ...this.children));
    }
}
ConditionTree.components.ConditionTree = ConditionTree;

/** A list of kinds, rewards say. */
export class KindList extends Component {
    static template = "loyalty_core.editor.KindList";
    static components = { AddKind, DropZone, KindCard };
    static props = { editor: Object, sort: String, value: Array };
}

/** A condition or a reward inside of another one: on which receipts points may pay, say. */
export class KindInput extends Input {
    static template = "loyalty_core.editor.KindInput";
    static components = { ConditionTree, KindCard };

    get isCondition() {
        return this.props.form.of === "condition";
    }

    /** What there is to choose from, where there is one of a few. */
    get choices() {
        const { form, editor } = this.props;
        const kinds = Object.entries(editor.description.kinds[form.of]);
        return kinds
            .filter(([kind]) => !form.only || form.only.includes(kind))
            .map(([kind, { label }]) => ({ kind, label }));
    }

    /** Nothing is said yet where it has only been opened. */
    get tree() {
        const { value } = this.props;
        return value && Object.keys(value).length ? value : { all: [] };
    }

    choose(kind) {
        const { form, editor } = this.props;
        this.change(kind ? begun(form.of, kind, editor.description) : undefined);
    }

    /** One condition becomes the first of several. */
    widen() {
        this.change({ all: [this.props.value] });
    }
}

INPUTS.kind = KindInput;
