import { buildScripts } from "./script-text.ts";
import type { SourceFiles } from "./source-files.ts";

const USUAL = ["public", "dist", "build", "out", "site", "www", "html", "htdocs", "_site", "static", "src", "docs"];
/** The part of a program with a server that is shown; a site elsewhere that must be built comes before it. */
const FRONT_ENDS = ["frontend", "client", "web", "website"];

/** What a server or a host shows in the place of a page, or asks for to know an owner. */
const NO_PAGE = /^([45]\d\d([-_]\w[\w-]*)?|error|offline|maintenance|google[0-9a-f]{16})\.html?$/i;

/** A name of a page that somebody would come to read. */
export function isPageName(name: string): boolean {
  return /\.html?$/i.test(name) && !NO_PAGE.test(name);
}

/** The root when it has an index page; else the one usual folder that has one; else the root if it has any page. */
export async function usualPages(files: SourceFiles, root: string): Promise<string | undefined> {
  if (files.has(root, "index.html")) return ".";
  const withIndex = await foldersWithIndex(files, { root, names: USUAL });
  if (withIndex.length === 1) return withIndex[0];
  return files.namesIn(root).some((name) => isPageName(name) && files.has(root, name)) ? "." : undefined;
}

/** The same; and where there is none, the one folder of a front end. */
export async function pagesFolder(files: SourceFiles, root: string): Promise<string | undefined> {
  const usual = await usualPages(files, root);
  if (usual !== undefined || (await foldersWithIndex(files, { root, names: USUAL })).length > 0) return usual;
  const withIndex = await foldersWithIndex(files, { root, names: FRONT_ENDS });
  return withIndex.length === 1 ? withIndex[0] : undefined;
}

/** Those whose index page is one as it stands: where a script builds it is the entry of a bundler. */
async function foldersWithIndex(
  files: SourceFiles,
  { root, names }: { root: string; names: readonly string[] },
): Promise<string[]> {
  const found: string[] = [];
  for (const name of names) {
    const folder = files.join(root, name);
    if (!files.has(folder, "index.html")) continue;
    const packageJson = await files.packageJson(folder).catch(() => undefined);
    if (buildScripts(packageJson ?? {}).length === 0) found.push(name);
  }
  return found;
}

/** What a program fills in. */
const TEMPLATES = /(^|\/)(templates?|_?layouts?|_includes|themes?|views)\//;

/** How deep folders are named that may be meant. */
const DEPTH = 3;

/** Folders with an index page, wherever they lie: one may be what is meant. */
function foldersToName(files: SourceFiles, root: string): string[] {
  const top = root === "." ? "" : `${root}/`;
  return files
    .pathsBelow(root)
    .filter((path) => path.endsWith("/index.html") && !/(^|\/)(node_modules|\.[^/]+)\//.test(path))
    .map((path) => path.slice(top.length, -"/index.html".length))
    .filter((folder) => folder.length > 0 && folder.split("/").length <= DEPTH && !TEMPLATES.test(`${folder}/`))
    .sort((one, other) => one.split("/").length - other.split("/").length || (one < other ? -1 : 1));
}

/** For a hint: where pages lie in folders, and which setting is to name one; undefined where there are none. */
export function foldersHint(
  files: SourceFiles,
  root: string,
  setting: "root" | "output_directory",
): string | undefined {
  const withIndex = foldersToName(files, root).slice(0, 8).join(", ");
  if (withIndex === "") return undefined;
  return `An index.html is in: ${withIndex}. Set ${setting} to the folder to be published.`;
}
