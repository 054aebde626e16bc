/**
 * A document that is being edited, as plain JSON, and what can be done with it. A path names a value in it by the keys and
 * places from the root: ["all", 1, "target"], written all[1].target as the server writes it.
 */

const HISTORY_MAX = 200;
const CLIPBOARD = "loyalty.clipboard";
const GAP = Object.freeze({});

export const pathText = (path) =>
    path.reduce((text, part) => {
        if (typeof part === "number") {
            return `${text}[${part}]`;
        }
        return text ? `${text}.${part}` : part;
    }, "");

export const get = (document, path) => path.reduce((value, part) => value?.[part], document);

/** The document with this value there; without anything there where the value is undefined. */
export function put(document, [part, ...rest], value) {
    if (part === undefined) {
        return value;
    }
    const own = Array.isArray(document) ? [...document] : { ...document };
    const inner = put(own[part], rest, value);
    if (inner !== undefined) {
        own[part] = inner;
    } else if (Array.isArray(own)) {
        own.splice(part, 1);
    } else {
        delete own[part];
    }
    return own;
}

function insert(document, path, place, value) {
    const list = [...(get(document, path) ?? [])];
    list.splice(place, 0, value);
    return put(document, path, list);
}

function without(document, gap) {
    if (Array.isArray(document)) {
        return document.filter((one) => one !== gap).map((one) => without(one, gap));
    }
    if (document && typeof document === "object") {
        return Object.fromEntries(
            Object.entries(document).map(([key, one]) => [key, without(one, gap)])
        );
    }
    return document;
}

const isWithin = (path, outer) => outer.every((part, place) => path[place] === part);

export class EditedDocument {
    /**
     * @param {Object} options
     * @param {unknown} options.document
     * @param {string} options.sort of kinds in it: branches are copied and pasted among documents of a sort
     * @param {(document: unknown) => void} options.onChange
     * @param {Storage} options.storage
     */
    constructor({ document, sort, onChange, storage }) {
        this.document = document;
        this.sort = sort;
        this.onChange = onChange;
        this.storage = storage;
        this.past = [];
        this.future = [];
        this.problems = [];
        this.words = "";
    }

    get(path) {
        return get(this.document, path);
    }

    set(path, value) {
        this.replace(put(this.document, path, value));
    }

    remove(path) {
        this.set(path, undefined);
    }

    insert(path, place, value) {
        this.replace(insert(this.document, path, place, value));
    }

    /** A branch goes to another place, never into itself. */
    move(from, to, place) {
        if (isWithin(to, from)) {
            return;
        }
        const value = this.get(from);
        const moved = insert(put(this.document, from, GAP), to, place, value);
        this.replace(without(moved, GAP));
    }

    replace(document) {
        if (JSON.stringify(document) === JSON.stringify(this.document)) {
            return;
        }
        this.past = [...this.past, this.document].slice(-HISTORY_MAX);
        this.future = [];
        this.document = document;
        this.onChange(document);
    }

    undo() {
        this._step(this.past, this.future);
    }

    redo() {
        this._step(this.future, this.past);
    }

    _step(from, to) {
        if (from.length) {
            to.push(this.document);
            this.document = from.pop();
            this.onChange(this.document);
        }
    }

    // ------------------------------------------------------------------ copied branches

    copy(path) {
        this.storage.setItem(CLIPBOARD, JSON.stringify({ sort: this.sort, value: this.get(path) }));
    }

    cut(path) {
        this.copy(path);
        this.remove(path);
    }

    /** What was copied here or in another document of the sort, in any window; undefined: nothing. */
    get copied() {
        const { sort, value } = JSON.parse(this.storage.getItem(CLIPBOARD) ?? "{}");
        return sort === this.sort ? value : undefined;
    }

    // ------------------------------------------------------------------ what is wrong

    /** What is wrong at the very place, or at a key of it that is not there. */
    problemsAt(path) {
        const text = pathText(path);
        return this.problems.filter((one) => one.path === text);
    }

    hasProblemsIn(path) {
        const text = pathText(path);
        return this.problems.some(
            ({ path: where }) =>
                where === text || (where.startsWith(text) && /^[.[]/.test(where.slice(text.length)))
        );
    }
}
