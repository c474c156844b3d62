import { rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { BerthError } from "../model/errors.ts";
import { sha256 } from "../model/ids.ts";
import { inParallel } from "./concurrency.ts";
import { walkKeys } from "./file-listing.ts";
import { withFileLock } from "./file-lock.ts";
import { describeObject, readObject, versionOf } from "./file-reads.ts";
import { DurableFiles, linkIfAbsent, renameOver, syncFolder } from "./file-writes.ts";
import { FolderMark } from "./folder-mark.ts";
import { assertKey, assertPrefix } from "./keys.ts";
import type { ObjectInfo, ObjectPage, ObjectStore, PutCondition, PutResult, StoredObject } from "./object-store.ts";

const PAGE_MAX = 1000;
const AT_ONCE = 32;

/**
 * An object store in a folder: an object is the file at `<root>/<key>`. Several processes of one machine may share the
 * folder. Names that begin with a dot are the store's own: `.tmp` for files that are being written, `.locks`, `.store` for
 * its mark.
 *
 * Errors: `store_full` when the disk or the quota is used up, `store_unavailable` for every other failure.
 */
export function openFileStore(root: string): ObjectStore {
  return new FileStore(resolve(root));
}

class FileStore implements ObjectStore {
  private readonly files: DurableFiles;
  private readonly mark: FolderMark;
  private readonly sweeping: Promise<void>;

  constructor(private readonly root: string) {
    this.files = new DurableFiles(root);
    this.mark = new FolderMark(root, this.files);
    // A folder that is not there yet has no left-overs; one that can't be read shows at the next access.
    this.sweeping = Promise.all([this.files.sweep(), this.mark.holds()]).then(
      () => undefined,
      () => undefined,
    );
  }

  get(
    key: string,
    options: { range?: { first: number; last: number }; signal?: AbortSignal } = {},
  ): Promise<StoredObject | undefined> {
    options.signal?.throwIfAborted();
    return this.guard("read", () => this.unlessGone(readObject(this.path(key), key, options.range)));
  }

  localPath(key: string): string {
    return this.path(key);
  }

  version(key: string): Promise<string | undefined> {
    return this.guard("read", () => versionOf(this.path(key), this.root));
  }

  head(key: string): Promise<ObjectInfo | undefined> {
    return this.guard("read", () => this.unlessGone(describeObject(this.path(key), key)));
  }

  put(key: string, body: Uint8Array | Blob, condition?: PutCondition): Promise<PutResult> {
    return this.guard("write", async () => {
      await this.mark.beforeWrite();
      try {
        return await this.write(key, body, condition);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
        this.files.forgetFolders();
        return await this.write(key, body, condition);
      }
    });
  }

  list(prefix: string, options: { after?: string; limit?: number } = {}): Promise<ObjectPage> {
    return this.guard("list", async () => {
      const limit = Math.min(options.limit ?? PAGE_MAX, PAGE_MAX);
      const keys: string[] = [];
      for await (const key of walkKeys(this.root, { prefix: assertPrefix(prefix), after: options.after ?? "" })) {
        keys.push(key);
        if (keys.length > limit) break;
      }
      if (keys.length === 0) await this.mark.holds();
      const more = keys.length > limit;
      const page = keys.slice(0, limit);
      const found = new Map<string, ObjectInfo>();
      await inParallel(page, AT_ONCE, async (key) => {
        const info = await describeObject(this.path(key), key);
        if (info !== undefined) found.set(key, info);
      });
      const objects = page.flatMap((key) => found.get(key) ?? []);
      return more ? { objects, next: page.at(-1)! } : { objects };
    });
  }

  delete(keys: readonly string[]): Promise<void> {
    return this.guard("delete", async () => {
      await this.mark.holds();
      const folders = new Set<string>();
      await inParallel(keys, AT_ONCE, async (key) => {
        const path = this.path(key);
        if ((await describeObject(path, key)) === undefined) return;
        await this.locked(key, () => rm(path, { force: true }));
        folders.add(dirname(path));
      });
      await inParallel(folders, AT_ONCE, syncFolder);
    });
  }

  check(): Promise<void> {
    return this.guard("write", async () => {
      await this.mark.beforeWrite();
      const probe = join(this.root, ".tmp", "probe");
      await this.files.write(probe, new Uint8Array(1), async () => false);
      await this.locked("probe", async () => undefined);
    });
  }

  close(): Promise<void> {
    return this.sweeping;
  }

  private async write(key: string, body: Uint8Array | Blob, condition?: PutCondition): Promise<PutResult> {
    const path = this.path(key);
    const etag = await this.files.write(path, body, (temporary) => {
      if (condition === undefined) return this.locked(key, () => renameOver(temporary, path));
      if ("ifAbsent" in condition) return linkIfAbsent(temporary, path);
      return this.locked(key, async () => {
        const now = await describeObject(path, key);
        return now?.etag === condition.ifMatch && renameOver(temporary, path);
      });
    });
    return etag === undefined ? { written: false } : { written: true, etag };
  }

  /**
   * Between the comparison and the rename of a conditional put nobody may change the object: overwriting and removing
   * take the lock too. Making an absent object does not need it.
   */
  private async locked<T>(key: string, work: () => Promise<T>): Promise<T> {
    const folder = join(this.root, ".locks");
    await this.files.ensureFolder(folder);
    return withFileLock(join(folder, sha256(key).slice(0, 2)), work);
  }

  /** What is not there may be on a disk that is not there. */
  private async unlessGone<T>(found: Promise<T | undefined>): Promise<T | undefined> {
    const object = await found;
    if (object === undefined) await this.mark.holds();
    return object;
  }

  private path(key: string): string {
    return join(this.root, assertKey(key));
  }

  private async guard<T>(action: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.fault(action, error);
    }
  }

  private fault(action: string, error: unknown): unknown {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof RangeError || error instanceof BerthError) return error;
    if (code === "ENOSPC" || code === "EDQUOT") {
      return new BerthError("store_full", `The object store's disk is full (${this.root}).`, {
        hint: "Free space on that disk, or let BERTH_STORE name a folder on another one.",
        cause: error,
      });
    }
    const reason = error instanceof Error ? error.message : String(error);
    return new BerthError("store_unavailable", `The object store could not ${action} in ${this.root}: ${reason}`, {
      hint: "Check that the folder of BERTH_STORE exists on a working disk and that the platform's user may write to it.",
      cause: error,
    });
  }
}
