import { posix } from "node:path";
import type { Site } from "./site.ts";

/** An output that is always the same. */
export const folders =
  (...names: string[]) =>
  () =>
    names;

/** What a configuration file names, and else the usual ones. */
export const withLiterals =
  (file: RegExp, key: RegExp, ...names: string[]) =>
  async (site: Site) => [...(await configLiterals(site, { file, key })), ...names];

/** A text that a configuration file holds literally, such as `outDir: "site"`; the file is read, never run. */
export async function configLiterals(site: Site, { file, key }: { file: RegExp; key: RegExp }): Promise<string[]> {
  const name = site.files.namesIn(site.root).find((candidate) => file.test(candidate));
  const text = name && (await site.files.text(site.root, name));
  if (!text) return [];
  const pattern = new RegExp(
    // After a newline alone: as `^` has it, each carriage return would begin a line that does not end there.
    `(?<![^\\n])(?![ \\t]*(?://|\\*|#))[^\\n]*?\\b(?:${key.source})["']?\\s*[:=]\\s*["'\`]([\\w@./ -]+)["'\`]`,
    "g",
  );
  return [...text.matchAll(pattern)].map((match) => folderName(match[1]!));
}

/** Vite's `build.outDir` is seen from its `root`; https://vite.dev/config/build-options#build-outdir */
export async function viteOutputs(site: Site): Promise<string[]> {
  const file = /^vite\.config\.[cm]?[jt]s$/;
  const [top] = await configLiterals(site, { file, key: /root/ });
  const written = await configLiterals(site, { file, key: /outDir/ });
  const names = [...written, "dist"];
  return top === undefined ? names : [...names.map((name) => posix.join(top, name)), ...names];
}

/** `nuxt generate docs` writes below the folder that it is told. */
export function nuxtOutputs({ commandText }: Site): string[] {
  const folder = /\b(?:nuxt|nuxi) generate +(?!-)([\w@./-]+)/.exec(commandText)?.[1];
  const usual = [".output/public", "dist"];
  return folder === undefined ? usual : [...usual.map((name) => posix.join(folder, name)), ...usual];
}

/** The static adapter's `pages`; newer SvelteKits are told in vite.config what others are in svelte.config. */
export async function svelteKitOutputs(site: Site): Promise<string[]> {
  const files = [/^svelte\.config\.[cm]?[jt]s$/, /^vite\.config\.[cm]?[jt]s$/];
  const written = await Promise.all(files.map((file) => configLiterals(site, { file, key: /pages/ })));
  return [...written.flat(), "build"];
}

/** VitePress and VuePress keep their folder in the folder of the pages: the argument of the command, or where it lies. */
export async function dotFolderOutputs(site: Site, { program }: { program: string }): Promise<string[]> {
  const dotFolder = `.${program}`;
  const argument = new RegExp(`\\b${program}(?:-vite)? build +(?!-)([\\w@./-]+)`).exec(site.commandText)?.[1];
  const isPlain = new RegExp(`\\b${program}(?:-vite)? build *($|[;&|"]|-)`, "m").test(site.commandText);
  const pages = argument !== undefined ? [folderName(argument)] : isPlain ? ["."] : [];
  const homes = [...new Set([...pages, ...foldersWith(site, dotFolder), "docs", "."])];
  const written = await Promise.all(homes.map((home) => writtenDotOutputs(site, { home, dotFolder })));
  return [...written.flat(), ...homes.map((home) => posix.join(home, dotFolder, "dist"))];
}

async function writtenDotOutputs(
  site: Site,
  { home, dotFolder }: { home: string; dotFolder: string },
): Promise<string[]> {
  const inside = { ...site, root: site.files.join(site.root, home, dotFolder) };
  const key = dotFolder === ".vitepress" ? /outDir/ : /dest/;
  const names = await configLiterals(inside, { file: /^config\.[cm]?[jt]s$/, key });
  return names.flatMap((name) => [posix.join(home, name), name]);
}

function foldersWith({ files, root }: Site, name: string): string[] {
  const found = new Set<string>();
  for (const path of files.pathsBelow(root)) {
    const parts = posix.relative(root, path).split("/");
    const at = parts.indexOf(name);
    if (at !== -1) found.add(parts.slice(0, at).join("/") || ".");
  }
  return [...found].sort((a, b) => a.length - b.length).slice(0, 8);
}

/**
 * angular.json names each project's output; the application builder puts the browser's files into `browser`.
 * https://angular.dev/reference/configs/workspace-config#output-path-configuration
 */
export async function angularOutputs({ files, root }: Site): Promise<string[]> {
  const text = (await files.text(root, "angular.json")) ?? "";
  const outputs: string[] = [];
  for (const match of text.matchAll(/"outputPath"\s*:\s*(?:"([^"]+)"|\{[^{}]*?"base"\s*:\s*"([^"]+)")/g)) {
    const folder = folderName((match[1] ?? match[2])!);
    outputs.push(`${folder}/browser`, folder);
  }
  const { projects = {}, defaultProject } = parsedOrEmpty(text);
  const names = [...(typeof defaultProject === "string" ? [defaultProject] : []), ...Object.keys(projects)];
  for (const name of names) outputs.push(`dist/${name}/browser`, `dist/${name}`);
  return [...outputs, "dist"];
}

function parsedOrEmpty(text: string): { projects?: object; defaultProject?: unknown } {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    return {}; // comments are allowed in angular.json: the outputs that are written out were found without parsing
  }
}

/** A folder as people write it, as candidates hold it: `./dist/` is `dist`. */
export function folderName(text: string): string {
  return posix.normalize(text.trim().replace(/^\/+/, "") || ".").replace(/(.)\/+$/, "$1");
}
