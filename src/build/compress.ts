import { promisify } from "node:util";
import { brotliCompress, constants, gzip, zstdCompress } from "node:zlib";
import type { Encoding } from "../model/manifest.ts";

/** Media types whose files are made of text, by ending; what is packed already gains nothing. */
const TEXT = new Set(
  "html htm xhtml css js mjs cjs json map svg xml txt md csv tsv webmanifest wasm ico ttf otf eot bmp rss atom ics vtt geojson jsonld yaml yml toml ts tsx jsx".split(
    " ",
  ),
);
const MIN_BYTES = 256;
const MAX_BYTES = 32 * 1024 * 1024;
/** A copy must be this much smaller to be worth its place. */
const WORTH_BYTES = 64;
const WORTH_SHARE = 0.95;

const compressors: Record<Encoding, (bytes: Uint8Array) => Promise<Buffer>> = {
  br: (bytes) =>
    brotli(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.byteLength },
    }),
  zstd: (bytes) => zstd(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 6 } }),
  gzip: (bytes) => gz(bytes, { level: 6 }),
};
const brotli = promisify(brotliCompress);
const zstd = promisify(zstdCompress);
const gz = promisify(gzip);

export function compressible(path: string, sizeBytes: number): boolean {
  const ending =
    path
      .slice(path.lastIndexOf("/") + 1)
      .split(".")
      .at(-1)
      ?.toLowerCase() ?? "";
  return sizeBytes >= MIN_BYTES && sizeBytes <= MAX_BYTES && TEXT.has(ending);
}

/** Quick levels, on the thread pool: this stands between a build and its going live. Copies that do not pay are left out. */
export async function compressVariants(bytes: Uint8Array): Promise<Partial<Record<Encoding, Uint8Array<ArrayBuffer>>>> {
  const made = await Promise.all(
    Object.entries(compressors).map(
      async ([encoding, compress]) => [encoding, new Uint8Array(await compress(bytes))] as const,
    ),
  );
  const worth = made.filter(
    ([, { byteLength }]) =>
      byteLength <= bytes.byteLength * WORTH_SHARE && byteLength <= bytes.byteLength - WORTH_BYTES,
  );
  return Object.fromEntries(worth);
}
