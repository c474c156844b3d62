import { expect, test } from "bun:test";
import { mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AccessEntry, AccessLog, loggedPath } from "./access-log.ts";

const ENTRY: AccessEntry = {
  time: "2026-01-01T00:00:00.000Z",
  host: "a.test",
  method: "GET",
  path: "/",
  status: 200,
  bytes: null,
  durationMs: 1,
  encoding: null,
  deployment: null,
  remoteAddress: null,
  userAgent: "line\nbreak",
  scheme: "http",
  protocol: "http/1.1",
};

const linesOf = async (file: string) => (await readFile(file, "utf8")).split("\n").slice(0, -1);

test("each entry is one line, and a moved file is followed by a new one", async () => {
  const folder = await mkdtemp(join(tmpdir(), "berth-access-"));
  const file = join(folder, "access.jsonl");
  const log = new AccessLog(file);
  log.record(ENTRY);
  log.record({ ...ENTRY, path: "/two" });
  await rename(file, `${file}.1`);
  await log.reopen();
  log.record({ ...ENTRY, path: "/three" });
  await log.close();
  expect((await linesOf(`${file}.1`)).map((line) => JSON.parse(line))).toEqual([ENTRY, { ...ENTRY, path: "/two" }]);
  expect((await linesOf(file)).map((line) => JSON.parse(line).path)).toEqual(["/three"]);
  expect([log.written, log.dropped]).toEqual([3, 0]);
  await rm(folder, { recursive: true });
});

test("what finds no room in memory is dropped and counted", async () => {
  const folder = await mkdtemp(join(tmpdir(), "berth-access-"));
  const file = join(folder, "access.jsonl");
  const log = new AccessLog(file);
  const userAgent = "x".repeat(100_000);
  for (let index = 0; index < 100; index += 1) log.record({ ...ENTRY, userAgent });
  await log.close();
  expect(log.dropped).toBeGreaterThan(0);
  expect(log.written + log.dropped).toBe(100);
  expect((await linesOf(file)).length).toBe(log.written);
  await rm(folder, { recursive: true });
});

test("a full disk loses lines and nothing else", async () => {
  const log = new AccessLog("/dev/full");
  log.record(ENTRY);
  await log.close();
  expect([log.written, log.dropped]).toEqual([0, 1]);
});

test("a file that can't be opened is told by its setting", () => {
  expect(() => new AccessLog("/nowhere/access.jsonl")).toThrow("BERTH_ACCESS_LOG: '/nowhere/access.jsonl'");
});

test("a path is logged without its query", () => {
  const cases = [
    ["http://a.test", "/"],
    ["http://a.test/", "/"],
    ["https://a.test/a%20b/?berth_token=secret", "/a%20b/"],
    ["http://a.test/x?y?/z", "/x"],
  ] as const;
  for (const [url, path] of cases) expect(loggedPath(url)).toBe(path);
});
