import { expect, test } from "bun:test";
import { negotiate } from "./negotiate.ts";

const ALL = { br: 1, zstd: 1, gzip: 1 };

test.each([
  [null, "identity"],
  ["", "identity"],
  ["gzip, deflate, br, zstd", "br"],
  ["gzip, zstd", "zstd"],
  ["x-gzip", "gzip"],
  ["GZIP", "gzip"],
  ["deflate", "identity"],
  ["*", "br"],
  ["*;q=0.5, br;q=0", "zstd"],
  ["br;q=0.5, gzip;q=0.8", "gzip"],
  ["identity, gzip;q=0.5", "identity"],
  ["identity;q=0", undefined],
  ["*;q=0", undefined],
  ["gzip;q=0, *;q=0", undefined],
  ["identity;q=0, gzip;q=0.1", "gzip"],
  ["*;q=0, identity", "identity"],
  ["br;q=nonsense, gzip", "gzip"],
] as const)("%p: %p", (header, result) => expect(negotiate(header, ALL)).toBe(result));

test("only what exists is picked", () => {
  expect(negotiate("br, gzip", { gzip: 1 })).toBe("gzip");
  expect(negotiate("br, gzip", undefined)).toBe("identity");
  expect(negotiate("br, identity;q=0", undefined)).toBeUndefined();
});
