import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type DurableFiles, linkIfAbsent } from "./file-writes.ts";

/**
 * Tells a store's folder from what lies in its place when its disk has gone: mostly the empty folder that the disk was
 * mounted on. There every site would look as if it had never been, and what is written would be lost when the disk is back.
 */
export class FolderMark {
  private readonly path: string;
  /** As this process has seen it first. */
  private seen: string | undefined;

  constructor(
    private readonly root: string,
    private readonly files: DurableFiles,
  ) {
    this.path = join(root, ".store");
  }

  /** To be asked where an object is not there. @throws when the folder is not the one that it was */
  async holds(): Promise<void> {
    const found = await this.read();
    this.seen ??= found;
    // A second look: the mark may have been made meanwhile.
    if (found !== this.seen && (await this.read()) !== this.seen)
      throw new Error("this is not the folder that it was, or it is gone");
  }

  /** Marks a folder that has no mark yet; one that is gone is begun anew. @throws like `holds` */
  async beforeWrite(): Promise<void> {
    if (!existsSync(this.root)) {
      this.seen = undefined;
      this.files.forgetFolders();
    }
    await this.holds();
    if (this.seen !== undefined) return;
    await this.files.write(this.path, new TextEncoder().encode(crypto.randomUUID()), (temporary) =>
      linkIfAbsent(temporary, this.path),
    );
    // Another process may have been first.
    this.seen = await this.read();
  }

  private async read(): Promise<string | undefined> {
    try {
      return await readFile(this.path, "utf8");
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT" || code === "ENOTDIR") return undefined;
      throw error;
    }
  }
}
