import type { Sha256 } from "../model/ids.ts";
import type { BlobRef } from "../model/manifest.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { ByteCache } from "./byte-cache.ts";
import type { ByteRange } from "./byte-ranges.ts";
import { CheckedFiles } from "./checked-files.ts";
import type { Counts } from "./counts.ts";
import { loadBlob, streamBlob } from "./sources.ts";

export interface BlobReader {
  /** What is in memory, or undefined. */
  peek(blob: BlobRef): Blob | undefined;
  /** The bytes, or a range of them, from wherever they are. @throws BerthError as the store, or `corrupt_object` */
  read(blob: BlobRef, range?: ByteRange): Promise<Blob | ReadableStream<Uint8Array>>;
}

/** Larger files are not kept in memory. */
const SMALL_BYTES = 1024 * 1024;

/**
 * Small blobs from memory, large ones straight from the store: as a file where the store has one, so that their length
 * is told in advance, else as a stream (whose length this runtime does not send). Small ones are kept as `Blob`s: a response shares the bytes
 * of one, whereas it copies those of an array.
 */
export class StoredBlobs implements BlobReader {
  readonly cache: ByteCache<Sha256, Blob>;
  private readonly files: CheckedFiles;

  constructor(
    private readonly store: ObjectStore,
    private readonly counts: Counts,
    memoryBytes: number,
  ) {
    this.cache = new ByteCache(memoryBytes);
    this.files = new CheckedFiles(store);
  }

  peek({ hash }: BlobRef): Blob | undefined {
    const blob = this.cache.peek(hash);
    if (blob !== undefined) this.counts.tierMemory += 1;
    return blob;
  }

  async read(ref: BlobRef, range?: ByteRange): Promise<Blob | ReadableStream<Uint8Array>> {
    if (ref.size > SMALL_BYTES) {
      this.counts.tierStore += 1;
      const file = await this.files.open(ref);
      return file ? cut(file, range) : streamBlob(this.store, ref, range);
    }
    return cut(this.peek(ref) ?? (await this.load(ref)), range);
  }

  private async load(ref: BlobRef): Promise<Blob> {
    this.counts.tierStore += 1;
    const load = async () => ({ value: new Blob([await loadBlob(this.store, ref)]), sizeBytes: ref.size });
    return (await this.cache.load(ref.hash, load))!;
  }
}

function cut(blob: Blob, range?: ByteRange): Blob {
  return range ? blob.slice(range.first, range.last + 1) : blob;
}
