import { mkdir, open, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BerthError } from "../model/errors.ts";
import type { Sha256 } from "../model/ids.ts";
import { assertNoEntryBelowAnother, pathProblem, type Tree } from "../model/tree.ts";
import { inParallel } from "../store/concurrency.ts";

const AT_ONCE = 32;
/** Larger files are written as they are read, so that memory stays flat. */
const IN_MEMORY_MAX_BYTES = 1024 * 1024;
/** The kernel's PATH_MAX, which a link's target has to fit in with its end. */
const LINK_MAX_BYTES = 4095;

interface Materialising {
  tree: Tree;
  /** Exists and is empty; nobody else writes to it meanwhile. */
  directory: string;
  readBlob(hash: Sha256): Promise<Uint8Array>;
  streamBlob(hash: Sha256): AsyncIterable<Uint8Array>;
  signal: AbortSignal;
}

/**
 * Writes a tree out: folders, files with their modes, links last, so that nothing is ever written through a link.
 * @throws BerthError `source_refused` before anything is written, when a path could lead out of the folder
 */
export async function materialise({ tree, directory, readBlob, streamBlob, signal }: Materialising): Promise<void> {
  for (const { path } of tree.entries) {
    const problem = pathProblem(path);
    if (problem !== undefined) throw refused(path, problem);
  }
  assertNoEntryBelowAnother(tree.entries);
  const folders = new Set(tree.entries.map(({ path }) => dirname(path)));
  for (const folder of [...folders].sort()) await mkdir(join(directory, folder), { recursive: true });
  const files = tree.entries.filter(({ mode }) => mode !== "120000");
  const links = tree.entries.filter(({ mode }) => mode === "120000");
  await inParallel(files, AT_ONCE, async ({ path, mode, hash, size }) => {
    signal.throwIfAborted();
    // `wx`: what is there already was put there by somebody else.
    const file = await open(join(directory, path), "wx", mode === "100755" ? 0o755 : 0o644);
    try {
      if (size <= IN_MEMORY_MAX_BYTES) await file.writeFile(await readBlob(hash));
      else {
        for await (const chunk of streamBlob(hash)) {
          signal.throwIfAborted();
          await file.writeFile(chunk);
        }
      }
    } finally {
      await file.close();
    }
  });
  await inParallel(links, AT_ONCE, async ({ path, hash, size }) => {
    signal.throwIfAborted();
    if (size === 0 || size > LINK_MAX_BYTES) throw refused(path, "a link's target that is empty or too long");
    const target = Buffer.from(await readBlob(hash));
    if (target.includes(0)) throw refused(path, "a zero byte in its link's target");
    await symlink(target, join(directory, path));
  });
}

function refused(path: string, problem: string): BerthError {
  return new BerthError("source_refused", `${JSON.stringify(path)} has ${problem}.`, {
    hint: "Rename or remove it in the repository.",
  });
}
