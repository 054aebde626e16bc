import { Component, onWillStart, status, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { CodeEditor } from "@web/core/code_editor/code_editor";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { useDebounced } from "@web/core/utils/timing";
import { useRecordObserver } from "@web/model/relational_model/utils";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { EditedDocument } from "./document";
import { ListInput, Parameters } from "./inputs";
import { ConditionTree, KindList } from "./kinds";

const CHECK_DELAY = 300;
const INDENT = 2;

/** How a document stands in its field, and how it is edited: a condition is always a branch while it is. */
const SORTS = {
    condition: {
        read: (document) => {
            const isBranch = document && ["all", "any"].some((key) => Array.isArray(document[key]));
            return isBranch ? document : { all: document ? [document] : [] };
        },
        write: (document) => {
            const [only, ...others] = document.all ?? document.any;
            if (only === undefined && "all" in document) {
                return undefined;
            }
            return only !== undefined && !others.length ? only : document;
        },
    },
    rewards: { read: (document) => document ?? [], write: (document) => document },
    options: { read: (document) => document ?? [], write: (document) => document },
    parameters: { read: (document) => document ?? {}, write: (document) => document },
    gives: { read: (document) => document ?? {}, write: (document) => document },
    target: {
        read: (document) => document ?? {},
        write: (document) => (document && Object.keys(document).length ? document : undefined),
    },
};
const OPTIONS = { type: "list", item: { type: "object", of: "Option" } };

/**
 * Edits a document of the rule language that a text field holds. All that it shows is made from what the server says of
 * the kinds, so a kind that an addon brings appears by itself. The JSON is one click away.
 */
export class DocumentField extends Component {
    static template = "loyalty_core.editor.DocumentField";
    static components = { CodeEditor, ConditionTree, KindList, ListInput, Parameters };
    static props = {
        ...standardFieldProps,
        sort: String,
        without: { type: Array, element: String, optional: true }, // of a selection: what makes no sense here
        fields: { type: String, optional: true }, // of parameters: the field that describes them
    };
    static defaultProps = { without: [] };

    setup() {
        this.OPTIONS = OPTIONS;
        this.service = useService("loy_editor");
        this.state = useState({ isJson: false });
        // A record may change once more when its form is left already.
        this.check = useDebounced(() => status(this) !== "destroyed" && this._check(), CHECK_DELAY);
        onWillStart(async () => {
            this.description = await this.service.describe();
        });
        useRecordObserver((record) => this.load(record.data[this.props.name] || ""));
    }

    get text() {
        return this.props.record.data[this.props.name] || "";
    }

    /** The text of the field is the truth; what cannot be read is shown as it is. */
    load(text) {
        if (text === this.written) {
            return;
        }
        this.written = text;
        try {
            const said = text.trim() ? JSON.parse(text) : undefined;
            const document = SORTS[this.props.sort].read(said);
            this.document = new EditedDocument({
                document,
                sort: this.props.sort,
                storage: browser.localStorage,
                onChange: () => this.onChange(),
            });
        } catch {
            this.document = null;
        }
        this.check();
    }

    get editor() {
        return {
            document: this.document,
            description: this.description,
            readonly: this.props.readonly,
            dragged: this.dragged,
            copy: (path) => {
                this.document.copy(path);
                this.render(true); // what is copied can be pasted everywhere
            },
            drag: (path) => {
                this.dragged = path;
                this.render(true);
            },
        };
    }

    get selection() {
        const { fields, record, without } = this.props;
        if (fields) {
            return record.data[fields];
        }
        return this.description.objects.Target.filter(({ key }) => !without.includes(key));
    }

    get gifts() {
        return this.description.gifts.filter(({ key }) => !this.props.without.includes(key));
    }

    get gift() {
        return this.gifts.find(({ key }) => key in this.document.document);
    }

    /** Another kind of gift begins with nothing but what it is known by. */
    onGift(key) {
        this.document.replace(key ? { [key]: key === "discount" ? {} : "" } : {});
    }

    get isJson() {
        return this.state.isJson || !this.document;
    }

    onChange() {
        const said = SORTS[this.props.sort].write(this.document.document);
        this.write(said === undefined ? "" : JSON.stringify(said, null, INDENT));
        this.check();
        this.render(true);
    }

    write(text) {
        this.written = text;
        return this.props.record.update({ [this.props.name]: text || false });
    }

    onJson(text) {
        this.props.record.update({ [this.props.name]: text || false });
    }

    async _check() {
        const { document } = this;
        if (document) {
            const asked = [this.props.sort, document.document];
            const [problems, words] = await Promise.all([
                this.service.check(...asked),
                this.service.say(...asked),
            ]);
            if (document.document === asked[1]) {
                Object.assign(document, { problems, words }); // or else a later answer comes
                this.render(true);
            }
        }
    }

    onKeydown(event) {
        if (
            (event.ctrlKey || event.metaKey) &&
            event.key === "z" &&
            event.target.tagName !== "INPUT"
        ) {
            event.preventDefault();
            event.stopPropagation();
            event.shiftKey ? this.document.redo() : this.document.undo();
        }
    }
}

export const documentField = {
    component: DocumentField,
    displayName: _t("Rules"),
    supportedTypes: ["text"],
    extractProps: ({ options }) => ({
        sort: options.sort,
        without: options.without,
        fields: options.fields,
    }),
};

registry.category("fields").add("loy_document", documentField);
