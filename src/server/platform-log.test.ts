import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPlatformLog } from "./platform-log.ts";

test("a line is in the file at once, and a fault tells where it came from", () => {
  const directory = mkdtempSync(join(tmpdir(), "berth-log-"));
  try {
    const log = openPlatformLog(directory);
    log.info("started", { port: 1 });
    log.fault(new Error("broken"), { part: "queue" });
    const lines = readFileSync(join(directory, "platform.log"), "utf8").trim().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { msg: "started", port: 1 },
      { msg: "broken", part: "queue", err: { stack: expect.stringContaining("platform-log.test.ts") } },
    ]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("a full disk makes a fault no worse", () => {
  const directory = mkdtempSync(join(tmpdir(), "berth-log-"));
  try {
    // full(4): every write to it fails for lack of space.
    symlinkSync("/dev/full", join(directory, "platform.log"));
    const log = openPlatformLog(directory);
    expect(() => log.fault(new Error("broken"), { part: "queue" })).not.toThrow();
    expect(() => log.info("goes on")).not.toThrow();
  } finally {
    rmSync(directory, { recursive: true });
  }
});
