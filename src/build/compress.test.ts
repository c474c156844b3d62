import { expect, test } from "bun:test";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { compressible, compressVariants } from "./compress.ts";

test.each([
  ["index.html", 256, true],
  ["index.html", 255, false],
  ["a/b.JS", 5000, true],
  ["a.tar.gz", 5000, false],
  ["photo.jpg", 5000, false],
  ["LICENSE", 5000, false],
  ["html", 5000, false],
  ["big.json", 32 * 1024 * 1024 + 1, false],
])("%s of %d bytes: %p", (path, sizeBytes, expected) => {
  expect(compressible(path, sizeBytes)).toBe(expected);
});

test.each(["quick", "strong"] as const)("each %s copy unpacks to the same bytes", async (compression) => {
  const bytes = new TextEncoder().encode("<li>An item of a list</li>\n".repeat(200));
  const { br, zstd, gzip } = await compressVariants(bytes, compression);
  expect(brotliDecompressSync(br!).equals(bytes)).toBe(true);
  expect(zstdDecompressSync(zstd!).equals(bytes)).toBe(true);
  expect(gunzipSync(gzip!).equals(bytes)).toBe(true);
  expect(await compressVariants(bytes, compression)).toEqual({ br: br!, zstd: zstd!, gzip: gzip! });
});

test("copies that do not pay are left out", async () => {
  const random = crypto.getRandomValues(new Uint8Array(4096));
  expect(await compressVariants(random, "quick")).toEqual({});
  expect(await compressVariants(new Uint8Array(200), "strong")).toEqual({});
});
