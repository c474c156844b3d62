import { NEVER_ALONE } from "./detect.ts";
import { FRAMEWORKS } from "./frameworks.ts";
import { buildScripts, runsProgram, type Script, scriptRunning } from "./script-text.ts";
import type { Site } from "./site.ts";

type Built = Pick<Site, "files" | "root" | "packageJson">;

/** The script that writes the site; in a repository of a library `build` makes the library, and another the site. */
export async function siteScript(site: Built, frameworks: readonly string[]): Promise<Script | undefined> {
  const [first] = buildScripts(site.packageJson);
  return (await scriptOfPages(site, frameworks)) ?? first;
}

/**
 * A library that Vite bundles, and no script shows: an index page beside it is for trying it out. Where several scripts
 * run Vite, one of them may well build that page.
 */
export async function isLibraryAlone(site: Built, frameworks: readonly string[]): Promise<boolean> {
  const bundling = Object.values(site.packageJson.scripts ?? {}).filter((text) => runsProgram(text, "vite build"));
  if (bundling.length !== 1 || !(await isLibrary(site))) return false;
  return (await scriptOfPages(site, frameworks)) === undefined;
}

/** undefined where nothing but a library is built. */
async function scriptOfPages(site: Built, frameworks: readonly string[]): Promise<Script | undefined> {
  const { files, root, packageJson } = site;
  const scripts = buildScripts(packageJson);
  const runs = (script: Script, ids: readonly string[]) =>
    ids.some((id) => FRAMEWORKS[id]!.programs.some((program) => runsProgram(script.text, program)));
  const generate = scripts.find(({ name }) => name === "generate");
  if (generate && frameworks.includes("nuxt") && runs(generate, ["nuxt"])) return generate;
  const bundled = await isLibrary(site);
  const sites = frameworks.filter((id) => !["storybook", "typedoc", "gulp", "grunt", "webpack"].includes(id));
  const [first] = scripts;
  const stories = frameworks.includes("storybook") ? scripts.find((script) => runs(script, ["storybook"])) : undefined;
  const documentation = scripts.find((script) => runs(script, ["typedoc"]));
  const { isPublished, workspaces } = packageJson;
  const ofLibraries = ["storybook", "rollup", ...(isPublished ? ["gulp", "grunt"] : [])];
  const others = frameworks.filter((id) => !ofLibraries.includes(id));
  const hasPage = ["", "public"].some((folder) => files.has(files.join(root, folder), "index.html"));
  const hasMembers = workspaces !== undefined || files.has(root, "pnpm-workspace.yaml");
  const isOther = first && !hasPage && !runs(first, others) && (isPublished || hasMembers || compiles(first));
  const ofLibrary = first && (bundled || isOther);
  const bundlers = [...(bundled ? ["vite"] : []), ...(isOther ? ["rollup"] : [])];
  const pages = sites.filter((id) => !FRAMEWORKS[id]!.programs.some((program) => bundlers.includes(program)));
  const ofSite = stories ?? documentation ?? scripts.find(({ name }) => NAMED_FOR_SITE.test(name));
  const alone = pages.filter((id) => !NEVER_ALONE.has(id));
  const ofPages = scripts.find((script) => runs(script, alone)) ?? scripts.find((script) => runs(script, pages));
  if (ofPages !== undefined || (first && !ofLibrary)) return ofPages ?? first;
  // Of a library that Vite bundles every script may run Vite: the name tells which shows it.
  const shown = bundled
    ? { ids: sites, named: /\b(?:demos?|examples?|playground|gh-?pages|docs|site|web(?:site)?)\b/i }
    : undefined;
  const programs = (shown?.ids ?? alone).flatMap((id) => FRAMEWORKS[id]!.programs);
  return ofSite ?? scriptRunning(packageJson, { programs, named: shown?.named ?? /./ });
}

const NAMED_FOR_SITE = /^(docs|site|website|web)[:-]|[:-](docs|site|website|web)$/;

/** They write modules and no pages: a library's stories, or else its documentation, are its site then. */
const LIBRARY_BUILDERS = ["babel", "swc", "tsc", "tsup", "tsdown", "rollup", "unbuild", "microbundle"];

const compiles = ({ text }: Script): boolean => LIBRARY_BUILDERS.some((name) => runsProgram(text, name));

/** Vite's library mode: https://vite.dev/guide/build#library-mode */
async function isLibrary({ files, root }: Built): Promise<boolean> {
  const name = files.namesIn(root).find((candidate) => /^vite\.config\.[cm]?[jt]s$/.test(candidate));
  return name !== undefined && /^[ \t]*lib:\s*\{/m.test((await files.text(root, name)) ?? "");
}
