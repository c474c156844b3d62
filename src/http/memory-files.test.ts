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

/** Sent so often that one of them all can have a file. */
function sendOften(one: Body): ReturnType<MemoryFiles["fileOf"]> {
  for (let at = 0; at < 40; at += 1) files.fileOf(one);
  return files.fileOf(one);
}

test("what is long and comes again has a file, always the same one", () => {
  const long = body(100);
  expect(files.fileOf(long)).toBeUndefined();
  const file = sendOften(long);
  expect(file).toBeDefined();
  expect(files.fileOf(long)).toBe(file);
  expect(sendOften(body(32))).toBeUndefined();
});

test("the bounds on bytes and on files hold, and none that went is left open", () => {
  const before = openFiles();
  const bodies = Array.from({ length: 50 }, () => body(90));
  for (let round = 0; round < 5; round += 1) {
    for (const one of bodies) {
      sendOften(one);
      expect(openFiles() - before).toBeLessThanOrEqual(4);
    }
  }
  expect(sendOften(body(500))).toBeUndefined();
  expect(openFiles() - before).toBe(4);
  files.clear();
  expect(openFiles()).toBe(before);
  const roomy = new MemoryFiles(1024 * 1024 * KIB);
  const short = Array.from({ length: 200 }, () => body(33));
  for (let round = 0; round < 40; round += 1) for (const one of short) roomy.fileOf(one);
  expect(openFiles() - before).toBe(128);
  roomy.clear();
});

test("to go through more than there is room for makes few files", () => {
  const bodies = Array.from({ length: 50 }, () => body(90));
  const seen = new Set<unknown>();
  for (let round = 0; round < 32; round += 1) for (const one of bodies) seen.add(files.fileOf(one));
  expect(seen.size).toBeLessThanOrEqual(1 + (32 * 50) / 32);
});

test("what is sent often keeps its file while many others are sent twice", () => {
  const often = body(100);
  const file = sendOften(often);
  expect(file).toBeDefined();
  for (let at = 0; at < 1000; at += 1) {
    const seldom = body(100);
    files.fileOf(seldom);
    files.fileOf(seldom);
    expect(files.fileOf(often)).toBe(file);
  }
});

test("what was sent often and is no more gives its place to what is", () => {
  for (let at = 0; at < 4; at += 1) sendOften(body(100));
  const now = body(100);
  for (let at = 0; at < 6; at += 1) sendOften(now);
  expect(files.fileOf(now)).toBeDefined();
});
