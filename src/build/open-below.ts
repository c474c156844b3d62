import { constants, type Dirent, type Stats } from "node:fs";
import { type FileHandle, lstat, open, readdir, readlink } from "node:fs/promises";

/**
 * Folders and files that somebody else wrote, opened one name at a time below an open folder, so that no link, put
 * wherever, leads elsewhere. Names are bytes, as the kernel has them.
 */
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_DIRECTORY } = constants;

function below(folder: FileHandle, name: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${folder.fd}/`), name]);
}

/** @throws when it is a link, or no folder */
export async function openFolder(path: string): Promise<FileHandle> {
  return await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

export async function openFolderBelow(folder: FileHandle, name: Uint8Array): Promise<FileHandle> {
  return await open(below(folder, name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

/** Opens a folder by its names, none of which may be a link. */
export async function openPath(top: FileHandle, names: readonly string[]): Promise<FileHandle> {
  let folder = await openFolderBelow(top, Buffer.from("."));
  for (const name of names) {
    const outer = folder;
    try {
      folder = await openFolderBelow(outer, Buffer.from(name));
    } finally {
      await outer.close();
    }
  }
  return folder;
}

/** A pipe without a writer does not hold it up; what it is, the caller asks of the handle. */
export async function openFileBelow(folder: FileHandle, name: Uint8Array): Promise<FileHandle> {
  return await open(below(folder, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
}

export async function statBelow(folder: FileHandle, name: Uint8Array): Promise<Stats | undefined> {
  return await lstat(below(folder, name)).catch(() => undefined);
}

export async function linkTarget(folder: FileHandle, name: Uint8Array): Promise<Buffer> {
  return await readlink(below(folder, name), { encoding: "buffer" });
}

/**
 * As file systems count it, some 16 bytes and more for a name. Links to one file are bounded by no number of inodes, and
 * a folder is read as a whole: one of ten million names would take gigabytes.
 */
const FOLDER_MAX_BYTES = 16 * 1024 ** 2;

/** @throws Error with the code EFBIG */
async function assertReadable(folder: FileHandle): Promise<void> {
  const { size } = await folder.stat();
  if (size > FOLDER_MAX_BYTES) throw Object.assign(new Error("too many names in a folder"), { code: "EFBIG" });
}

export async function namesIn(folder: FileHandle): Promise<Buffer[]> {
  await assertReadable(folder);
  const names = await readdir(`/proc/self/fd/${folder.fd}`, { encoding: "buffer" });
  return names.sort(Buffer.compare);
}

/** With what readdir(3) tells of each name without another look. A name that is not UTF-8 is found by no later look. */
export async function entriesIn(folder: FileHandle): Promise<Dirent[]> {
  await assertReadable(folder);
  return await readdir(`/proc/self/fd/${folder.fd}`, { withFileTypes: true });
}
