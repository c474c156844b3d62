import { readEarlierFiles } from "./earlier-manifests.ts";
import type { DeploymentId } from "./ids.ts";
import { isCount, isObject } from "./json-values.ts";
import {
  COMPRESSIONS,
  ENCODINGS,
  type Encoding,
  HTML_HANDLING,
  type Manifest,
  NOT_FOUND_HANDLING,
} from "./manifest.ts";
import { type BlobColumn, type CopyColumn, type FileColumns, ManifestFiles, type Numbers } from "./manifest-files.ts";
import { PathIndex } from "./path-index.ts";

const VERSION = 3;

/**
 * What a manifest says of its files, version 3. Hashes, sizes and numbers of all of them are bytes in one piece, as
 * base64 in the manifest's first member, `data`: it is read without being taken for text, so that reading many files
 * costs little more than their bytes. There lie the files' own blobs, then the copies of each encoding in the order of
 * `ENCODINGS`: numbers of the files (4 bytes each), hashes (32), sizes (4, or 8 as a float; all in little-endian).
 */
interface StoredFiles {
  count: number;
  /** As `PathIndex` keeps them. */
  paths: string;
  sizeBytes: number;
  encoded: Partial<Record<Encoding, { count: number; sizeBytes: number }>>;
}

/** As ASCII: a reader gets by with a byte a character whatever the paths are. */
export function encodeManifest({ files, ...rest }: Manifest): Uint8Array {
  const { paths, own, copies } = files.columns;
  const encoded: StoredFiles["encoded"] = {};
  const parts: ArrayBufferView<ArrayBuffer>[] = [own.hashes, own.sizes];
  for (const encoding of ENCODINGS) {
    const column = copies[encoding];
    if (column === undefined) continue;
    encoded[encoding] = { count: column.at.length, sizeBytes: column.sizes.BYTES_PER_ELEMENT };
    parts.push(column.at, column.hashes, column.sizes);
  }
  const { count, text } = paths;
  const stored: StoredFiles = { count, paths: text, sizeBytes: own.sizes.BYTES_PER_ELEMENT, encoded };
  const data = Buffer.concat(
    parts.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)),
  );
  const members = JSON.stringify({ version: VERSION, ...rest, files: stored }).slice(1);
  const ascii = members.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return new TextEncoder().encode(`{"data":"${data.toString("base64")}",${ascii}\n`);
}

/** @returns undefined for anything that is not the manifest of deployment `id`, whole and sound */
export function decodeManifest(bytes: Uint8Array, id: DeploymentId): Manifest | undefined {
  const stored = parse(bytes);
  if (stored === undefined) return undefined;
  const { version, checksum: _, files: storedFiles, compression = "quick", ...rest } = stored.members;
  if (rest.deployment !== id || typeof rest.project !== "string") return undefined;
  if (typeof rest.createdAt !== "string" || Number.isNaN(Date.parse(rest.createdAt))) return undefined;
  if (!isOneOf(HTML_HANDLING, rest.htmlHandling) || !isOneOf(NOT_FOUND_HANDLING, rest.notFoundHandling)) {
    return undefined;
  }
  if (!isOneOf(COMPRESSIONS, compression)) return undefined;
  const { data } = stored;
  const files = data === undefined ? readEarlierFiles(version, storedFiles) : readFiles(version, storedFiles, data);
  return files && ({ ...rest, compression, files } as Manifest);
}

function readFiles(version: unknown, stored: unknown, data: Uint8Array<ArrayBuffer>): ManifestFiles | undefined {
  if (version !== VERSION || !isObject(stored) || !isObject(stored.encoded)) return undefined;
  const { count, paths, sizeBytes, encoded } = stored;
  if (!isCount(count) || typeof paths !== "string") return undefined;
  const columns = new ColumnReader(data);
  const own = columns.blobs(count, sizeBytes);
  const copies: FileColumns["copies"] = {};
  for (const encoding of ENCODINGS) {
    if (!Object.hasOwn(encoded, encoding)) continue;
    const column = columns.copies(encoded[encoding], count);
    if (column === undefined) return undefined;
    copies[encoding] = column;
  }
  const index = PathIndex.read(paths, count);
  return own && index && columns.isAtEnd ? new ManifestFiles({ paths: index, own, copies }) : undefined;
}

/** Takes one column after the other; each is undefined where there is no sound one. */
class ColumnReader {
  private at = 0;

  constructor(private readonly data: Uint8Array<ArrayBuffer>) {}

  get isAtEnd(): boolean {
    return this.at === this.data.length;
  }

  blobs(count: number, sizeBytes: unknown): BlobColumn | undefined {
    const hashes = this.take(32 * count);
    const sizes = sizeBytes === 8 ? this.floats(count) : sizeBytes === 4 ? this.integers(count) : undefined;
    return hashes && sizes && { hashes, sizes };
  }

  copies(stored: unknown, files: number): CopyColumn | undefined {
    if (!isObject(stored) || !isCount(stored.count) || stored.count > files) return undefined;
    const at = this.integers(stored.count);
    const column = this.blobs(stored.count, stored.sizeBytes);
    return at && column && areAscending(at, files) ? { ...column, at } : undefined;
  }

  private integers(count: number): Uint32Array<ArrayBuffer> | undefined {
    const bytes = this.take(4 * count);
    return bytes && new Uint32Array(bytes.buffer, bytes.byteOffset, count);
  }

  private floats(count: number): Numbers | undefined {
    const bytes = this.take(8 * count);
    if (bytes === undefined) return undefined;
    const sizes = new Float64Array(bytes.slice().buffer);
    return sizes.every(isCount) ? sizes : undefined;
  }

  private take(length: number): Uint8Array<ArrayBuffer> | undefined {
    const start = this.at;
    this.at += length;
    return this.at > this.data.length ? undefined : this.data.subarray(start, this.at);
  }
}

function areAscending(numbers: Uint32Array, below: number): boolean {
  for (let place = 0; place < numbers.length; place += 1) {
    if (numbers[place]! >= below || (place > 0 && numbers[place]! <= numbers[place - 1]!)) return false;
  }
  return true;
}

/** Up to `data`, which only a checksum may come before. */
const BEFORE_DATA = /^\{(?:"checksum":"[0-9a-f]{64}",)?"data":"/;
const BEFORE_DATA_MAX_BYTES = 100;
const QUOTE = 34;

/** A manifest's members, and what is in `data` where it has that. */
function parse(
  bytes: Uint8Array,
): { members: Record<string, unknown>; data: Uint8Array<ArrayBuffer> | undefined } | undefined {
  const text = new TextDecoder("utf-8", { fatal: true });
  try {
    const before = BEFORE_DATA.exec(new TextDecoder("latin1").decode(bytes.subarray(0, BEFORE_DATA_MAX_BYTES)));
    if (before === null) return withMembers(text.decode(bytes), undefined);
    const start = before[0].length;
    const end = bytes.indexOf(QUOTE, start);
    const data = Uint8Array.fromBase64(text.decode(bytes.subarray(start, end)));
    const rest = text.decode(bytes.subarray(end + 1));
    return rest.startsWith(",") ? withMembers(`{${rest.slice(1)}`, data) : undefined;
  } catch {
    return undefined;
  }
}

function withMembers(json: string, data: Uint8Array<ArrayBuffer> | undefined) {
  const members: unknown = JSON.parse(json);
  return isObject(members) ? { members, data } : undefined;
}

function isOneOf<T extends string>(names: readonly T[], value: unknown): value is T {
  return names.includes(value as T);
}
