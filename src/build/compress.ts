import { promisify } from "node:util";
import { brotliCompress, constants, gzip, zstdCompress } from "node:zlib";
import type { Encoding } from "../model/manifest.ts";

/** Endings of files that are made of text, or packed little; what is packed already gains nothing. */
const COMPRESSIBLE = new Set([
  ...["html", "htm", "xhtml", "css", "js", "mjs", "cjs", "json", "jsonld", "geojson", "map", "webmanifest", "wasm"],
  ...["svg", "xml", "rss", "atom", "txt", "md", "csv", "tsv", "ics", "vtt", "srt", "yaml", "yml", "toml"],
  ...["ico", "bmp", "ttf", "otf", "eot", "ts", "tsx", "jsx", "glb", "gltf"],
]);
const MIN_BYTES = 256;
const MAX_BYTES = 32 * 1024 * 1024;
/** A copy must be this much smaller to be worth its place. */
const WORTH_BYTES = 64;
const WORTH_SHARE = 0.95;

const brotli = promisify(brotliCompress);
const zstd = promisify(zstdCompress);
const gz = promisify(gzip);

/** Quick levels: this stands between a build and its going live. */
const COMPRESSORS: Record<Encoding, (bytes: Uint8Array) => Promise<Uint8Array>> = {
  br: (bytes) =>
    brotli(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.byteLength },
    }),
  zstd: (bytes) => zstd(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 6 } }),
  gzip: (bytes) => gz(bytes, { level: 6 }),
};

export type Variants = Partial<Record<Encoding, Uint8Array<ArrayBuffer>>>;

export function compressible(path: string, sizeBytes: number): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const ending = name.includes(".") ? name.slice(name.lastIndexOf(".") + 1).toLowerCase() : "";
  return sizeBytes >= MIN_BYTES && sizeBytes <= MAX_BYTES && COMPRESSIBLE.has(ending);
}

/** Compresses on the thread pool. A copy that does not pay is left out. The same bytes always give the same copies. */
export async function compressVariants(bytes: Uint8Array): Promise<Variants> {
  const variants: Variants = {};
  if (bytes.byteLength < MIN_BYTES || bytes.byteLength > MAX_BYTES) return variants;
  const limit = Math.min(bytes.byteLength * WORTH_SHARE, bytes.byteLength - WORTH_BYTES);
  const encodings = Object.keys(COMPRESSORS) as Encoding[];
  await Promise.all(
    encodings.map(async (encoding) => {
      const copy = await COMPRESSORS[encoding](bytes);
      if (copy.byteLength <= limit) variants[encoding] = new Uint8Array(copy);
    }),
  );
  return variants;
}
