import type { DeploymentId } from "./ids.ts";
import { isSha256 } from "./ids.ts";
import {
  type BlobRef,
  COMPRESSIONS,
  ENCODINGS,
  type Encoding,
  HTML_HANDLING,
  type Manifest,
  type ManifestEntry,
  NOT_FOUND_HANDLING,
} from "./manifest.ts";
import { type BlobColumn, type CopyColumn, type FileColumns, ManifestFiles, numbersOf } from "./manifest-files.ts";

/**
 * The stored form of a manifest, version 2: its `files` are columns, so that reading many costs little.
 * `hashes` is base64 of 32 bytes a blob. Version 1 had an object of entries by path.
 */
interface StoredFiles {
  paths: string[];
  hashes: string;
  sizes: number[];
  encoded: Partial<Record<Encoding, { at: number[]; hashes: string; sizes: number[] }>>;
}

/** As ASCII: a reader gets by with a byte a character whatever the paths are. */
export function encodeManifest({ files, ...rest }: Manifest): Uint8Array {
  const { paths, own, copies } = files.columns();
  const encoded: StoredFiles["encoded"] = {};
  for (const encoding of ENCODINGS) {
    const column = copies[encoding];
    if (column !== undefined) encoded[encoding] = { at: [...column.at], ...storedColumn(column) };
  }
  const stored: StoredFiles = { paths: [...paths], ...storedColumn(own), encoded };
  const text = JSON.stringify({ version: 2, ...rest, files: stored });
  const ascii = text.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return new TextEncoder().encode(`${ascii}\n`);
}

/** @returns undefined for anything that is not the manifest of deployment `id`, whole and sound */
export function decodeManifest(bytes: Uint8Array, id: DeploymentId): Manifest | undefined {
  const stored = parse(bytes);
  if (stored === undefined) return undefined;
  const { version, files: storedFiles, compression = "quick", checksum: _, ...rest } = stored;
  if (rest.deployment !== id || typeof rest.project !== "string") return undefined;
  if (typeof rest.createdAt !== "string" || Number.isNaN(Date.parse(rest.createdAt))) return undefined;
  if (!isOneOf(HTML_HANDLING, rest.htmlHandling) || !isOneOf(NOT_FOUND_HANDLING, rest.notFoundHandling)) {
    return undefined;
  }
  if (!isOneOf(COMPRESSIONS, compression)) return undefined;
  const files = version === 2 ? readColumns(storedFiles) : version === 1 ? readEntries(storedFiles) : undefined;
  return files && ({ ...rest, compression, files } as Manifest);
}

function storedColumn({ hashes, sizes }: BlobColumn): { hashes: string; sizes: number[] } {
  return { hashes: hashes.toBase64(), sizes: [...sizes] };
}

function readColumns(stored: unknown): ManifestFiles | undefined {
  if (!isObject(stored) || !Array.isArray(stored.paths) || !isObject(stored.encoded)) return undefined;
  const { paths, encoded } = stored;
  if (!arePaths(paths)) return undefined;
  const own = readColumn(stored, paths.length);
  const copies: FileColumns["copies"] = {};
  for (const encoding of ENCODINGS) {
    if (!Object.hasOwn(encoded, encoding)) continue;
    const column = readCopies(encoded[encoding], paths.length);
    if (column === undefined) return undefined;
    copies[encoding] = column;
  }
  return own && new ManifestFiles({ paths, own, copies });
}

function readColumn({ hashes, sizes }: Record<string, unknown>, count: number): BlobColumn | undefined {
  if (typeof hashes !== "string" || !Array.isArray(sizes)) return undefined;
  if (sizes.length !== count || !sizes.every(isSize)) return undefined;
  try {
    const bytes = Uint8Array.fromBase64(hashes);
    return bytes.length === 32 * count ? { hashes: bytes, sizes: numbersOf(sizes) } : undefined;
  } catch {
    return undefined;
  }
}

function readCopies(stored: unknown, files: number): CopyColumn | undefined {
  if (!isObject(stored) || !Array.isArray(stored.at)) return undefined;
  const { at } = stored;
  const areAscending = at.every((number, place) => isSize(number) && number > (place === 0 ? -1 : at[place - 1]));
  if (!areAscending || (at.length > 0 && at.at(-1) >= files)) return undefined;
  const column = readColumn(stored, at.length);
  return column && { ...column, at: Uint32Array.from(at) };
}

/** Version 1. */
function readEntries(stored: unknown): ManifestFiles | undefined {
  if (!isObject(stored)) return undefined;
  const entries: [string, ManifestEntry][] = [];
  for (const [path, value] of Object.entries(stored)) {
    const entry = readBlob(value);
    if (entry === undefined) return undefined;
    const { encoded = {} } = value as { encoded?: unknown };
    if (!isObject(encoded)) return undefined;
    const copies: Partial<Record<Encoding, BlobRef>> = {};
    for (const encoding of ENCODINGS) {
      if (!Object.hasOwn(encoded, encoding)) continue;
      const copy = readBlob(encoded[encoding]);
      if (copy === undefined) return undefined;
      copies[encoding] = copy;
    }
    entries.push([path, { ...entry, encoded: copies }]);
  }
  const files = ManifestFiles.of(entries);
  return arePaths([...files.paths()]) ? files : undefined;
}

function readBlob(value: unknown): BlobRef | undefined {
  if (!isObject(value) || typeof value.hash !== "string" || !isSha256(value.hash) || !isSize(value.size)) {
    return undefined;
  }
  return { hash: value.hash, size: value.size };
}

/** An empty part, `.` or `..` names no file of a deployment. */
const ODD_PART = /(?:^|\/)\.{0,2}(?:\/|$)/;

function arePaths(values: readonly unknown[]): values is readonly string[] {
  return values.every((value, place) => {
    return typeof value === "string" && !ODD_PART.test(value) && (place === 0 || value > (values[place - 1] as string));
  });
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isOneOf<T extends string>(names: readonly T[], value: unknown): value is T {
  return names.includes(value as T);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parse(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
