import { chmod, mkdir, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BerthError } from "../model/errors.ts";
import type { SlotFolders } from "./sandbox.ts";

/** The folders of build slots: `<directory>/<slot>/{work,cache,home}`. */
export interface Slots {
  folders(slot: number): SlotFolders;
  /** For what the platform itself puts beside them: files that a run needs. */
  runDirectory(slot: number): string;
  prepare(slot: number): Promise<SlotFolders>;
  handOver(slot: number): Promise<void>;
  clear(slot: number): Promise<void>;
}

interface SlotOptions {
  directory: string;
  /** The user of a slot; undefined where all slots are this process's own user. */
  uidOf: (slot: number) => number | undefined;
  npmrcLines: readonly string[];
}

export function openSlots({ directory, uidOf, npmrcLines }: SlotOptions): Slots {
  const root = (slot: number) => join(directory, String(slot));
  const folders = (slot: number): SlotFolders => ({
    work: join(root(slot), "work"),
    cache: join(root(slot), "cache"),
    home: join(root(slot), "home"),
  });
  const clear = (slot: number) => runTool(["rm", "-rf", "--", root(slot)]);
  const handOver = async (slot: number) => {
    const uid = uidOf(slot);
    // -h and -P: no link is followed. Nothing of the slot is alive now that could put one in a folder's place.
    if (uid !== undefined)
      await runTool(["chown", "-R", "-h", "-P", `${uid}:${uid}`, "--", ...Object.values(folders(slot))]);
  };
  return {
    folders,
    runDirectory: (slot) => join(root(slot), "run"),
    clear,
    handOver,
    async prepare(slot) {
      await clear(slot);
      const made = folders(slot);
      for (const [path, mode] of [
        [root(slot), 0o711],
        [join(root(slot), "run"), 0o711],
        [made.work, 0o700],
        [made.cache, 0o700],
        [made.home, 0o700],
      ] as const) {
        await mkdir(path, { recursive: true });
        await chmod(path, mode);
      }
      await writeFile(join(made.home, ".npmrc"), npmrcLines.map((line) => `${line}\n`).join(""));
      await handOver(slot);
      const uid = uidOf(slot);
      if (uid !== undefined) await assertReachable(root(slot), uid);
      return made;
    },
  };
}

/** @throws BerthError `data_directory_unusable` that names the folder which the slot's user can't pass through */
async function assertReachable(path: string, uid: number): Promise<void> {
  const folders: string[] = [];
  for (let folder = path; folder !== "/"; folder = dirname(folder)) folders.unshift(folder);
  for (const folder of folders) {
    const found = await stat(folder);
    const bit = found.uid === uid ? 0o100 : found.gid === uid ? 0o010 : 0o001;
    if ((found.mode & bit) !== 0) continue;
    throw new BerthError(
      "data_directory_unusable",
      `Builds run as users of their own, and '${folder}' does not let other users through to '${path}'.`,
      { hint: `Run 'chmod o+x ${folder}', or choose another folder with --data or BERTH_DATA.` },
    );
  }
}

/** Tools of coreutils, which walk by descriptors and so go to any depth. */
async function runTool(command: string[]): Promise<void> {
  const child = Bun.spawn(command, {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
    env: { PATH: "/usr/bin:/bin" },
  });
  const [exit, text] = await Promise.all([child.exited, new Response(child.stderr).text()]);
  if (exit === 0) return;
  throw new BerthError(
    "data_directory_unusable",
    `'${command[0]}' failed in the build folders: ${text.trim().slice(0, 300)}`,
    {
      hint: "Look at the rights and the free space of the data directory.",
    },
  );
}
