import { expect, test } from "bun:test";
import { isShort } from "./guard.ts";

const GIB = 1024 ** 3;

test.each([
  ["a small disk keeps half a gibibyte", 10, 0.4, true],
  ["and may be used down to it", 10, 0.6, false],
  ["a larger one keeps its fiftieth", 100, 1.9, true],
  ["and may be used down to it", 100, 2.1, false],
  ["a very large one keeps four gibibytes", 4000, 3.9, true],
  ["and may be used down to them", 4000, 4.1, false],
])("%s: %p GiB with %p GiB free", (_, total, free, expected) => {
  expect(isShort({ totalBytes: total * GIB, freeBytes: free * GIB })).toBe(expected);
});
