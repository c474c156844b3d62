import type { SourceFiles } from "./source-files.ts";

const CONFIGURATION = ["hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json", "config/_default"];
/** Names that others use, too: they tell Hugo beside one of its folders. */
const OLD_CONFIGURATION = ["config.toml", "config.yaml", "config.yml", "config.json"];
const FOLDERS = ["archetypes", "themes", "layouts", "content"];

/** https://gohugo.io/getting-started/directory-structure/ */
export async function isHugoSite(files: SourceFiles, root: string): Promise<boolean> {
  const isThere = (name: string) => files.has(root, name) || files.hasFolder(files.join(root, name));
  if (CONFIGURATION.some(isThere)) return true;
  const folders = FOLDERS.filter((name) => files.hasFolder(files.join(root, name))).length;
  const isOld = OLD_CONFIGURATION.some((name) => files.has(root, name)) && folders >= 2;
  return isOld && !(await isZolaSite(files, root));
}

/** It has folders of the same names, and spells its address in another way. */
export async function isZolaSite(files: SourceFiles, root: string): Promise<boolean> {
  return /^\s*base_url\s*=/m.test((await files.text(root, "config.toml")) ?? "");
}

/** The machine's own program, by the sandbox's shell, which says so when there is none. */
export const HUGO_COMMAND = "hugo --gc --minify";
