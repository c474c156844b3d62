import { renameSync } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { nanoid } from "nanoid";
import { removeTree, runTool } from "../../sandbox/tools.ts";

/** A toolchain on the disk. */
export interface KeptTool {
  folder: string;
  bytes: number;
  usedAtMs: number;
}

/** What goes so that the rest fits, least recently used first, and never what `stays`. Pure. */
export function surplusTools(
  kept: readonly KeptTool[],
  { maxBytes, stays }: { maxBytes: number; stays: (folder: string) => boolean },
): string[] {
  let bytes = kept.reduce((sum, tool) => sum + tool.bytes, 0);
  const surplus: string[] = [];
  for (const tool of [...kept].sort((a, b) => a.usedAtMs - b.usedAtMs)) {
    if (bytes <= maxBytes) break;
    if (stays(tool.folder)) continue;
    bytes -= tool.bytes;
    surplus.push(tool.folder);
  }
  return surplus;
}

interface Eviction {
  maxBytes: number;
  /** By all names that are there; asked again right before each removal. */
  stays(folder: string, all: readonly string[]): boolean;
}

/** @returns the folders that are kept, when they fit now; none when they don't */
export async function evictTools(directory: string, { maxBytes, stays }: Eviction): Promise<Set<string>> {
  const all = (await readdir(directory)).filter((name) => /^(node|npm|pnpm|yarn|bun)-\d/.test(name));
  const kept: KeptTool[] = [];
  for (const folder of all) kept.push(await look(directory, folder));
  const surplus = surplusTools(kept, { maxBytes, stays: (folder) => stays(folder, all) });
  const left = new Map(kept.map((tool) => [tool.folder, tool.bytes]));
  for (const folder of surplus) {
    // A build may have taken it meanwhile; nothing comes between this look and the rename.
    if (stays(folder, all)) continue;
    // Out of the way as a whole: half of a toolchain would be taken for one. By this name a start finds it.
    const gone = join(directory, `fetching-${nanoid()}`);
    renameSync(join(directory, folder), gone);
    await removeTree(gone);
    left.delete(folder);
  }
  const bytes = left.values().reduce((sum, size) => sum + size, 0);
  return new Set(bytes <= maxBytes ? left.keys() : []);
}

async function look(directory: string, folder: string): Promise<KeptTool> {
  const path = join(directory, folder);
  const text = await runTool(["du", "-s", "-x", "--block-size=1", "--", path]);
  return { folder, bytes: Number.parseInt(text, 10), usedAtMs: (await lstat(path)).mtimeMs };
}
