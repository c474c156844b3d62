import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

/**
 * The keys under `prefix` that come after `after`, in ascending order of their bytes. Reads only folders that can hold
 * such keys.
 */
export async function* walkKeys(root: string, options: { prefix: string; after: string }): AsyncGenerator<string> {
  const { prefix, after } = options;
  const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
  yield* walk(folder);

  async function* walk(folder: string): AsyncGenerator<string> {
    // A folder sorts as its keys do, with the slash: 'a-b' comes before 'a/b', and 'a0' after it.
    const names = (await entries(join(root, folder)))
      .filter((entry) => !entry.name.startsWith("."))
      .map((entry) => folder + entry.name + (entry.isDirectory() ? "/" : ""))
      .sort();
    for (const name of names) {
      if (name.endsWith("/")) {
        const isAhead = name > after || after.startsWith(name);
        if (isAhead && (name.startsWith(prefix) || prefix.startsWith(name))) yield* walk(name);
      } else if (name > after && name.startsWith(prefix)) {
        yield name;
      }
    }
  }
}

async function entries(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
}
