import { posix } from "node:path";
import { detectFrameworks, frameworkOf, NEVER_ALONE } from "./detect.ts";
import { FRAMEWORKS } from "./frameworks.ts";
import { buildScripts, makesLibrary, runsProgram } from "./script-text.ts";
import { dependsOn } from "./site.ts";
import type { PackageJson, SourceFiles } from "./source-files.ts";
import { workspaceMembers } from "./workspace.ts";

/** Folders with a package.json that are looked at; a repository of more is left to its settings. */
const LOOKED_AT = 200;
/** How deep below the top a folder may lie, where no workspace says which folders count. */
const DEPTH = 3;

/** By their names no site of anybody, but something that a repository shows or tests itself with: `demo`, `node-demo`. */
const SIDE =
  /(^|\/)(?:[\w.]+-)*(examples?|samples?|boilerplates?|demos?|fixtures?|__\w+__|tests?|e2e|playgrounds?|sandbox(es)?|templates?|starters?|benchmarks?|integration)(\/|$|-)/i;

/** Folders of sites below the top; `main` are those that do not look like examples or tests. */
export async function findSites(files: SourceFiles): Promise<{ main: string[]; side: string[] }> {
  const members = await workspaceMembers(files, ".");
  const ofMembers = await sitesAmong(files, members);
  if (ofMembers.main.length + ofMembers.side.length > 0) return ofMembers;
  // The members of many a workspace are libraries, and their documentation lies beside it, with its own packages.
  const others = await sitesAmong(files, foldersWithPackage(files));
  return members.length === 0 ? others : { main: others.main, side: [] };
}

async function sitesAmong(files: SourceFiles, folders: readonly string[]): Promise<{ main: string[]; side: string[] }> {
  const sites: string[] = [];
  for (const folder of folders.slice(0, LOOKED_AT)) {
    const packageJson = await files.packageJson(folder).catch(() => undefined);
    if (packageJson !== undefined && (await isSite(files, { root: folder, packageJson }))) sites.push(folder);
  }
  // What lies in a site's folder is a part of it, such as what draws its images.
  const outer = sites.filter((folder) => !sites.some((other) => folder.startsWith(`${other}/`)));
  const side = outer.filter((folder) => SIDE.test(folder));
  return { main: outer.filter((folder) => !side.includes(folder)), side };
}

/** Those that do not look like examples or tests; all where all do. */
export function mainFolders(folders: readonly string[]): string[] {
  const main = folders.filter((folder) => !SIDE.test(folder));
  return main.length > 0 ? main : [...folders];
}

function foldersWithPackage(files: SourceFiles): string[] {
  return files
    .pathsBelow(".")
    .filter((path) => posix.basename(path) === "package.json" && !/(^|\/)(node_modules|\.[^/]+)\//.test(path))
    .map((path) => posix.dirname(path))
    .filter((folder) => folder !== "." && folder.split("/").length <= DEPTH)
    .sort((one, other) => one.split("/").length - other.split("/").length || (one < other ? -1 : 1));
}

const VITE_LIKE = new Set(["vite", "svelte", "solid-js", "tanstack-router"]);

/** Its name alone tells it where a preset or a layer of somebody's brings it. */
function runsFrameworkOfPreset(text: string): boolean {
  const id = frameworkOf([], text);
  return id !== undefined && !NEVER_ALONE.has(id) && !VITE_LIKE.has(id);
}

/** It has a script that builds, and a framework that makes pages; a library that is bundled with one is none. */
async function isSite(
  files: SourceFiles,
  { root, packageJson }: { root: string; packageJson: PackageJson },
): Promise<boolean> {
  const scripts = buildScripts(packageJson);
  if (scripts.length === 0) return false;
  const hasPage = files.has(root, "index.html");
  const found = (await detectFrameworks({ files, root, packageJson })).filter((id) => !NEVER_ALONE.has(id));
  if (found.length === 0) return hasPage || scripts.some(({ text }) => runsFrameworkOfPreset(text));
  const folders = files.foldersIn(root).map((folder) => files.join(root, folder));
  if (found.every((id) => VITE_LIKE.has(id)))
    return hasPage || folders.some((folder) => files.has(folder, "index.html") && !SIDE.test(posix.basename(folder)));
  if (found.includes("svelte-kit") && dependsOn(packageJson, "@sveltejs/package")) return hasPage;
  // A theme or a plugin is compiled with something else, and names the framework that it is for.
  const runsIt = (text: string) => found.flatMap(programsOf).some((program) => runsProgram(text, program));
  const isForOthers = found.some((id) => programsOf(id).some((name) => packageJson.peerDependencies?.[name]));
  if (!hasPage && scripts.every(({ text }) => (isForOthers || makesLibrary(text)) && !runsIt(text))) return false;
  if (found.includes("angular") && (await hasAngularLibrariesAlone(files, root))) return hasPage;
  return found.some((id) => FRAMEWORKS[id] !== undefined);
}

const programsOf = (id: string): readonly string[] => FRAMEWORKS[id]?.programs ?? [];

/** https://angular.dev/reference/configs/workspace-config#project-configuration-options */
async function hasAngularLibrariesAlone(files: SourceFiles, root: string): Promise<boolean> {
  const types = [...((await files.text(root, "angular.json")) ?? "").matchAll(/"projectType"\s*:\s*"(\w+)"/g)];
  return types.length > 0 && types.every(([, type]) => type === "library");
}
