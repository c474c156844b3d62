import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from "node:zlib";
import type { Encoding } from "../model/manifest.ts";

/** A copy must be this much smaller to be worth its place. */
const WORTH_BYTES = 64;
const WORTH_SHARE = 0.95;

/** Quick levels: this stands between a build and its going live. */
const COMPRESSORS: Record<Encoding, (bytes: Uint8Array) => Uint8Array> = {
  br: (bytes) =>
    brotliCompressSync(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.byteLength },
    }),
  zstd: (bytes) => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 6 } }),
  gzip: (bytes) => gzipSync(bytes, { level: 6 }),
};

export type Variants = Partial<Record<Encoding, Uint8Array<ArrayBuffer>>>;

/** Compresses on this very thread. A copy that does not pay is left out. The same bytes always give the same copies. */
export function compressHere(bytes: Uint8Array): Variants {
  const variants: Variants = {};
  const limit = Math.min(bytes.byteLength * WORTH_SHARE, bytes.byteLength - WORTH_BYTES);
  for (const encoding of Object.keys(COMPRESSORS) as Encoding[]) {
    const copy = COMPRESSORS[encoding](bytes);
    if (copy.byteLength <= limit) variants[encoding] = new Uint8Array(copy);
  }
  return variants;
}
