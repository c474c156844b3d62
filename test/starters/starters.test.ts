import { beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import type { BuildPlan } from "../../src/build/plan/plan.ts";
import { plan, type Sources } from "../../src/build/plan/testing/in-memory-source.ts";

/** Real starters, as they ship in the packages that make new projects; planned, never built. */
const cache = join(import.meta.dir, "../../.cache/starters");

const PACKAGES = [
  ...["create-vite@9.3.0", "create-next-app@16.4.3", "create-docusaurus@3.10.2", "create-vue@3.22.3", "sv@0.17.1"],
  ...["cra-template@1.3.0", "vitepress@1.6.4", "@schematics/angular@21.2.28", "create-rsbuild@2.2.9"],
  ...["create-waku@0.13.0-1.0.0-rc.1-0", "create-preact@0.5.3", "create-slidev@52.15.2", "create-qwik@1.20.1"],
  ...["@observablehq/framework@1.13.4", "create-quasar@5.0.30", "@ember/app-blueprint@7.3.1", "create-umi@4.6.57"],
  ...["expo-template-blank@58.0.8", "hexo-starter@0.0.0"],
];

const folderOf = (name: string) => join(cache, name.replace("/", "+"));

async function run(command: string[], cwd: string): Promise<string> {
  const child = Bun.spawn(command, { cwd, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  if ((await child.exited) !== 0) throw new Error(`${command.slice(0, 2).join(" ")}: ${err.slice(0, 500)}`);
  return out;
}

beforeAll(async () => {
  const missing = PACKAGES.filter((name) => !existsSync(folderOf(name)));
  if (missing.length === 0) return;
  const draft = join(cache, `fetching-${process.pid}`);
  await mkdir(draft, { recursive: true });
  try {
    const packed = JSON.parse(await run(["npm", "pack", "--json", ...missing], draft)) as PackedList;
    for (const { filename, id } of Array.isArray(packed) ? packed : Object.values(packed)) {
      const unpacked = join(draft, `${filename}.d`);
      await mkdir(unpacked);
      await run(["tar", "-xzf", filename, "-C", unpacked, "--strip-components=1"], draft);
      await rename(unpacked, folderOf(id));
    }
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}, 60_000);

/** A list up to npm 11, a table by name from npm 12 on. */
type PackedList = { filename: string; id: string }[] | Record<string, { filename: string; id: string }>;

async function starter(name: string, folder: string): Promise<Sources> {
  const id = PACKAGES.find((candidate) => candidate.startsWith(`${name}@`))!;
  const top = join(folderOf(id), folder);
  const sources: Sources = {};
  for (const entry of await readdir(top, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = relative(top, join(entry.parentPath, entry.name));
    sources[path.replace(/\.(template|tmpl|tpl)$/, "").replace(/(^|\/)_(?=package\.json$)/, "$1")] = await readFile(
      join(top, path),
      "utf8",
    );
  }
  return sources;
}

/** Fills in what the maker of the project would: values that are no matter here. */
const filled = (text: string) =>
  text
    .replace(/<% if[^%]*%>[^\n]*?<% \} %>|<%_?[^=-][\s\S]*?%>\n?/g, "")
    .replace(/<%[=-][^%]*%>|\{\{\{?[^}]*\}\}\}?/g, "9.0.0")
    .replace(/: 9\.0\.0/g, ': "9.0.0"');

const outline = (result: BuildPlan) =>
  result.kind === "static"
    ? [null, result.output]
    : [result.framework, result.outputCandidates[0], result.build.join(" ")];

const NPM_BUILD = "npm run build";

describe("starters that ship whole", () => {
  test.each([
    ...["vanilla", "vanilla-ts", "react", "react-ts", "vue", "vue-ts", "preact", "lit", "qwik"].map(
      (kind) => ["create-vite", `template-${kind}`, kind === "qwik" ? "qwik" : "vite", "dist"] as const,
    ),
    ["create-vite", "template-svelte", "svelte", "dist"],
    ["create-vite", "template-solid", "solid-js", "dist"],
    ["create-docusaurus", "templates/classic", "docusaurus", "build"],
    ["create-docusaurus", "templates/classic-typescript", "docusaurus", "build"],
    ["create-vue", "template/base", "vite", "dist"],
    ["sv", "dist/templates/minimal", "svelte-kit", "build"],
    ["sv", "dist/templates/demo", "svelte-kit", "build"],
    ["create-rsbuild", "template-react-ts", "rsbuild", "dist"],
    ["create-rsbuild", "template-vue-js", "rsbuild", "dist"],
    ["create-waku", "templates/01_basic", "waku", "dist/public"],
    ["create-preact", "templates/base", "vite", "dist"],
    ["create-slidev", "template", "slidev", "dist"],
    ["hexo-starter", ".", "hexo", "public"],
  ] as const)("%s %s", async (name, folder, framework, output) => {
    const result = await plan(await starter(name, folder));
    expect(result).toMatchObject({ framework, root: "." });
    expect(outline(result)[1]).toBe(output);
  });
});

describe("starters that their makers complete", () => {
  test("Next.js", async () => {
    const packageJson = { scripts: { build: "next build" }, dependencies: { next: "16.4.3", react: "19.2.0" } };
    const sources = { ...(await starter("create-next-app", "dist/templates/app/ts")), "package.json": packageJson };
    expect(outline(await plan(sources))).toEqual(["next", "out", NPM_BUILD]);
  });

  test("Create React App", async () => {
    const packageJson = { scripts: { build: "react-scripts build" }, dependencies: { "react-scripts": "5.0.1" } };
    const sources = { ...(await starter("cra-template", "template")), "package.json": packageJson };
    expect(outline(await plan(sources))).toEqual(["create-react-app", "build", NPM_BUILD]);
  });

  test("VitePress", async () => {
    const packageJson = { scripts: { "docs:build": "vitepress build docs" }, devDependencies: { vitepress: "1.6.4" } };
    const pages = Object.entries(await starter("vitepress", "template"));
    const sources = Object.fromEntries(pages.map(([path, text]) => [`docs/${path}`, text]));
    expect(outline(await plan({ ...sources, "package.json": packageJson }))).toEqual([
      "vitepress",
      "docs/.vitepress/dist",
      "npm run docs:build",
    ]);
  });

  test.each([
    ["@schematics/angular", "workspace/files", "angular", "dist", "npm run build"],
    ["@observablehq/framework", "templates/default", "observable", "dist", "npm run build"],
    ["create-quasar", "templates/app/vite-3/js/BASE", "quasar", "dist/spa", "npm run build"],
    ["@ember/app-blueprint", "files", "ember", "dist", "npm run build"],
    ["create-umi", "templates/app", "umi", "dist", "npm run build"],
    ["create-qwik", "dist/starters/apps/base", "qwik", "dist", "npm run build"],
    ["expo-template-blank", ".", "expo", "dist", "npx --no-install expo export --platform web"],
  ])("%s", async (name, folder, framework, output, build) => {
    const sources = await starter(name, folder);
    const packageJson = filled(sources["package.json"] as string);
    expect(outline(await plan({ ...sources, "package.json": packageJson }))).toEqual([framework, output, build]);
  });
});

test("several of them in one repository are offered by name", async () => {
  const below = async (folder: string, name: string, inside: string) =>
    Object.fromEntries(Object.entries(await starter(name, inside)).map(([path, text]) => [`${folder}/${path}`, text]));
  const sources = {
    "package.json": { private: true, scripts: { prepare: "husky" } },
    ...(await below("apps/web", "create-vite", "template-react")),
    ...(await below("apps/docs", "create-docusaurus", "templates/classic")),
    ...(await below("packages/icons", "sv", "dist/templates/library")),
  };
  await expect(plan(sources)).rejects.toMatchObject({
    code: "site_ambiguous",
    message: "The source holds 2 sites: apps/docs, apps/web.",
  });
  const [one] = [await plan(sources, { root: "apps/docs" })];
  expect(one).toMatchObject({ root: "apps/docs", framework: "docusaurus" });
});
