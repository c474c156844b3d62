import { expect, test } from "bun:test";
import { isShort, isShortOfMemory, openGuard } from "./guard.ts";
import { identify } from "./process-tree.ts";

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

test.each([
  ["a small machine keeps 128 MiB", 1, 0.12, true],
  ["and may be used down to it", 1, 0.13, false],
  ["a larger one keeps 3 %", 16, 0.47, true],
  ["and may be used down to them", 16, 0.49, false],
  ["a very large one keeps a gibibyte", 512, 0.9, true],
  ["and may be used down to it", 512, 1.1, false],
])("%s: %p GiB of memory with %p GiB free", (_, total, free, expected) => {
  expect(isShortOfMemory({ totalBytes: total * GIB, freeBytes: free * GIB })).toBe(expected);
});

const COUNTED = { folders: [], hasWeight: true, place: () => undefined, hit: () => undefined };
test.each([
  ["the process tree", undefined],
  ["a control group", COUNTED],
])("a run that is counted by %s is stopped when the machine's memory is nearly used up, by whatever", (_, cgroup) => {
  const limits = { wallMs: 1e9, memoryBytes: 1e12, processes: 1e6, diskBytes: 1e15, fileBytes: 1e12, logBytes: 1e9 };
  const run = { limits, cgroup, disk: "/", isVolume: true };
  const machine = { totalBytes: 16 * GIB, freeBytes: 2 * GIB };
  const guard = openGuard({ ...run, memory: () => machine });
  const first = identify(process.pid)!;
  expect(guard.look(first)).toBeUndefined();
  machine.freeBytes = GIB / 4;
  expect(guard.look(first)).toBe("memory");
});
