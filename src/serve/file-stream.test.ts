import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileStream } from "./file-stream.ts";

const folder = mkdtempSync(join(tmpdir(), "berth-stream-"));
afterAll(() => rmSync(folder, { recursive: true }));
const content = Buffer.alloc(3 * 1024 ** 2, "0123456789abcdef!");

function newFile(name: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const opened = (path: string) =>
  readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(path);
    } catch {
      return false;
    }
  }).length;

test.each([
  [0, content.length - 1],
  [0, 0],
  [1_000_001, 2_000_000],
  [content.length - 1, content.length - 1],
])("bytes %p to %p come as they are, and the file is closed", async (first, last) => {
  const path = newFile("range");
  const bytes = await new Response(fileStream(Bun.file(path), { first, last })).bytes();
  expect(Buffer.compare(bytes, content.subarray(first, last + 1))).toBe(0);
  expect(opened(path)).toBe(0);
});

test("one that is removed in the midst comes to its end, and a reader that goes leaves nothing open", async () => {
  const path = newFile("removed");
  const whole = { first: 0, last: content.length - 1 };
  const [reader, leaving] = [0, 1].map(() => fileStream(Bun.file(path), whole).getReader());
  const begin = (await reader!.read()).value!;
  await leaving!.read();
  rmSync(path);
  expect(opened(path)).toBe(2);
  let length = begin.length;
  for (let next = await reader!.read(); !next.done; next = await reader!.read()) length += next.value.length;
  expect(length).toBe(content.length);
  await leaving!.cancel();
  expect(opened(path)).toBe(0);
});

test("a file that ends early is an error", async () => {
  const path = newFile("short");
  const bytes = new Response(fileStream(Bun.file(path), { first: 0, last: content.length })).bytes();
  await expect(bytes).rejects.toThrow("shorter");
});

test("many readers who take nothing hold a little each", async () => {
  const path = newFile("many");
  const readers = Array.from({ length: 2_000 }, () =>
    fileStream(Bun.file(path), { first: 0, last: content.length - 1 }).getReader(),
  );
  let heldBytes = 0;
  for (const reader of readers) heldBytes += (await reader.read()).value!.length;
  expect(heldBytes).toBeLessThan(512 * 1024 ** 2);
  expect((await readers[0]!.read()).value!.length).toBeLessThan(64 * 1024);
  await Promise.all(readers.map((reader) => reader.cancel()));
  expect(opened(path)).toBe(0);
});
