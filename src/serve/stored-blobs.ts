import type { Sha256 } from "../model/ids.ts";
import type { BlobRef } from "../model/manifest.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { ByteCache } from "./byte-cache.ts";
import type { Counts } from "./counts.ts";
import { loadBlob, streamBlob } from "./sources.ts";

/** Bytes of a file, both ends inclusive. */
export interface ByteRange {
  first: number;
  last: number;
}

export interface BlobReader {
  /** What is in memory, or undefined. */
  peek(blob: BlobRef): Blob | undefined;
  /** The bytes, or a range of them, from wherever they are. @throws BerthError as the store, or `corrupt_object` */
  read(blob: BlobRef, range?: ByteRange): Promise<Blob | ReadableStream<Uint8Array>>;
}

/** Larger files are streamed and not kept. */
const SMALL_BYTES = 1024 * 1024;

/**
 * Small blobs from memory, large ones straight from the store. They are kept as `Blob`s: a response shares the bytes
 * of one, whereas it copies those of an array.
 */
export class StoredBlobs implements BlobReader {
  readonly cache: ByteCache<Sha256, Blob>;

  constructor(
    private readonly store: ObjectStore,
    private readonly counts: Counts,
    memoryBytes: number,
  ) {
    this.cache = new ByteCache(memoryBytes);
  }

  peek({ hash }: BlobRef): Blob | undefined {
    const blob = this.cache.peek(hash);
    if (blob !== undefined) this.counts.tierMemory += 1;
    return blob;
  }

  async read(ref: BlobRef, range?: ByteRange): Promise<Blob | ReadableStream<Uint8Array>> {
    if (ref.size > SMALL_BYTES) {
      this.counts.tierStore += 1;
      return streamBlob(this.store, ref, range);
    }
    const blob = this.peek(ref) ?? (await this.load(ref));
    return range ? blob.slice(range.first, range.last + 1) : blob;
  }

  private async load(ref: BlobRef): Promise<Blob> {
    this.counts.tierStore += 1;
    const load = async () => ({ value: new Blob([await loadBlob(this.store, ref)]), sizeBytes: ref.size });
    return (await this.cache.load(ref.hash, load))!;
  }
}
