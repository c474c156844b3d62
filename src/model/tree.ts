import { BerthError } from "./errors.ts";
import type { Sha256 } from "./ids.ts";

/** Git's modes: a file, an executable file, a symbolic link whose blob is the link's target text. */
export type TreeMode = "100644" | "100755" | "120000";

export interface TreeEntry {
  /** Relative, `/`-separated, UTF-8, no empty, `.` or `..` part. */
  path: string;
  mode: TreeMode;
  hash: Sha256;
  /** Bytes. */
  size: number;
}

/** A set of files under one root, sorted by path; the same entries always have the same hash. */
export interface Tree {
  entries: readonly TreeEntry[];
}

/**
 * One canonical text for one tree: a JSON document with an entry a line, sorted by the bytes of its path.
 * Its SHA-256 is the tree's name in the store.
 */
export function serializeTree(entries: Iterable<TreeEntry>): string {
  const sorted = [...entries].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  const lines = sorted.map((e) => JSON.stringify([e.path, e.mode, e.hash, e.size]));
  return `{"version":1,"entries":[\n${lines.join(",\n")}\n]}\n`;
}

export function parseTree(text: string): Tree {
  const parsed = JSON.parse(text) as { version: number; entries: [string, TreeMode, Sha256, number][] };
  if (parsed.version !== 1) throw new Error(`unknown tree version ${parsed.version}`);
  return { entries: parsed.entries.map(([path, mode, hash, size]) => ({ path, mode, hash, size })) };
}

/**
 * Refuses a path that can't be stored, written out and served without surprise. The same rule holds for sources and
 * for build outputs.
 * @returns the reason, or undefined when the path is fine
 */
export function pathProblem(path: string): string | undefined {
  if (path === "") return "an empty name";
  if (Buffer.byteLength(path) > 1024) return "a path of more than 1,024 bytes";
  if (path.includes("\ufffd")) return "a name that is not UTF-8";
  if (/[\u0000-\u001f\u007f]/.test(path)) return "a control character in its name";
  if (/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/.test(path)) return "a bidirectional control character in its name";
  if (path.includes("\\")) return "a backslash in its name";
  for (const part of path.split("/")) {
    if (part === "" || part === "." || part === "..") return "an empty, '.' or '..' part in its path";
    if (part.toLowerCase() === ".git") return "a .git folder";
    if (Buffer.byteLength(part) > 255) return "a name of more than 255 bytes";
  }
  return undefined;
}

/**
 * Refuses a tree in which an entry lies below another entry that is no folder: written to a disk, such a path would
 * be followed through a link.
 */
export function assertNoEntryBelowAnother(entries: Iterable<TreeEntry>): void {
  const paths = new Set<string>();
  for (const entry of entries) paths.add(entry.path);
  for (const path of paths) {
    for (let slash = path.indexOf("/"); slash !== -1; slash = path.indexOf("/", slash + 1)) {
      const parent = path.slice(0, slash);
      if (paths.has(parent)) {
        throw new BerthError("source_refused", `'${path}' lies below '${parent}', which is not a folder.`, {
          hint: "Remove one of the two from the repository.",
        });
      }
    }
  }
}
