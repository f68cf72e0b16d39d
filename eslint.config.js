import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: [".venv/", "data/", "screenshots/"] },
  js.configs.recommended,
  {
    files: ["cnnviz/**/*.js"],
    languageOptions: { globals: globals.browser },
    rules: {
      "eqeqeq": "error",
      "no-var": "error",
      "prefer-const": "error",
      "no-shadow": "error",
      "no-implicit-globals": "error",
      "no-restricted-properties": ["error", ...["innerHTML", "outerHTML", "insertAdjacentHTML"].map((property) => ({
        property, message: "No user text goes into markup: make elements.",
      }))],
      "max-len": ["error", { code: 120 }],
      "max-lines": ["error", 250],
    },
  },
  { files: ["tests/**/*.js", "*.js"], languageOptions: { globals: globals.node } },
];
