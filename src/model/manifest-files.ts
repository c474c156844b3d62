import type { Sha256 } from "./ids.ts";
import { type BlobRef, ENCODINGS, type Encoding, type ManifestEntry } from "./manifest.ts";

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
  at: Uint32Array;
}
type Numbers = Uint32Array | Float64Array;

/** The columns of `ManifestFiles`, checked by whoever makes them: paths ascending, each one once, lengths that agree. */
export interface FileColumns {
  /** Without a leading slash. */
  paths: readonly string[];
  own: BlobColumn;
  copies: Partial<Record<Encoding, CopyColumn>>;
}

/**
 * The files of a deployment, in the order of their paths and numbered from 0. Made for many: the paths are one string,
 * the rest are arrays of numbers, and a path is found by hash, so that 100,000 files are looked up like ten.
 */
export class ManifestFiles {
  readonly count: number;
  /** All paths, each with a leading slash, one after the other. */
  private readonly names: string;
  /** Where each path begins in `names`; one more for the end. */
  private readonly starts: Uint32Array;
  /** An open-addressed table of file numbers, each one more than it is; 0 is free. At least half of it is free. */
  private readonly slots: Uint16Array | Uint32Array;
  private readonly own: BlobColumn;
  private readonly copies: Partial<Record<Encoding, CopyColumn>>;

  constructor({ paths, own, copies }: FileColumns) {
    this.count = paths.length;
    this.names = paths.length === 0 ? "" : `/${paths.join("/")}`;
    this.own = own;
    this.copies = copies;
    this.starts = new Uint32Array(paths.length + 1);
    const slotCount = 2 ** Math.ceil(Math.log2(Math.max(2, 2 * paths.length)));
    this.slots = paths.length < 65_535 ? new Uint16Array(slotCount) : new Uint32Array(slotCount);
    for (let number = 0, start = 0; number < paths.length; number += 1) {
      const end = start + 1 + paths[number]!.length;
      this.starts[number + 1] = end;
      let slot = hashOf(this.names, start, end) & (slotCount - 1);
      while (this.slots[slot] !== 0) slot = (slot + 1) & (slotCount - 1);
      this.slots[slot] = number + 1;
      start = end;
    }
  }

  /** In any order. @throws RangeError when a path comes twice */
  static of(entries: Iterable<readonly [path: string, entry: ManifestEntry]>): ManifestFiles {
    const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
    for (let number = 1; number < sorted.length; number += 1) {
      if (sorted[number]![0] === sorted[number - 1]![0]) throw new RangeError(`'${sorted[number]![0]}' comes twice`);
    }
    const copies: Partial<Record<Encoding, CopyColumn>> = {};
    for (const encoding of ENCODINGS) {
      const at = sorted.flatMap(([, { encoded }], number) => (encoded?.[encoding] ? [number] : []));
      if (at.length === 0) continue;
      const refs = at.map((number) => sorted[number]![1].encoded![encoding]!);
      copies[encoding] = { ...columnOf(refs), at: Uint32Array.from(at) };
    }
    return new ManifestFiles({
      paths: sorted.map(([path]) => path),
      own: columnOf(sorted.map(([, entry]) => entry)),
      copies,
    });
  }

  /** The number of the file at `path`, which begins with a slash; -1 when there is none. */
  find(path: string): number {
    const mask = this.slots.length - 1;
    for (let slot = hashOf(path, 0, path.length) & mask; ; slot = (slot + 1) & mask) {
      const number = this.slots[slot]! - 1;
      if (number === -1) return -1;
      const start = this.starts[number]!;
      if (this.starts[number + 1]! - start === path.length && this.names.startsWith(path, start)) return number;
    }
  }

  /** Without a leading slash. */
  pathAt(number: number): string {
    return this.names.slice(this.starts[number]! + 1, this.starts[number + 1]);
  }

  entryAt(number: number): ManifestEntry {
    const encoded: ManifestEntry["encoded"] = {};
    let hasCopies = false;
    for (const encoding of ENCODINGS) {
      const column = this.copies[encoding];
      const place = column === undefined ? -1 : placeOf(column.at, number);
      if (place < 0) continue;
      encoded[encoding] = blobAt(column!, place);
      hasCopies = true;
    }
    const { hash, size } = blobAt(this.own, number);
    return hasCopies ? { hash, size, encoded } : { hash, size };
  }

  *paths(): Generator<string, void> {
    for (let number = 0; number < this.count; number += 1) yield this.pathAt(number);
  }

  *entries(): Generator<[path: string, entry: ManifestEntry], void> {
    for (let number = 0; number < this.count; number += 1) yield [this.pathAt(number), this.entryAt(number)];
  }

  /** Of all files, uncompressed. */
  get totalBytes(): number {
    let sum = 0;
    for (const size of this.own.sizes) sum += size;
    return sum;
  }

  /** About what it takes in memory. */
  get memoryBytes(): number {
    let sum = this.names.length * (isLatin1(this.names) ? 1 : 2) + this.starts.byteLength + this.slots.byteLength;
    for (const { hashes, sizes } of [this.own, ...Object.values(this.copies)]) {
      sum += hashes.byteLength + sizes.byteLength;
    }
    for (const { at } of Object.values(this.copies)) sum += at.byteLength;
    return sum;
  }

  /** Its columns, for those that store it. */
  columns(): FileColumns {
    return { paths: [...this.paths()], own: this.own, copies: this.copies };
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

/** Nobody can choose paths that fall on one another without knowing it. */
const SEED = crypto.getRandomValues(new Uint32Array(1))[0]!;

function hashOf(text: string, start: number, end: number): number {
  let hash = SEED;
  for (let index = start; index < end; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x5bd1e995);
    hash ^= hash >>> 15;
  }
  return Math.imul(hash, 0x85ebca6b) >>> 7;
}

function isLatin1(text: string): boolean {
  return !/[^\0-\xff]/.test(text);
}
