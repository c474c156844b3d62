import { posix } from "node:path";
import { mainFolders } from "./find-sites.ts";
import type { SourceFiles } from "./source-files.ts";

export interface NxApp {
  name: string;
  folder: string;
}

const PLAIN = /^(@[\w.-]+\/)?[\w.-]+$/;
const PLAIN_FOLDER = /^[\w@./-]+$/;

/** Projects of an Nx workspace that have a page; their tasks stand in project.json or come from Nx's plugins. */
export async function nxApps(files: SourceFiles, top: string): Promise<NxApp[]> {
  if (!files.has(top, "nx.json")) return [];
  const folders = files
    .pathsBelow(top)
    .filter((path) => /\/(project|package)\.json$/.test(path) && !/(^|\/)(node_modules|\.[^/]+)\//.test(path))
    .map((path) => posix.relative(top, posix.dirname(path)))
    .filter((folder) => folder !== "" && PLAIN_FOLDER.test(folder));
  const apps: NxApp[] = [];
  for (const folder of mainFolders([...new Set(folders)])) {
    const inside = files.join(top, folder);
    if (!files.has(inside, "index.html") && !files.has(inside, "src/index.html")) continue;
    const name = await nxName(files, inside);
    if (PLAIN.test(name)) apps.push({ name, folder });
  }
  return apps;
}

/** A project's own name goes before that of its package. */
export async function nxName(files: SourceFiles, folder: string): Promise<string> {
  const own = /"name"\s*:\s*"([^"]+)"/.exec((await files.text(folder, "project.json")) ?? "")?.[1];
  const packageName = (await files.packageJson(folder).catch(() => undefined))?.name;
  return [own, packageName].find((name) => name !== undefined && PLAIN.test(name)) ?? posix.basename(folder);
}

/** Where its builders write, of the projects that a command line names, or of all where it names none. */
export async function nxOutputs(
  files: SourceFiles,
  { top, commandText }: { top: string; commandText: string },
): Promise<string[]> {
  if (!/\bnx\b/.test(commandText)) return [];
  const apps = await nxApps(files, top);
  const words = new Set(commandText.split(/[\s"'=,:&;|]+/));
  const named = apps.filter(({ name }) => words.has(name));
  return (named.length > 0 ? named : apps).flatMap(({ folder }) => [
    `dist/${folder}/browser`,
    `dist/${folder}`,
    `${folder}/dist`,
  ]);
}
