import type { SourceFiles } from "./source-files.ts";

const CONFIGURATION = ["hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json", "config/_default"];
/** Names that others use, too: they tell Hugo beside one of its folders. */
const OLD_CONFIGURATION = ["config.toml", "config.yaml", "config.yml", "config.json"];
const FOLDERS = ["archetypes", "themes", "layouts", "content"];

/** https://gohugo.io/getting-started/directory-structure/ */
export function isHugoSite(files: SourceFiles, root: string): boolean {
  const isThere = (name: string) => files.has(root, name) || files.hasFolder(files.join(root, name));
  if (CONFIGURATION.some(isThere)) return true;
  const folders = FOLDERS.filter((name) => files.hasFolder(files.join(root, name))).length;
  return OLD_CONFIGURATION.some((name) => files.has(root, name)) && folders >= 2;
}

/** The machine's own program, by the sandbox's shell, which says so when there is none. */
export const HUGO_COMMAND = "hugo --gc --minify";
