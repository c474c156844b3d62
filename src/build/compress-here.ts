import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from "node:zlib";
import type { Compression, Encoding } from "../model/manifest.ts";

/** A copy must be this much smaller to be worth its place. */
const WORTH_BYTES = 64;
const WORTH_SHARE = 0.95;

type Levels = Record<Encoding, number>;
/** This stands between a build and its going live. */
const QUICK: Levels = { br: 5, zstd: 6, gzip: 6 };
const STRONGEST: Levels = { br: 11, zstd: 19, gzip: 9 };
/** The strongest levels get through about a megabyte a second: large files are given what ends in some seconds too. */
const STRONG_FOR_LARGE: Levels = { br: 9, zstd: 15, gzip: 9 };
const LARGE_BYTES = 4 * 1024 * 1024;

const COMPRESSORS: Record<Encoding, (bytes: Uint8Array, level: number) => Uint8Array> = {
  br: (bytes, level) =>
    brotliCompressSync(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: level, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.byteLength },
    }),
  zstd: (bytes, level) => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } }),
  gzip: (bytes, level) => gzipSync(bytes, { level }),
};

export type Variants = Partial<Record<Encoding, Uint8Array<ArrayBuffer>>>;

/** Compresses on this very thread. A copy that does not pay is left out. The same bytes always give the same copies. */
export function compressHere(bytes: Uint8Array, compression: Compression): Variants {
  const strong = bytes.byteLength > LARGE_BYTES ? STRONG_FOR_LARGE : STRONGEST;
  const levels = compression === "quick" ? QUICK : strong;
  const variants: Variants = {};
  const limit = Math.min(bytes.byteLength * WORTH_SHARE, bytes.byteLength - WORTH_BYTES);
  for (const encoding of Object.keys(COMPRESSORS) as Encoding[]) {
    const copy = COMPRESSORS[encoding](bytes, levels[encoding]);
    if (copy.byteLength <= limit) variants[encoding] = new Uint8Array(copy);
  }
  return variants;
}
