import { link, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { etagOf, isSmall } from "./file-reads.ts";

/** A temporary file that is older belongs to a process that died while it wrote. */
const LEFT_OVER_MS = 60 * 60_000;

/** Writes files so that they are whole and on the disk, or not there. */
export class DurableFiles {
  private readonly folders = new Map<string, Promise<void>>();
  private readonly temporaryFolder: string;
  private readonly runId = crypto.randomUUID();
  private count = 0;

  constructor(private readonly root: string) {
    this.temporaryFolder = join(root, ".tmp");
  }

  /**
   * Writes the bytes to a temporary file and syncs it, lets `place` put it where it belongs, and syncs that folder.
   * @returns the ETag, or undefined when `place` says that the file is not wanted
   */
  async write(
    path: string,
    body: Uint8Array | Blob,
    place: (temporary: string) => Promise<boolean>,
  ): Promise<string | undefined> {
    const temporary = join(this.temporaryFolder, `${this.runId}-${this.count++}`);
    await Promise.all([this.ensureFolder(this.temporaryFolder), this.ensureFolder(dirname(path))]);
    try {
      const etag = await writeSynced(temporary, body);
      const isPlaced = await place(temporary);
      // Also when somebody else's file was there first: what is reported as stored has to outlive a power cut.
      await syncFolder(dirname(path));
      return isPlaced ? etag : undefined;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** Makes a folder and those above it, once a process. */
  ensureFolder(folder: string): Promise<void> {
    let made = this.folders.get(folder);
    if (made === undefined) {
      made = this.makeFolder(folder);
      this.folders.set(folder, made);
      made.catch(() => this.folders.delete(folder));
    }
    return made;
  }

  /** To be called when a folder has gone that was there before. */
  forgetFolders(): void {
    this.folders.clear();
  }

  /** Removes what crashed processes left. Other processes may be at work in the folder: young files stay. */
  async sweep(): Promise<void> {
    const oldest = Date.now() - LEFT_OVER_MS;
    for (const name of await readdir(this.temporaryFolder)) {
      const path = join(this.temporaryFolder, name);
      const found = await stat(path).catch(() => undefined);
      if (found !== undefined && found.mtimeMs < oldest) await rm(path, { force: true });
    }
  }

  private async makeFolder(folder: string): Promise<void> {
    if (folder === this.root) {
      // Private repositories are in it, and their logs: nobody else on the machine reads them.
      await mkdir(folder, { recursive: true, mode: 0o700 });
      return;
    }
    await this.ensureFolder(dirname(folder));
    await mkdir(folder).catch((error) => {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    });
    await syncFolder(dirname(folder));
  }
}

/** link(2) fails when the name is taken: of several writers one wins. */
export async function linkIfAbsent(temporary: string, path: string): Promise<boolean> {
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

export async function renameOver(temporary: string, path: string): Promise<true> {
  await rename(temporary, path);
  return true;
}

export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeSynced(path: string, body: Uint8Array | Blob): Promise<string> {
  const content = body instanceof Blob && isSmall(body.size) ? await body.bytes() : body;
  const handle = await open(path, "wx", 0o600);
  try {
    if (content instanceof Blob) {
      for await (const chunk of content.stream()) await handle.writeFile(chunk);
    } else {
      await handle.writeFile(content);
    }
    await handle.datasync();
    return await etagOf(handle, content instanceof Blob ? undefined : content);
  } finally {
    await handle.close();
  }
}
