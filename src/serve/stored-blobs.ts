import { Body } from "../http/body.ts";
import type { Sha256 } from "../model/ids.ts";
import type { BlobRef } from "../model/manifest.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { ByteCache, type Held } from "./byte-cache.ts";
import type { ByteRange } from "./byte-ranges.ts";
import { CheckedFiles } from "./checked-files.ts";
import type { Counts } from "./counts.ts";
import type { DiskCache } from "./disk-cache.ts";
import { FilePart, type LargeBody } from "./file-stream.ts";
import { Filling } from "./filling.ts";
import { SmallBlob } from "./small-blob.ts";
import { blobKey, checkBlob, corrupt, loadBlob, openBlob, streamBlob } from "./sources.ts";

export interface BlobReader {
  /** What is in memory, or undefined. */
  peek(blob: BlobRef): SmallBlob | undefined;
  /** What is in memory, for those who ask again and again. */
  hold(blob: BlobRef): Held<SmallBlob> | undefined;
  /** As `peek`. @param held what `hold` gave */
  take(held: Held<SmallBlob>): SmallBlob | undefined;
  /** The bytes from wherever they are. @throws BerthError as the store, or `corrupt_object` */
  read(blob: BlobRef): Promise<SmallBlob | LargeBody>;
  /** A range of them. @throws as `read` */
  readPart(blob: BlobRef, range: ByteRange): Promise<LargeBody>;
}

/** Larger files are not kept in memory. */
const SMALL_BYTES = 1024 * 1024;
/** Large blobs that come onto the disk at the same time; more are streamed past it. */
const FILLINGS_MAX = 8;
const CHECKED_MAX = 10_000;

/** Small blobs from memory, the disk or the store; large ones as a file, of the store's own or of the disk cache, else as a stream. */
export class StoredBlobs implements BlobReader {
  readonly cache: ByteCache<Sha256, SmallBlob>;
  private readonly files: CheckedFiles;
  private readonly fillings = new Map<Sha256, Promise<Filling>>();
  /** Large blobs of the store that were hashed from end to end, by the ETag that they had. */
  private readonly checked = new Map<Sha256, string>();
  private readonly checking = new Map<Sha256, Promise<string>>();

  constructor(
    private readonly store: ObjectStore,
    private readonly counts: Counts,
    memoryBytes: number,
    private readonly disk?: DiskCache,
  ) {
    this.cache = new ByteCache(memoryBytes);
    this.files = new CheckedFiles(store);
  }

  peek(ref: BlobRef): SmallBlob | undefined {
    const held = this.hold(ref);
    return held && this.take(held);
  }

  hold({ hash }: BlobRef): Held<SmallBlob> | undefined {
    return this.cache.hold(hash);
  }

  take(held: Held<SmallBlob>): SmallBlob | undefined {
    const blob = this.cache.take(held);
    if (blob !== undefined) this.counts.tierMemory += 1;
    return blob;
  }

  async read(ref: BlobRef): Promise<SmallBlob | LargeBody> {
    return ref.size > SMALL_BYTES ? await this.readLarge(ref, undefined) : await this.readSmall(ref);
  }

  async readPart(ref: BlobRef, range: ByteRange): Promise<LargeBody> {
    if (ref.size > SMALL_BYTES) return await this.readLarge(ref, range);
    const { bytes } = await this.readSmall(ref);
    return new Blob([bytes.slice(range.first, range.last + 1)]);
  }

  private async readSmall(ref: BlobRef): Promise<SmallBlob> {
    return this.peek(ref) ?? (await this.cache.load(ref.hash, () => this.load(ref)))!;
  }

  private async load(ref: BlobRef): Promise<{ value: SmallBlob; sizeBytes: number }> {
    const body = Body.withRoom(await this.loadBytes(ref));
    const value = new SmallBlob(body, () => this.cache.grow(ref.hash, ref.size));
    return { value, sizeBytes: body.memoryBytes };
  }

  private async loadBytes(ref: BlobRef): Promise<Uint8Array> {
    const kept = await this.disk?.blob(ref.hash);
    if (kept !== undefined) {
      this.counts.tierDisk += 1;
      return kept;
    }
    this.counts.tierStore += 1;
    const bytes = await loadBlob(this.store, ref);
    this.disk?.keepBlob(ref.hash, bytes);
    return bytes;
  }

  private async readLarge(ref: BlobRef, range: ByteRange | undefined): Promise<LargeBody> {
    const all = { first: 0, last: ref.size - 1 };
    const file = await this.files.open(ref);
    if (file !== undefined) {
      this.counts.tierStore += 1;
      return new FilePart(file, range ?? all);
    }
    const running = this.fillings.get(ref.hash);
    const kept = running === undefined ? await this.disk?.largeBlob(ref.hash, ref.size) : undefined;
    if (kept !== undefined) {
      this.counts.tierDisk += 1;
      return new FilePart(kept, range ?? all);
    }
    this.counts.tierStore += 1;
    const filling = this.disk?.takes(ref.size) ? await this.fill(ref, this.disk) : undefined;
    if (filling === undefined) return range ? await this.readRange(ref, range) : await streamBlob(this.store, ref);
    const { first, last } = range ?? all;
    if (last === ref.size - 1) return filling.read(first);
    // A part without the end is given when the whole is known to be sound.
    await filling.done;
    const filled = await this.disk!.largeBlob(ref.hash, ref.size);
    return filled ? new FilePart(filled, { first, last }) : await this.readRange(ref, { first, last });
  }

  /** @returns undefined when the blob has to come past the disk */
  private async fill(ref: BlobRef, disk: DiskCache): Promise<Filling | undefined> {
    const running = this.fillings.get(ref.hash);
    if (running === undefined && this.fillings.size >= FILLINGS_MAX) return undefined;
    const open = async () => (await openBlob(this.store, ref)).stream;
    const filling = running ?? Filling.start(ref, { open, disk, damaged: () => corrupt(blobKey(ref.hash)) });
    if (running === undefined) {
      this.fillings.set(ref.hash, filling);
      const forget = () => this.fillings.delete(ref.hash);
      filling.then(({ done }) => done.then(forget, forget), forget);
    }
    return await filling;
  }

  /** A range can't be checked by itself: the whole is, once for as long as the store's object stays the same. */
  private async readRange(ref: BlobRef, range: ByteRange): Promise<ReadableStream<Uint8Array>> {
    for (;;) {
      const { stream, etag } = await openBlob(this.store, ref, range);
      if (this.checked.get(ref.hash) === etag) return stream;
      await stream.cancel();
      await this.check(ref);
    }
  }

  private async check(ref: BlobRef): Promise<void> {
    const running = this.checking.get(ref.hash) ?? checkBlob(this.store, ref);
    this.checking.set(ref.hash, running);
    try {
      const etag = await running;
      if (this.checked.size >= CHECKED_MAX) this.checked.clear();
      this.checked.set(ref.hash, etag);
    } finally {
      this.checking.delete(ref.hash);
    }
  }
}
