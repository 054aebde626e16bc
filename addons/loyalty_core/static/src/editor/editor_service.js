import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { memoize } from "@web/core/utils/functions";

const MODEL = "loy.editor";

/**
 * What editors of documents ask of the server. Kinds are described once; names of records are asked for together and kept.
 */
export const editorService = {
    dependencies: ["orm"],
    async: ["describe", "search", "check", "say", "names", "find"],
    start(env, { orm }) {
        const known = {};
        let wanted = {};
        let answer = null;

        const ask = async () => {
            await Promise.resolve();
            const codes = wanted;
            wanted = {};
            answer = null;
            const found = await orm.silent.call(MODEL, "names", [codes]);
            for (const [section, list] of Object.entries(codes)) {
                for (const code of list) {
                    known[section] ??= {};
                    known[section][code] = found[section]?.[code] ?? code;
                }
            }
        };

        return {
            describe: memoize(() => orm.call(MODEL, "describe", [], { context: user.context })),
            check: (sort, document) => orm.silent.call(MODEL, "check", [sort, document]),
            say: (sort, document) => orm.silent.call(MODEL, "say", [sort, document]),
            find: (section, code) => orm.call(MODEL, "find", [section, code]),
            learn(section, code, name) {
                known[section] ??= {};
                known[section][code] = name;
            },
            async search(section, term) {
                const found = await orm.silent.call(MODEL, "search", [section, term]);
                for (const { code, name } of found) {
                    this.learn(section, code, name);
                }
                return found;
            },
            /** Code → name, of these records of a section; the code itself of one that is not there. */
            async names(section, codes) {
                const missing = codes.filter((code) => !known[section]?.[code]);
                if (missing.length) {
                    wanted[section] = [...(wanted[section] ?? []), ...missing];
                    answer ??= ask();
                    await answer;
                }
                return Object.fromEntries(codes.map((code) => [code, known[section][code]]));
            },
        };
    },
};

registry.category("services").add("loy_editor", editorService);
