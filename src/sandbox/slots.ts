import { renameSync } from "node:fs";
import { chmod, mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { nanoid } from "nanoid";
import { BerthError } from "../model/errors.ts";
import { abandonedRoots, endLeftRuns, writeOwner } from "./leftovers.ts";
import type { SlotFolders } from "./sandbox.ts";
import { removeTree, runTool } from "./tools.ts";
import { diskOf, mountVolume, unmountVolume } from "./volume.ts";

/**
 * The folders of build slots: `<directory>/<slot>/disk/{work,cache,home}`, on a volume of their own where there is
 * one. What is cleared is moved to `<directory>/removed` first, which frees the slot at once.
 */
export interface Slots {
  folders(slot: number): SlotFolders;
  /** What the slot's folders lie in: the volume's top. */
  disk(slot: number): string;
  /** For what the platform itself puts beside them: files that a run needs. */
  runDirectory(slot: number): string;
  prepare(slot: number): Promise<SlotFolders>;
  handOver(slot: number): Promise<void>;
  /** The slot is free when this returns; the promise resolves when its space is given back. */
  clear(slot: number): Promise<void>;
  /** Clears the slots that were prepared, and waits until all removed space is given back. */
  close(): Promise<void>;
  /** Ends and removes what platforms of this directory that were killed have left; what can't be is told, and stays. */
  reap(onFault: (error: unknown) => void): Promise<void>;
}

interface SlotOptions {
  directory: string;
  /** The user of a slot; undefined where all slots are this process's own user. */
  uidOf: (slot: number) => number | undefined;
  /** What a home folder holds when a slot is prepared: contents by name. */
  homeFiles: Readonly<Record<string, string>>;
  /** Size of a slot's volume; undefined where there are no volumes. */
  volumeBytes: number | undefined;
}

/** In the home: what is temporary counts as disk there, and not as memory. */
export const TEMPORARY = "tmp";

export function openSlots({ directory, uidOf, homeFiles, volumeBytes }: SlotOptions): Slots {
  const root = (slot: number) => join(directory, String(slot));
  const removed = join(directory, "removed");
  const folders = (slot: number): SlotFolders => ({
    work: join(diskOf(root(slot)), "work"),
    cache: join(diskOf(root(slot)), "cache"),
    home: join(diskOf(root(slot)), "home"),
  });
  const prepared = new Set<number>();
  const removals = new Set<Promise<void>>();
  const clear = (slot: number): Promise<void> => {
    prepared.delete(slot);
    const place = join(removed, nanoid());
    try {
      renameSync(root(slot), place);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return Promise.resolve();
      throw error;
    }
    const removal = remove(place).finally(() => removals.delete(removal));
    removals.add(removal);
    return removal;
  };
  const handOver = async (slot: number) => {
    const uid = uidOf(slot);
    // -h and -P: no link is followed. Nothing of the slot is alive now that could put one in a folder's place.
    if (uid !== undefined)
      await runTool(["chown", "-R", "-h", "-P", `${uid}:${uid}`, "--", ...Object.values(folders(slot))]);
  };
  return {
    folders,
    disk: (slot) => diskOf(root(slot)),
    runDirectory: (slot) => join(root(slot), "run"),
    clear,
    handOver,
    async close() {
      for (const slot of prepared) void clear(slot);
      await Promise.all(removals);
    },
    async reap(onFault) {
      const names = await readdir(directory);
      const kept = names.filter((name) => /^\d+$/.test(name)).map((name) => join(directory, name));
      const gone = (await readdir(removed).catch(() => [])).map((name) => join(removed, name));
      // A removal that was cut short may have taken the owner's name already.
      const left = [...abandonedRoots(kept, { ownerless: false }), ...abandonedRoots(gone, { ownerless: true })];
      for (const place of left) {
        try {
          await endLeftRuns(place);
          await remove(place);
        } catch (error) {
          onFault(error);
        }
      }
    },
    async prepare(slot) {
      await mkdir(removed, { recursive: true });
      // What lay there is out of the way at once; giving its space back needs no waiting for.
      const clearing = clear(slot);
      clearing.catch(() => undefined);
      prepared.add(slot);
      const made = folders(slot);
      await makeFolder(root(slot), 0o711);
      await makeFolder(join(root(slot), "run"), 0o711);
      writeOwner(root(slot));
      if (volumeBytes === undefined) await makeFolder(diskOf(root(slot)), 0o711);
      else await mountVolume(root(slot), volumeBytes);
      for (const path of [...Object.values(made), join(made.home, TEMPORARY)]) await makeFolder(path, 0o700);
      for (const [name, text] of Object.entries(homeFiles)) await writeFile(join(made.home, name), text);
      await handOver(slot);
      const uid = uidOf(slot);
      if (uid !== undefined) await assertReachable(root(slot), uid);
      return made;
    },
  };
}

async function makeFolder(path: string, mode: number): Promise<void> {
  await mkdir(path, { recursive: true });
  await chmod(path, mode);
}

async function remove(slotRoot: string): Promise<void> {
  await unmountVolume(slotRoot);
  await removeTree(slotRoot);
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
