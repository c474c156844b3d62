import { expect, test } from "bun:test";
import { surplusTools } from "./evict.ts";

const kept = [
  { folder: "node-24.2.0", bytes: 100, usedAtMs: 1 },
  { folder: "node-20.1.0", bytes: 100, usedAtMs: 2 },
  { folder: "pnpm-9.0.0", bytes: 20, usedAtMs: 4 },
  { folder: "yarn-1.22.22", bytes: 10, usedAtMs: 3 },
];

test.each([
  ["all fit", 230, [], []],
  ["the one that was used the longest time ago", 229, [], ["node-24.2.0"]],
  ["as many as it takes", 25, [], ["node-24.2.0", "node-20.1.0", "yarn-1.22.22"]],
  ["what stays is passed over", 129, ["node-24.2.0"], ["node-20.1.0", "yarn-1.22.22"]],
  ["what stays stays, even when it does not fit", 0, kept.map(({ folder }) => folder), []],
])("%s", (_, maxBytes, staying: string[], expected: string[]) => {
  expect(surplusTools(kept, { maxBytes, stays: (folder) => staying.includes(folder) })).toEqual(expected);
});
