import js from "@eslint/js";
import globals from "globals";

export default [
    { ignores: ["**/static/lib/**", "node_modules/**", ".odoo/**"] },
    js.configs.recommended,
    {
        files: ["addons/*/static/**/*.js"],
        languageOptions: {
            ecmaVersion: 2022,
            sourceType: "module",
            globals: { ...globals.browser, odoo: "readonly", luxon: "readonly", owl: "readonly" },
        },
        rules: {
            curly: "error",
            eqeqeq: ["error", "always", { null: "ignore" }],
            "no-console": ["error", { allow: ["warn", "error"] }],
            "no-restricted-globals": ["error", "event", "name"],
            "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
            "no-var": "error",
            "object-shorthand": "error",
            "prefer-const": "error",
            "prefer-template": "error",
        },
    },
    {
        files: ["addons/*/static/tests/**/*.js"],
        rules: { "no-console": "off" },
    },
    { files: ["*.js"], languageOptions: { globals: globals.node } },
];
