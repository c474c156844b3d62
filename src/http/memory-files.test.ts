import { afterEach, expect, test } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";
import { Body } from "./body.ts";
import { MemoryFiles } from "./memory-files.ts";

const KIB = 1024;
const body = (kib: number) => Body.withRoom(Buffer.alloc(kib * KIB, "a"));
const files = new MemoryFiles(400 * KIB);
afterEach(() => files.clear());

/** Files in memory that this process has open. */
function openFiles(): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith("/memfd:");
    } catch {
      return false;
    }
  }).length;
}

test("what is long and comes again has a file, always the same one", () => {
  const long = body(100);
  expect(files.fileOf(long)).toBeUndefined();
  const file = files.fileOf(long);
  expect(file).toBeDefined();
  expect(files.fileOf(long)).toBe(file);
  const short = body(32);
  expect([files.fileOf(short), files.fileOf(short), files.fileOf(short)]).toEqual([undefined, undefined, undefined]);
});

test("the bound on bytes holds, and none that went is left open", () => {
  const before = openFiles();
  const bodies = Array.from({ length: 50 }, () => body(90));
  for (let round = 0; round < 5; round += 1) {
    for (const one of bodies) {
      files.fileOf(one);
      expect(openFiles() - before).toBeLessThanOrEqual(4);
    }
  }
  const large = body(500);
  expect([files.fileOf(large), files.fileOf(large)]).toEqual([undefined, undefined]);
  expect(openFiles() - before).toBe(4);
  files.clear();
  expect(openFiles()).toBe(before);
});

test("what is sent often keeps its file while many others are sent twice", () => {
  const often = body(100);
  files.fileOf(often);
  const file = files.fileOf(often);
  expect(file).toBeDefined();
  for (let at = 0; at < 100; at += 1) {
    const seldom = body(100);
    files.fileOf(seldom);
    files.fileOf(seldom);
    expect(files.fileOf(often)).toBe(file);
  }
});

test("what was sent often and is no more gives its place to what is", () => {
  const old = Array.from({ length: 4 }, () => body(100));
  for (const one of [...old, ...old, ...old]) files.fileOf(one);
  const now = body(100);
  for (let at = 0; at < 8; at += 1) files.fileOf(now);
  expect(files.fileOf(now)).toBeDefined();
});
