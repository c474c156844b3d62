import type { Sha256 } from "./ids.ts";
import { type BlobRef, ENCODINGS, type Encoding, type ManifestEntry } from "./manifest.ts";
import { PathIndex } from "./path-index.ts";

const HASH_BYTES = 32;

/** Blobs, one after the other. */
export interface BlobColumn {
  /** 32 bytes each. */
  hashes: Uint8Array<ArrayBuffer>;
  /** Bytes. */
  sizes: Numbers;
}
/** Compressed copies of some of the files. */
export interface CopyColumn extends BlobColumn {
  /** The number of the file that each copy is of, ascending. */
  at: Uint32Array<ArrayBuffer>;
}
export type Numbers = Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** The columns of `ManifestFiles`; whoever makes them has checked that their lengths agree. */
export interface FileColumns {
  paths: PathIndex;
  own: BlobColumn;
  copies: Partial<Record<Encoding, CopyColumn>>;
}

/** The files of a deployment, in the order of their paths and numbered from 0. Made for many: columns, and no objects. */
export class ManifestFiles {
  constructor(readonly columns: FileColumns) {}

  /** In any order. @throws RangeError when a path comes twice, or is none that a deployment may have */
  static of(entries: Iterable<readonly [path: string, entry: ManifestEntry]>): ManifestFiles {
    const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
    const paths = PathIndex.of(sorted.map(([path]) => path));
    if (paths === undefined) throw new RangeError("a path comes twice, or has an empty part, '.' or '..'");
    const copies: Partial<Record<Encoding, CopyColumn>> = {};
    for (const encoding of ENCODINGS) {
      const at = sorted.flatMap(([, { encoded }], number) => (encoded?.[encoding] ? [number] : []));
      if (at.length === 0) continue;
      const refs = at.map((number) => sorted[number]![1].encoded![encoding]!);
      copies[encoding] = { ...columnOf(refs), at: Uint32Array.from(at) };
    }
    return new ManifestFiles({ paths, own: columnOf(sorted.map(([, entry]) => entry)), copies });
  }

  get count(): number {
    return this.columns.paths.count;
  }

  /** The number of the file at `path`, which begins with a slash; -1 when there is none. */
  find(path: string): number {
    return this.columns.paths.find(path);
  }

  /** Without a leading slash. */
  pathAt(number: number): string {
    return this.columns.paths.at(number);
  }

  entryAt(number: number): ManifestEntry {
    const encoded: ManifestEntry["encoded"] = {};
    let hasCopies = false;
    for (const encoding of ENCODINGS) {
      const column = this.columns.copies[encoding];
      const place = column === undefined ? -1 : placeOf(column.at, number);
      if (place < 0) continue;
      encoded[encoding] = blobAt(column!, place);
      hasCopies = true;
    }
    const { hash, size } = blobAt(this.columns.own, number);
    return hasCopies ? { hash, size, encoded } : { hash, size };
  }

  paths(): Generator<string, void> {
    return this.columns.paths.paths();
  }

  *entries(): Generator<[path: string, entry: ManifestEntry], void> {
    for (let number = 0; number < this.count; number += 1) yield [this.pathAt(number), this.entryAt(number)];
  }

  /** Of all files, uncompressed. */
  get totalBytes(): number {
    let sum = 0;
    for (const size of this.columns.own.sizes) sum += size;
    return sum;
  }

  /** About what it takes in memory. */
  get memoryBytes(): number {
    const { paths, own, copies } = this.columns;
    let sum = paths.memoryBytes;
    for (const { hashes, sizes } of [own, ...Object.values(copies)]) sum += hashes.byteLength + sizes.byteLength;
    for (const { at } of Object.values(copies)) sum += at.byteLength;
    return sum;
  }
}

/** Sizes as compact as they go: 4 bytes each unless a file has 4 GiB. */
export function numbersOf(values: ArrayLike<number>): Numbers {
  const wide = new Float64Array(values);
  return wide.every((value) => value < 2 ** 32) ? new Uint32Array(values) : wide;
}

function columnOf(refs: readonly BlobRef[]): BlobColumn {
  const hashes = new Uint8Array(refs.length * HASH_BYTES);
  for (const [place, { hash }] of refs.entries()) hashes.set(Buffer.from(hash, "hex"), place * HASH_BYTES);
  return { hashes, sizes: numbersOf(refs.map(({ size }) => size)) };
}

function blobAt({ hashes, sizes }: BlobColumn, place: number): BlobRef {
  const hash = hashes.subarray(place * HASH_BYTES, (place + 1) * HASH_BYTES).toHex() as Sha256;
  return { hash, size: sizes[place]! };
}

/** Binary search. */
function placeOf(ascending: Uint32Array, wanted: number): number {
  let [low, high] = [0, ascending.length - 1];
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = ascending[middle]!;
    if (found === wanted) return middle;
    if (found < wanted) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
