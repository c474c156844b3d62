import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BunFile } from "bun";
import { isSha256, type Sha256, sha256 } from "../model/ids.ts";

/** `blobs` are named by the hash of their bytes; the others are small and carry a checksum. */
type Kind = "blob" | Text;
type Text = "manifest" | "host" | "access";

const SHARDS = 256;
/** A file takes whole blocks of the disk. */
const BLOCK_BYTES = 4096;
/** Room is made a tenth at a time. */
const LOW_WATER = 0.9;
/** Eviction looks at least at so many files for the ones used longest ago. */
const SAMPLE_MIN = 2_000;
const CHECKED_MAX = 10_000;
/** Bytes that wait to be written; more are not kept, since a disk that is slow must not fill the memory. */
const PENDING_MAX_BYTES = 16 * 1024 * 1024;

/**
 * What was read of a remote store, kept in a folder within a number of bytes: so that a start with a cold memory asks
 * little of the store, and nothing when that is down. Everything is checked when it is read; what is damaged is removed
 * and counts as absent. The disk is a help and never a need: its faults are counted, and then it is as if it were empty.
 *
 * Which file was used when is told by its access time, and only sums are held in memory: a million files cost no
 * more of it than ten.
 */
export class DiskCache {
  private readonly shardBytes = new Float64Array(SHARDS);
  private readonly temporary: string;
  /** Large blobs that were hashed as they stand: inode, time of the last change, size. */
  private readonly checked = new Map<Sha256, string>();
  private pendingBytes = 0;
  private count = 0;
  private evicting: Promise<void> | undefined;
  /** Resolves when what is on the disk from before has been counted. */
  readonly counted: Promise<void>;
  hits = 0;
  misses = 0;
  corrupt = 0;
  faults = 0;

  constructor(
    private readonly folder: string,
    private readonly limitBytes: number,
  ) {
    this.temporary = join(folder, "tmp");
    this.counted = this.begin().catch(() => this.fault());
  }

  get bytes(): number {
    return this.shardBytes.reduce((sum, bytes) => sum + bytes, 0);
  }

  /** A blob's bytes, whose hash is right. */
  async blob(hash: Sha256): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = await this.read("blob", hash);
    if (bytes === undefined) return this.missed();
    if (sha256(bytes) === hash) return this.hit("blob", hash, bytes);
    return await this.drop("blob", hash);
  }

  /** A manifest's, a pointer's or a project's keys' bytes as they were kept under this name. */
  async text(kind: Text, name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const kept = await this.read(kind, name);
    if (kept === undefined) return this.missed();
    const bytes = kept.slice(64);
    if (new TextDecoder().decode(kept.subarray(0, 64)) === checksum(kind, name, bytes))
      return this.hit(kind, name, bytes);
    return await this.drop(kind, name);
  }

  /** In the background. The bytes have been checked by whoever read them. */
  keepBlob(hash: Sha256, bytes: Uint8Array): void {
    void this.keep("blob", hash, [bytes]);
  }

  keepText(kind: Text, name: string, bytes: Uint8Array): void {
    void this.keep(kind, name, [new TextEncoder().encode(checksum(kind, name, bytes)), bytes]);
  }

  /**
   * The file of a large blob that is on the disk. It is hashed once as it stands, from its first byte to its last, and
   * again when it has changed since.
   */
  async largeBlob(hash: Sha256, sizeBytes: number): Promise<BunFile | undefined> {
    const path = this.pathOf("blob", hash);
    const info = await stat(path, { bigint: true }).catch(() => undefined);
    if (info === undefined) return this.missed();
    const identity = `${info.ino} ${info.mtimeNs} ${info.size}`;
    if (this.checked.get(hash) !== identity) {
      const isSound = Number(info.size) === sizeBytes && (await hashOfFile(path).catch(() => undefined)) === hash;
      if (!isSound) return await this.drop("blob", hash);
      this.remember(hash, identity);
    }
    return this.hit("blob", hash, Bun.file(path));
  }

  /** A file to write a large blob to, by and by; `keepFile` gives it its name, or it is to be removed. */
  async newFile(): Promise<{ path: string; handle: FileHandle }> {
    await this.counted;
    const path = this.newTemporary();
    return { path, handle: await open(path, "wx+", 0o600) };
  }

  /** Keeps a file whose hash has been found to be right. @returns its path from now on */
  async keepFile(hash: Sha256, path: string, sizeBytes: number): Promise<string> {
    const info = await stat(path, { bigint: true });
    this.remember(hash, `${info.ino} ${info.mtimeNs} ${info.size}`);
    await this.place("blob", hash, path, sizeBytes);
    return this.pathOf("blob", hash);
  }

  /** Whether a blob of this size may be put on the disk at all. */
  takes(sizeBytes: number): boolean {
    return sizeBytes <= this.limitBytes / 2;
  }

  private async begin(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await rm(this.temporary, { recursive: true, force: true });
    await mkdir(this.temporary, { mode: 0o700 });
    for (let shard = 0; shard < SHARDS; shard += 1) {
      await mkdir(this.shardFolder(shard), { recursive: true, mode: 0o700 });
      this.shardBytes[shard] = (await this.filesOf(shard)).reduce((sum, file) => sum + file.sizeBytes, 0);
    }
    await this.evict();
  }

  private async read(kind: Kind, name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      return new Uint8Array(await readFile(this.pathOf(kind, name)));
    } catch (error) {
      return isAbsent(error) ? undefined : this.fault();
    }
  }

  private async keep(kind: Kind, name: string, parts: readonly Uint8Array[]): Promise<void> {
    const sizeBytes = parts.reduce((sum, part) => sum + part.byteLength, 0);
    if (this.pendingBytes + sizeBytes > PENDING_MAX_BYTES) return;
    this.pendingBytes += sizeBytes;
    const temporary = this.newTemporary();
    try {
      await this.counted;
      await writeFile(temporary, Buffer.concat(parts), { flag: "wx", mode: 0o600 });
      await this.place(kind, name, temporary, sizeBytes);
    } catch {
      this.fault();
      await rm(temporary, { force: true }).catch(() => undefined);
    } finally {
      this.pendingBytes -= sizeBytes;
    }
  }

  private async place(kind: Kind, name: string, temporary: string, sizeBytes: number): Promise<void> {
    const path = this.pathOf(kind, name);
    const replaced = await sizeOnDisk(path);
    await rename(temporary, path);
    this.shardBytes[shardOf(kind, name)]! += blocks(sizeBytes) - (replaced ?? 0);
    if (this.bytes > this.limitBytes) {
      this.evicting ??= this.evict().finally(() => {
        this.evicting = undefined;
      });
      await this.evicting;
    }
  }

  private hit<T>(kind: Kind, name: string, value: T): T {
    this.hits += 1;
    const path = this.pathOf(kind, name);
    // The time of the last change stays: by it a changed file is told.
    stat(path)
      .then(({ mtime }) => utimes(path, new Date(), mtime))
      .catch(() => undefined);
    return value;
  }

  private remember(hash: Sha256, identity: string): void {
    if (this.checked.size >= CHECKED_MAX) this.checked.clear();
    this.checked.set(hash, identity);
  }

  private missed(): undefined {
    this.misses += 1;
  }

  private fault(): undefined {
    this.faults += 1;
  }

  private async drop(kind: Kind, name: string): Promise<undefined> {
    this.corrupt += 1;
    await this.remove(shardOf(kind, name), this.pathOf(kind, name)).catch(() => this.fault());
  }

  private async remove(shard: number, path: string): Promise<void> {
    const sizeBytes = await sizeOnDisk(path);
    await rm(path, { force: true });
    this.shardBytes[shard]! -= sizeBytes ?? 0;
  }

  /** Of a sample, or of all when they are few, those used longest ago go; pointers, which are tiny, after all others. */
  private async evict(): Promise<void> {
    if (this.bytes <= this.limitBytes) return;
    const first = Math.floor(Math.random() * SHARDS);
    let looked = 0;
    while (this.bytes > this.limitBytes * LOW_WATER && looked < SHARDS) {
      const sample: (StoredFile & { shard: number })[] = [];
      while (sample.length < SAMPLE_MIN && looked < SHARDS) {
        const shard = (first + looked++) % SHARDS;
        const files = await this.filesOf(shard);
        this.shardBytes[shard] = files.reduce((sum, file) => sum + file.sizeBytes, 0);
        for (const file of files) sample.push({ ...file, shard });
      }
      sample.sort((a, b) => Number(a.isHost) - Number(b.isHost) || a.usedAt - b.usedAt);
      // A part of a sample holds the oldest of it alone: half of them is as much as can be told to be old.
      const most = looked === SHARDS ? sample.length : sample.length / 2;
      for (const file of sample.slice(0, most)) {
        if (this.bytes <= this.limitBytes * LOW_WATER) return;
        await this.remove(file.shard, file.path);
      }
    }
  }

  private async filesOf(shard: number): Promise<StoredFile[]> {
    const folder = this.shardFolder(shard);
    const files: StoredFile[] = [];
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      const info = await stat(path).catch(() => undefined);
      if (info === undefined) continue;
      files.push({ path, isHost: name.startsWith("h"), sizeBytes: blocks(info.size), usedAt: info.atimeMs });
    }
    return files;
  }

  private shardFolder(shard: number): string {
    return join(this.folder, shard.toString(16).padStart(2, "0"));
  }

  private pathOf(kind: Kind, name: string): string {
    return join(this.shardFolder(shardOf(kind, name)), `${kind[0]}-${hashOf(kind, name)}`);
  }

  private newTemporary(): string {
    return join(this.temporary, `${this.count++}`);
  }
}

interface StoredFile {
  path: string;
  isHost: boolean;
  sizeBytes: number;
  usedAt: number;
}

/** No name comes into a path as it is. */
const hashOf = (kind: Kind, name: string): string => (kind === "blob" && isSha256(name) ? name : sha256(name));
const shardOf = (kind: Kind, name: string): number => Number.parseInt(hashOf(kind, name).slice(0, 2), 16);
const blocks = (bytes: number): number => Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
const isAbsent = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "ENOENT";

/** With the name in it, so that one file in another's place is found out too. */
function checksum(kind: Kind, name: string, bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(`${kind} ${name}\n`).update(bytes).digest("hex");
}

async function hashOfFile(path: string): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of Bun.file(path).stream()) hasher.update(chunk);
  return hasher.digest("hex");
}

async function sizeOnDisk(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => blocks(size),
    () => undefined,
  );
}
