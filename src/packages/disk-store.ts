import { mkdir, open, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { nanoid } from "nanoid";
import { sha256 } from "../model/ids.ts";
import { Draft } from "./draft.ts";

export interface Kept {
  path: string;
  /** Bytes. */
  size: number;
  /** When it was last known to be what the registry has. */
  checkedAtMs: number;
}

/** Share of the bound that is left after an eviction, so that not every file that is kept evicts another. */
const AFTER_EVICTION = 0.9;
/** A use within this time of the last one is not written down. */
const USE_NOTED_MS = 3600_000;

/**
 * Files by name, bounded in bytes with those that are being written: what was used the longest time ago goes first. A file's time of access is its last
 * use, its time of change the last check, both set by hand, so nothing else has to be kept.
 */
export class DiskStore {
  private totalBytes = 0;
  private draftBytes = 0;
  private evicting: Promise<void> | undefined;

  private constructor(
    private readonly directory: string,
    private readonly maxBytes: number,
  ) {}

  static async open(directory: string, maxBytes: number): Promise<DiskStore> {
    const store = new DiskStore(directory, maxBytes);
    await rm(join(directory, "drafts"), { recursive: true, force: true });
    await mkdir(join(directory, "drafts"), { recursive: true, mode: 0o700 });
    store.totalBytes = (await store.files()).reduce((sum, { size }) => sum + size, 0);
    return store;
  }

  async find(name: string): Promise<Kept | undefined> {
    const path = this.pathOf(name);
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) return undefined;
    if (Date.now() - found.atimeMs > USE_NOTED_MS) await utimes(path, new Date(), found.mtime).catch(() => undefined);
    return { path, size: found.size, checkedAtMs: found.mtimeMs };
  }

  /** Something to write to, before `keep` or `drop`. */
  async draft(): Promise<Draft> {
    const path = join(this.directory, "drafts", nanoid());
    return new Draft(path, await open(path, "wx", 0o600), async (bytes) => {
      this.draftBytes += bytes;
      if (this.draftBytes > this.maxBytes) throw new Error("the package cache has no room for this");
      await this.makeRoom();
    });
  }

  /** Removes a draft, unless it was kept. */
  async drop(draft: Draft): Promise<void> {
    if (!(await draft.end())) return;
    this.draftBytes -= draft.size;
    await rm(draft.path, { force: true });
  }

  /** Makes a draft that is whole the file of this name. */
  async keep(name: string, draft: Draft): Promise<Kept> {
    const kept = await this.place(name, draft.path);
    await draft.end();
    this.draftBytes -= draft.size;
    await this.makeRoom(kept.path);
    return kept;
  }

  private async place(name: string, draft: string): Promise<Kept> {
    const path = this.pathOf(name);
    const now = new Date();
    const [{ size }, before] = await Promise.all([stat(draft), stat(path).catch(() => undefined)]);
    await utimes(draft, now, now);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await rename(draft, path);
    this.totalBytes += size - (before?.size ?? 0);
    return { path, size, checkedAtMs: now.getTime() };
  }

  /** Notes that the registry still has the same. */
  async noteChecked({ path }: Kept): Promise<void> {
    const now = new Date();
    await utimes(path, now, now).catch(() => undefined);
  }

  private pathOf(name: string): string {
    const hash = sha256(name);
    return join(this.directory, hash.slice(0, 2), hash);
  }

  private async makeRoom(newest?: string): Promise<void> {
    if (this.totalBytes + this.draftBytes <= this.maxBytes) return;
    this.evicting ??= this.evict(newest).finally(() => {
      this.evicting = undefined;
    });
    await this.evicting;
  }

  /** A file that is being sent stays open, and so whole, for who reads it. */
  private async evict(newest: string | undefined): Promise<void> {
    const files = (await this.files()).sort((a, b) => a.usedAtMs - b.usedAtMs);
    this.totalBytes = files.reduce((sum, { size }) => sum + size, 0);
    for (const { path, size } of files) {
      if (this.totalBytes + this.draftBytes <= this.maxBytes * AFTER_EVICTION) break;
      if (path === newest) continue;
      await rm(path, { force: true });
      this.totalBytes -= size;
    }
  }

  private async files(): Promise<{ path: string; size: number; usedAtMs: number }[]> {
    const files: { path: string; size: number; usedAtMs: number }[] = [];
    const folders = await readdir(this.directory, { withFileTypes: true });
    for (const folder of folders.filter((entry) => entry.isDirectory() && entry.name.length === 2)) {
      for (const name of await readdir(join(this.directory, folder.name))) {
        const path = join(this.directory, folder.name, name);
        const found = await stat(path).catch(() => undefined);
        if (found !== undefined) files.push({ path, size: found.size, usedAtMs: found.atimeMs });
      }
    }
    return files;
  }
}
