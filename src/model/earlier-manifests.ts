import { isSha256 } from "./ids.ts";
import { isCount, isObject } from "./json-values.ts";
import { type BlobRef, ENCODINGS, type Encoding, type ManifestEntry } from "./manifest.ts";
import { type BlobColumn, type CopyColumn, type FileColumns, ManifestFiles, numbersOf } from "./manifest-files.ts";
import { PathIndex } from "./path-index.ts";

/**
 * The files of manifests that earlier versions of the platform wrote, which serve for as long as their deployments do.
 * Version 2 had columns as lists of numbers, and their hashes as base64; version 1 an object of entries by path.
 * @returns undefined for what is not sound
 */
export function readEarlierFiles(version: unknown, stored: unknown): ManifestFiles | undefined {
  if (!isObject(stored)) return undefined;
  return version === 2 ? readColumns(stored) : version === 1 ? readEntries(stored) : undefined;
}

function readColumns({ paths, encoded, hashes, sizes }: Record<string, unknown>): ManifestFiles | undefined {
  if (!Array.isArray(paths) || !paths.every((path) => typeof path === "string") || !isObject(encoded)) return undefined;
  const index = PathIndex.of(paths);
  const own = readColumn(hashes, sizes, paths.length);
  const copies: FileColumns["copies"] = {};
  for (const encoding of ENCODINGS) {
    if (!Object.hasOwn(encoded, encoding)) continue;
    const column = readCopies(encoded[encoding], paths.length);
    if (column === undefined) return undefined;
    copies[encoding] = column;
  }
  return index && own && new ManifestFiles({ paths: index, own, copies });
}

function readColumn(hashes: unknown, sizes: unknown, count: number): BlobColumn | undefined {
  if (typeof hashes !== "string" || !Array.isArray(sizes)) return undefined;
  if (sizes.length !== count || !sizes.every(isCount)) return undefined;
  try {
    const bytes = Uint8Array.fromBase64(hashes);
    return bytes.length === 32 * count ? { hashes: bytes, sizes: numbersOf(sizes) } : undefined;
  } catch {
    return undefined;
  }
}

function readCopies(stored: unknown, files: number): CopyColumn | undefined {
  if (!isObject(stored) || !Array.isArray(stored.at)) return undefined;
  const { at, hashes, sizes } = stored;
  const areAscending = at.every((number, place) => isCount(number) && number > (place === 0 ? -1 : at[place - 1]));
  if (!areAscending || (at.length > 0 && at.at(-1) >= files)) return undefined;
  const column = readColumn(hashes, sizes, at.length);
  return column && { ...column, at: new Uint32Array(at) };
}

function readEntries(stored: Record<string, unknown>): ManifestFiles | undefined {
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
  try {
    return ManifestFiles.of(entries);
  } catch {
    return undefined;
  }
}

function readBlob(value: unknown): BlobRef | undefined {
  if (!isObject(value) || typeof value.hash !== "string" || !isSha256(value.hash) || !isCount(value.size)) {
    return undefined;
  }
  return { hash: value.hash, size: value.size };
}
