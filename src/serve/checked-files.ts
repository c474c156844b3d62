import { stat } from "node:fs/promises";
import type { BunFile } from "bun";
import type { Sha256 } from "../model/ids.ts";
import type { BlobRef } from "../model/manifest.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { blobKey, corrupt } from "./sources.ts";

const KNOWN_MAX = 10_000;

/**
 * Large blobs of a store whose objects are files of this machine. A file as a body goes out with its length and from
 * the kernel's cache, as fast as the reader takes it, but unseen by this process: so it is hashed before it is sent the
 * first time, and again when anything about it has changed.
 */
export class CheckedFiles {
  private readonly known = new Map<Sha256, string>();
  private readonly checking = new Map<Sha256, Promise<void>>();

  constructor(private readonly store: ObjectStore) {}

  /** @returns undefined when the store has no such files. @throws BerthError `corrupt_object` */
  async open(ref: BlobRef): Promise<BunFile | undefined> {
    const key = blobKey(ref.hash);
    const path = this.store.localPath?.(key);
    if (path === undefined) return undefined;
    try {
      while (this.known.get(ref.hash) !== (await stateOf(path))) await this.checkOnce(path, ref);
    } catch (error) {
      throw (error as NodeJS.ErrnoException).code === "ENOENT" ? corrupt(key) : error;
    }
    return Bun.file(path);
  }

  private checkOnce(path: string, ref: BlobRef): Promise<void> {
    const running = this.checking.get(ref.hash);
    if (running !== undefined) return running;
    const started = this.check(path, ref).finally(() => this.checking.delete(ref.hash));
    this.checking.set(ref.hash, started);
    return started;
  }

  private async check(path: string, { hash }: BlobRef): Promise<void> {
    const state = await stateOf(path);
    const hasher = new Bun.CryptoHasher("sha256");
    for await (const chunk of Bun.file(path).stream()) hasher.update(chunk);
    if (hasher.digest("hex") !== hash) throw corrupt(blobKey(hash));
    if (this.known.size >= KNOWN_MAX) this.known.clear();
    this.known.set(hash, state);
  }
}

/** Changes with every write to the file, whatever its times were set to: nobody sets the time of the inode's change. */
async function stateOf(path: string): Promise<string> {
  const { dev, ino, size, ctimeNs } = await stat(path, { bigint: true });
  return `${dev} ${ino} ${size} ${ctimeNs}`;
}
