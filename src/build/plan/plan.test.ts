import { describe, expect, test } from "bun:test";
import { buildPlan, plan } from "./testing/in-memory-source.ts";

const lock = { "package-lock.json": "{}" };
const shell = (line: string) => ["/bin/sh", "-c", line];

describe("sources that are served as they are", () => {
  test("pages at the root", async () => {
    const result = await plan({ "index.html": "<p>", "style.css": "" });
    expect(result).toMatchObject({ kind: "static", root: ".", output: ".", framework: null, warnings: [] });
  });

  test("the one usual folder with an index page", async () => {
    expect(await plan({ "public/index.html": "", "dist/app.js": "" })).toMatchObject({
      kind: "static",
      output: "public",
    });
  });

  test("two such folders are unclear, and both are named", async () => {
    const failing = plan({ "public/index.html": "", "docs/index.html": "" });
    await expect(failing).rejects.toMatchObject({
      code: "framework_unknown",
      hint: expect.stringContaining("public, docs"),
    });
  });

  test("pages without an index are served with a warning", async () => {
    const result = await plan({ "about.html": "" });
    expect(result).toMatchObject({ kind: "static", output: ".", warnings: [expect.stringContaining("index.html")] });
  });

  test("nothing to show says what was found, and which generator it looks like", async () => {
    const failing = plan({ "hugo.toml": "", "content/a.md": "" });
    await expect(failing).rejects.toMatchObject({
      code: "framework_unknown",
      hint: expect.stringMatching(/content, hugo.toml.*Hugo/),
    });
  });

  test("a package.json without a build script beside an index page", async () => {
    expect(await plan({ "package.json": { scripts: { test: "x" } }, "index.html": "" })).toMatchObject({
      kind: "static",
    });
  });

  test("a placeholder script is none", async () => {
    const scripts = { build: 'echo "no build step" && exit 1' };
    expect(await plan({ "package.json": { scripts }, "index.html": "" })).toMatchObject({ kind: "static" });
  });

  test("framework=static does not read package.json", async () => {
    const result = await plan(
      { "package.json": "{", "www/index.html": "" },
      { framework: "static", output_directory: "www" },
    );
    expect(result).toMatchObject({ kind: "static", framework: "static", output: "www" });
    expect(result.resolved.output_directory).toEqual({ value: "www", from: "project settings" });
  });

  test("an asked folder that is not there", async () => {
    const failing = plan({ "index.html": "" }, { output_directory: "dist" });
    await expect(failing).rejects.toMatchObject({ code: "output_missing" });
  });

  test("a link is no index page", async () => {
    await expect(plan({ "index.html": "-> /etc/passwd" })).rejects.toMatchObject({ code: "framework_unknown" });
  });

  test("netlify.toml's publish folder without a command", async () => {
    const result = await plan({ "netlify.toml": '[build]\npublish = "site/"', "site/index.html": "" });
    expect(result).toMatchObject({ kind: "static", output: "site" });
    expect(result.resolved.output_directory).toEqual({ value: "site", from: "netlify.toml" });
  });
});

describe("the root", () => {
  const vite = {
    "package.json": { scripts: { build: "vite build" }, devDependencies: { vite: "^7" } },
    "index.html": "",
  };
  const below = (folder: string) =>
    Object.fromEntries(Object.entries(vite).map(([path, text]) => [`${folder}/${path}`, text]));

  test("by setting, and missing", async () => {
    expect(await plan(below("web"), { root: "web" })).toMatchObject({ root: "web", framework: "vite" });
    await expect(plan(below("web"), { root: "app" })).rejects.toMatchObject({
      code: "root_not_found",
      hint: expect.stringContaining("web"),
    });
  });

  test("a file is no root", async () => {
    await expect(plan({ "index.html": "" }, { root: "index.html" })).rejects.toMatchObject({ code: "root_not_found" });
  });

  test("by netlify.toml's base, with publish seen from it", async () => {
    const toml = '[build]\nbase = "web/"\npublish = "out"\ncommand = "make site"';
    const result = await buildPlan({ ...below("web"), "netlify.toml": toml });
    expect(result).toMatchObject({ root: "web", build: shell("make site") });
    expect(result.outputCandidates[0]).toBe("out");
    expect(result.resolved).toMatchObject({
      root: { from: "netlify.toml" },
      build_command: { value: "make site", from: "netlify.toml" },
    });
  });

  test("the only folder with something to build", async () => {
    const result = await plan({ "README.md": "", ...below("web"), "api/main.go": "" });
    expect(result).toMatchObject({
      root: "web",
      resolved: { root: { from: "detected" } },
      warnings: [expect.stringContaining("'web'"), expect.any(String)],
    });
  });

  test("two such folders are left to the user", async () => {
    await expect(plan({ "README.md": "", ...below("a"), ...below("b") })).rejects.toMatchObject({
      code: "framework_unknown",
    });
  });
});

describe("commands", () => {
  test("install and build by the package manager, as argument arrays", async () => {
    const result = await buildPlan({
      "package.json": { scripts: { build: "astro build" }, dependencies: { astro: "^6" } },
      ...lock,
    });
    expect(result).toMatchObject({
      framework: "astro",
      packageManager: { name: "npm", version: null },
      workspaceRoot: ".",
      nodeVersion: "24",
      install: ["npm", "ci"],
      build: ["npm", "run", "build"],
      egress: "registry",
      warnings: [],
    });
    expect(result.resolved).toMatchObject({
      install_command: { value: "npm ci", from: "package-lock.json" },
      build_command: { value: "npm run build", from: "package.json" },
      output_directory: { value: "dist", from: "detected" },
      framework: { value: "astro", from: "detected" },
    });
  });

  test("settings come first, and run in the sandbox's shell", async () => {
    const result = await buildPlan(
      { "package.json": { scripts: { build: "astro build" } }, "netlify.toml": '[build]\ncommand = "x"', ...lock },
      {
        install_command: "npm i && true",
        build_command: "make | tee log",
        output_directory: "o",
        node_version: "22.x",
      },
    );
    expect(result).toMatchObject({
      install: shell("npm i && true"),
      build: shell("make | tee log"),
      outputCandidates: ["o"],
      nodeVersion: "22",
    });
    expect(Object.values(result.resolved).filter(({ from }) => from === "project settings")).toHaveLength(4);
  });

  test("vercel.json, with an empty install command", async () => {
    const vercel = { buildCommand: "npm run site", installCommand: "", outputDirectory: "./web/" };
    const result = await buildPlan({ "package.json": { scripts: { site: "x" } }, "vercel.json": vercel, ...lock });
    expect(result).toMatchObject({ build: shell("npm run site"), install: null });
    expect(result.outputCandidates[0]).toBe("web");
  });

  test("files of other hosts that do not parse are warned of and passed over", async () => {
    const result = await plan({ "index.html": "", "netlify.toml": "[build", "vercel.json": "{" });
    expect(result.warnings).toEqual([expect.stringContaining("netlify.toml"), expect.stringContaining("vercel.json")]);
  });

  test("netlify.toml's environment sets Node and the build's variables, never the wall's", async () => {
    const toml =
      '[build.environment]\nNODE_VERSION = "20"\nNPM_FLAGS = "--legacy-peer-deps; rm"\nHUGO = 1\nLD_PRELOAD = "x"\nPATH = "x"\nHTTPS_PROXY = "x"';
    const result = await buildPlan({ "package.json": { scripts: { build: "x" } }, "netlify.toml": toml, ...lock });
    expect(result).toMatchObject({ nodeVersion: "20", env: { HUGO: "1", NODE_VERSION: "20", CI: "true" } });
    expect(Object.keys(result.env)).not.toContainAnyValues(["LD_PRELOAD", "PATH", "HTTPS_PROXY"]);
    expect(result.install).toEqual(["npm", "ci"]);
    const tidy = await buildPlan({
      "package.json": { scripts: { build: "x" } },
      "netlify.toml": toml.replace("; rm", ""),
      ...lock,
    });
    expect(tidy.install).toEqual(["npm", "ci", "--legacy-peer-deps"]);
  });

  test("the script of the site where 'build' makes a library", async () => {
    const scripts = { build: "tsup", "docs:build": "vitepress build docs" };
    const result = await buildPlan({
      "package.json": { scripts, devDependencies: { vitepress: "^1", tsup: "^8" } },
      ...lock,
    });
    expect(result).toMatchObject({ framework: "vitepress", build: ["npm", "run", "docs:build"] });
    expect(result.outputCandidates[0]).toBe("docs/.vitepress/dist");
  });

  test("'generate' for Nuxt, and the framework's own command where the script makes a server", async () => {
    const dependencies = { nuxt: "^4" };
    const both = await buildPlan({
      "package.json": { scripts: { build: "nuxt build", generate: "nuxt generate" }, dependencies },
      ...lock,
    });
    expect(both.build).toEqual(["npm", "run", "generate"]);
    const one = await buildPlan({ "package.json": { scripts: { build: "nuxt build" }, dependencies }, ...lock });
    expect(one.build).toEqual(["npx", "--no-install", "nuxt", "generate"]);
  });

  test("a framework without a script is run through the package manager", async () => {
    const packageJson = { dependencies: { "@11ty/eleventy": "3" } };
    expect(
      (await buildPlan({ "package.json": packageJson, "pnpm-lock.yaml": "lockfileVersion: '9.0'" })).build,
    ).toEqual(["pnpm", "exec", "eleventy"]);
    expect((await buildPlan({ "package.json": packageJson, "yarn.lock": "" })).build).toEqual([
      "yarn",
      "run",
      "eleventy",
    ]);
  });

  test("nothing to run names scripts, frameworks and files", async () => {
    const failing = plan({
      "package.json": { scripts: { start: "node ." }, dependencies: { gulp: "5" } },
      "main.js": "",
    });
    const hint = expect.stringMatching(/start.*gulp.*main\.js/);
    await expect(failing).rejects.toMatchObject({ code: "framework_unknown", hint });
  });

  test("a framework that nobody knows", async () => {
    const failing = plan({ "package.json": {} }, { framework: "frontpage" });
    await expect(failing).rejects.toMatchObject({
      code: "project_setting_invalid",
      hint: expect.stringContaining("astro"),
    });
  });

  test("a package.json that does not parse, with its place", async () => {
    const failing = plan({ "package.json": '{\n  "name": "x",\n  "scripts" {}\n}' });
    await expect(failing).rejects.toMatchObject({
      code: "package_json_invalid",
      message: expect.stringContaining("package.json does not parse at line 3, column 13"),
    });
    await expect(plan({ "package.json": "[]" })).rejects.toMatchObject({ code: "package_json_invalid" });
  });

  test("a package.json of odd kinds is read as if they were absent", async () => {
    const odd = { scripts: ["build"], dependencies: "vite", engines: { node: 5 }, packageManager: {}, workspaces: 7 };
    expect(await plan({ "package.json": odd, "index.html": "" })).toMatchObject({ kind: "static" });
    const proto = '{"scripts":{"build":"x","__proto__":"y"},"dependencies":{"constructor":"1"}}';
    expect(await plan({ "package.json": proto })).toMatchObject({ kind: "build", framework: null });
  });
});

describe("the environment", () => {
  test("a warning does not fail a Create React App", async () => {
    const react = await buildPlan({
      "package.json": { scripts: { build: "react-scripts build" }, dependencies: { "react-scripts": "4.0.3" } },
      ...lock,
    });
    expect(react.env).toMatchObject({
      CI: "false",
      NODE_OPTIONS: "--openssl-legacy-provider",
      CYPRESS_INSTALL_BINARY: "0",
    });
    const vite = await buildPlan({
      "package.json": { scripts: { build: "vite build" }, dependencies: { vite: "7" } },
      ...lock,
    });
    expect(vite.env).toMatchObject({ CI: "true", npm_config_audit: "false", NEXT_TELEMETRY_DISABLED: "1" });
    expect(vite.env).not.toHaveProperty("NODE_OPTIONS");
  });
});
