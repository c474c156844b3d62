import { lstat, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { abandonedRoots } from "../sandbox/leftovers.ts";
import { removeTree } from "../sandbox/tools.ts";
import { unmountVolume } from "../sandbox/volume.ts";

/** What is made under a name of its own and removed at its end, so that only a killed platform leaves it. */
const PASSING: readonly (readonly [folder: string, names: RegExp])[] = [
  ["tmp", /./],
  ["slots", /^(try-|canary\.)/],
  ["fetches", /^(try-|canary\.)/],
  ["toolchains", /^(fetching|making)-/],
  ["database", /^draft-/],
];

/** Outside of the data directory, with its owner written in it: other platforms have theirs beside it. */
const ELSEWHERE = /^berth-agent-/;

/**
 * Finds what earlier platforms of this data directory have left half-made. Whoever calls holds the directory and has
 * started nothing yet, so all of it is nobody's any more. A folder that is a link may be shared with others: it is left
 * as it is.
 */
export async function findLeftovers(dataDirectory: string, temporary = tmpdir()): Promise<string[]> {
  const found: string[] = [];
  for (const [folder, names] of PASSING) {
    const path = join(dataDirectory, folder);
    if (await isOwnFolder(path)) found.push(...(await namesIn(path, names)));
  }
  const outside: string[] = [];
  for (const path of await namesIn(temporary, ELSEWHERE)) if (await isOwnFolder(path)) outside.push(path);
  return [...found, ...abandonedRoots(outside, { ownerless: false })];
}

/** Removes them one after the other; what can't be removed is told, and is tried again at the next start. */
export async function removeLeftovers(paths: readonly string[], onFault: (error: unknown) => void): Promise<void> {
  for (const path of paths) {
    try {
      await unmountVolume(path);
      await removeTree(path);
    } catch (error) {
      onFault(error);
    }
  }
}

async function namesIn(folder: string, names: RegExp): Promise<string[]> {
  const all = await readdir(folder).catch(() => []);
  return all.filter((name) => names.test(name)).map((name) => join(folder, name));
}

/** In a folder where everybody writes, another user may have made what bears the name. */
async function isOwnFolder(path: string): Promise<boolean> {
  const info = await lstat(path).catch(() => undefined);
  return info?.isDirectory() === true && info.uid === process.getuid?.();
}
