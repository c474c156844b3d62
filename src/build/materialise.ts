import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Sha256 } from "../model/ids.ts";
import { assertNoEntryBelowAnother, type Tree } from "../model/tree.ts";

const CONCURRENCY = 32;

interface Materialising {
  tree: Tree;
  /** Exists and is empty; nobody else writes to it meanwhile. */
  directory: string;
  readBlob(hash: Sha256): Promise<Uint8Array>;
  signal: AbortSignal;
}

/** Writes a tree out: folders, files with their modes, links last, so that nothing is ever written through a link. */
export async function materialise({ tree, directory, readBlob, signal }: Materialising): Promise<void> {
  assertNoEntryBelowAnother(tree.entries);
  const folders = new Set(tree.entries.map((entry) => dirname(entry.path)));
  for (const folder of [...folders].sort()) await mkdir(join(directory, folder), { recursive: true });
  const files = tree.entries.filter((entry) => entry.mode !== "120000");
  const next = files.values();
  const work = async () => {
    for (const entry of next) {
      signal.throwIfAborted();
      const path = join(directory, entry.path);
      await writeFile(path, await readBlob(entry.hash), { flag: "wx" });
      await chmod(path, entry.mode === "100755" ? 0o755 : 0o644);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  for (const entry of tree.entries) {
    if (entry.mode !== "120000") continue;
    await symlink(new TextDecoder().decode(await readBlob(entry.hash)), join(directory, entry.path));
  }
}
