import { statfsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { findTool } from "./launch.ts";
import { runTool } from "./tools.ts";

/** Inodes of small files: a `node_modules` of some hundred thousand fits into the default volume. */
const BYTES_PER_INODE = 8192;
/** Less than that is full: no file of a build would fit any more. */
const FULL_BYTES = 1024 ** 2;

export const imageOf = (slotRoot: string): string => join(slotRoot, "disk.img");
export const diskOf = (slotRoot: string): string => join(slotRoot, "disk");

/**
 * A file system of fixed size in a sparse file: what a build writes can fill nothing else. It outlives no crash, so
 * it has no journal, and nothing waits for its bytes to reach the disk (ext4(5): barrier=0).
 */
export async function mountVolume(slotRoot: string, sizeBytes: number): Promise<void> {
  const [image, disk] = [imageOf(slotRoot), diskOf(slotRoot)];
  const file = await open(image, "wx", 0o600);
  await file.truncate(sizeBytes).finally(() => file.close());
  await runTool([
    ...["mkfs.ext4", "-q", "-F", "-m0", "-i", String(BYTES_PER_INODE), "-O", "^has_journal"],
    ...["-E", "nodiscard,root_owner=0:0", image],
  ]);
  await mkdir(disk, { recursive: true });
  await runTool(["mount", "-t", "ext4", "-o", "loop,nosuid,nodev,noatime,noinit_itable,barrier=0", image, disk]);
  await passPageCache(disk);
  await chmod(disk, 0o711);
}

/**
 * The kernel writes to the image by threads of its own, at the weight of everything else: past the page cache of the
 * file system below, what a build writes costs the machine less than half of their time, and is not kept twice.
 */
async function passPageCache(disk: string): Promise<void> {
  const device = deviceOf(disk, await readFile("/proc/self/mountinfo", "utf8"));
  // Not every file system can: then it goes through it.
  if (device !== undefined) await runTool(["losetup", "--direct-io=on", device]).catch(() => undefined);
}

/** @param mountinfo text of `/proc/self/mountinfo` (proc(5)) @returns what is mounted there; the newest counts */
function deviceOf(disk: string, mountinfo: string): string | undefined {
  const line = mountinfo.split("\n").findLast((each) => each.split(" ")[4] === inMountinfo(disk));
  return line?.split(" - ")[1]?.split(" ")[1];
}

/** proc(5): blanks and backslashes are written as octal numbers. */
const inMountinfo = (path: string): string =>
  path.replace(/[\\ \t\n]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, "0")}`);

/** Also for a folder on which nothing is mounted. */
export async function unmountVolume(slotRoot: string): Promise<void> {
  const disk = diskOf(slotRoot);
  const isMounted = (await readFile("/proc/self/mountinfo", "utf8")).includes(` ${inMountinfo(disk)} `);
  // Lazily: it is out of sight at once, and gone with the last descriptor in it.
  if (isMounted) await runTool(["umount", "--lazy", disk]);
}

/** Why there are no volumes on this machine, by making one; undefined when there are. */
export async function whyNoVolumes(directory: string): Promise<string | undefined> {
  if (findTool("mkfs.ext4") === null) return "mkfs.ext4 is not installed";
  const root = await mkdtemp(join(directory, "try-"));
  try {
    await mountVolume(root, 16 * 1024 ** 2);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await unmountVolume(root);
    await rm(root, { recursive: true, force: true });
  }
}

/** By bytes or by inodes. */
export function isFull(disk: string): boolean {
  const { bavail, bsize, ffree } = statfsSync(disk);
  return bavail * bsize < FULL_BYTES || ffree === 0;
}
