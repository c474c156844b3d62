import { expect, test } from "bun:test";
import fc from "fast-check";
import { sha256 } from "../model/ids.ts";
import { type BuildInputs, buildKey, canonical } from "./build-key.ts";

const inputs: BuildInputs = {
  tree: sha256("tree"),
  settings: { root: "site" },
  plan: {
    kind: "build",
    root: "site",
    framework: "vite",
    resolved: {},
    warnings: [],
    packageManager: { name: "npm", version: null },
    workspaceRoot: ".",
    nodeVersion: "24",
    install: ["npm", "ci"],
    looseInstall: { command: ["npm", "install"], lockfile: "package-lock.json" },
    build: ["npm", "run", "build"],
    outputCandidates: ["dist"],
    outputHint: null,
    otherManagers: [],
    lockfileWithHosts: null,
    registries: [],
    serverOutputs: [],
    env: { CI: "true" },
    egress: "registry",
  },
  tools: { node: "24.1.0", npm: "11.0.0" },
  variables: { install: {}, build: { API: "https://api.example" } },
  secrets: [],
  fork: false,
  context: null,
};
const plan = (change: Partial<BuildInputs["plan"]>): Partial<BuildInputs> => ({ plan: { ...inputs.plan, ...change } });

const CHANGES: [what: string, change: Partial<BuildInputs>][] = [
  ["a source file", { tree: sha256("another tree") }],
  ["a project setting", { settings: { root: "site", build_command: "make" } }],
  ["the root", plan({ root: "." })],
  ["the workspace", plan({ workspaceRoot: "site" })],
  ["the install command", plan({ install: null })],
  ["the build command", plan({ build: ["npm", "run", "docs"] })],
  ["the folder that is published", plan({ outputCandidates: ["build"] })],
  ["the platform's own variables", plan({ env: { CI: "false" } })],
  ["the network policy", plan({ egress: "public" })],
  ["a secret", { secrets: [{ name: "TOKEN", value: "value" }] }],
  ["the Node", { tools: { ...inputs.tools, node: "24.1.1" } }],
  ["the package manager", { tools: { node: "24.1.0", pnpm: "11.0.0" } }],
  ["a variable's value", { variables: { install: {}, build: { API: "https://other.example" } } }],
  ["a variable's step", { variables: { install: { API: "https://api.example" }, build: {} } }],
  ["a foreign source", { fork: true }],
  ["production, where it is asked for", { context: "production" }],
  ["a preview, where it is asked for", { context: "preview" }],
];

test.each(CHANGES)("%s that changed is another build", (_, change) => {
  expect(buildKey({ ...inputs, ...change })).not.toBe(buildKey(inputs));
});

test("every change is told from every other", () => {
  expect(new Set(CHANGES.map(([, change]) => buildKey({ ...inputs, ...change }))).size).toBe(CHANGES.length);
});

test.each<[string, Partial<BuildInputs>]>([
  [
    "how it is served",
    { settings: { root: "site", html_handling: "none", not_found_handling: "none", production_branch: "x" } },
  ],
  [
    "where a value came from, and what was said",
    plan({ resolved: { root: { value: "site", from: "x" } }, warnings: ["w"] }),
  ],
  ["the range behind the same version", plan({ nodeVersion: ">=24" })],
])("%s makes no other build", (_, change) => {
  expect(buildKey({ ...inputs, ...change })).toBe(buildKey(inputs));
});

const record = fc.dictionary(fc.string(), fc.string(), { maxKeys: 6 });

test("the order of names says nothing", () => {
  fc.assert(
    fc.property(record, (variables) => {
      const turned = Object.fromEntries(Object.entries(variables).reverse());
      expect(buildKey({ ...inputs, tools: turned })).toBe(buildKey({ ...inputs, tools: variables }));
    }),
  );
});

test("different variables have different keys, wherever their text is cut", () => {
  fc.assert(
    fc.property(record, record, (one, other) => {
      const keyOf = (build: Record<string, string>) => buildKey({ ...inputs, variables: { install: {}, build } });
      expect(keyOf(one) === keyOf(other)).toBe(Bun.deepEquals(one, other));
    }),
  );
});

test("one value has one text, which reads back as the value", () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      expect(JSON.parse(canonical(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
