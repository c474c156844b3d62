import { posix } from "node:path";
import { BerthError } from "../model/errors.ts";
import type { Tree, TreeEntry } from "../model/tree.ts";

/** As many links as the kernel follows in one path (path_resolution(7)). */
const MAX_HOPS = 40;
const MAX_FILES = 100_000;
/** Names that are met on the way, by links again and again: folders that hold links alone have no file to count. */
const MAX_STEPS = 2 * MAX_FILES;

export interface TreeFile {
  /** Where it is published, seen from the folder. */
  path: string;
  entry: TreeEntry;
}

type Folder = Map<string, Folder | TreeEntry>;

/**
 * The files below a folder of a source, as they are published without a build: a link to a file or folder within it
 * stands for what it leads to. Pure.
 * @throws BerthError `output_refused` when its links make too much of it
 * @param targets texts of the links, by their paths in the tree
 * @returns `left`: links that lead out of the folder, nowhere, or back to a folder that they lie in
 */
export function filesBelow(
  tree: Tree,
  folder: string,
  targets: ReadonlyMap<string, string>,
): { files: TreeFile[]; left: string[] } {
  const top = folderTree(tree, folder === "." ? "" : `${folder}/`);
  const files: TreeFile[] = [];
  const left: string[] = [];
  let steps = 0;
  const walk = (at: Folder, place: { real: readonly string[]; shown: string; above: readonly Folder[] }) => {
    for (const [name, child] of at) {
      steps += 1;
      if (steps > MAX_STEPS || files.length > MAX_FILES) throw tooMany(folder);
      const shown = posix.join(place.shown, name);
      const isLink = !(child instanceof Map) && child.mode === "120000";
      const found = isLink ? follow(top, [...place.real, name], targets) : { node: child, real: [...place.real, name] };
      if (found === undefined || place.above.includes(found.node as Folder)) left.push(shown);
      else if (!(found.node instanceof Map)) files.push({ path: shown, entry: found.node });
      else walk(found.node, { real: found.real, shown, above: [...place.above, found.node] });
    }
  };
  walk(top, { real: [], shown: "", above: [top] });
  return { files, left };
}

function tooMany(folder: string): BerthError {
  const what = folder === "." ? "The source" : `The folder '${folder}'`;
  return new BerthError(
    "output_refused",
    `${what} has more than ${MAX_FILES.toLocaleString("en")} files by its links.`,
    {
      hint: "Links to folders multiply what is published: replace them, or publish another folder.",
    },
  );
}

function folderTree(tree: Tree, prefix: string): Folder {
  const top: Folder = new Map();
  for (const entry of tree.entries) {
    if (!entry.path.startsWith(prefix)) continue;
    const parts = entry.path.slice(prefix.length).split("/");
    let at = top;
    for (const part of parts.slice(0, -1)) {
      const next = at.get(part);
      const inner: Folder = next instanceof Map ? next : new Map();
      at.set(part, inner);
      at = inner;
    }
    at.set(parts.at(-1)!, entry);
  }
  return top;
}

/** Walks as the kernel would, but never above the top. */
function follow(
  top: Folder,
  path: readonly string[],
  targets: ReadonlyMap<string, string>,
): { node: Folder | TreeEntry; real: string[] } | undefined {
  const pending = [...path];
  let real: string[] = [];
  for (let hops = 0; pending.length > 0; ) {
    const part = pending.shift()!;
    if (part === "" || part === ".") continue;
    if (part === "..") {
      if (real.length === 0) return undefined;
      real = real.slice(0, -1);
      continue;
    }
    const parent = nodeAt(top, real);
    const node = parent instanceof Map ? parent.get(part) : undefined;
    if (node === undefined) return undefined;
    if (node instanceof Map || node.mode !== "120000") {
      real.push(part);
      continue;
    }
    const target = targets.get(node.path);
    hops += 1;
    if (target === undefined || target.startsWith("/") || hops > MAX_HOPS) return undefined;
    pending.unshift(...target.split("/"));
  }
  const node = nodeAt(top, real);
  return node === undefined ? undefined : { node, real };
}

function nodeAt(top: Folder, path: readonly string[]): Folder | TreeEntry | undefined {
  let node: Folder | TreeEntry | undefined = top;
  for (const part of path) node = node instanceof Map ? node.get(part) : undefined;
  return node;
}
