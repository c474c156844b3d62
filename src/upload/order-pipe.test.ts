import { afterEach, expect, test } from "bun:test";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runToEnd } from "../../test/support/process.ts";
import { environment } from "../environment.ts";
import { openOrderPipe } from "./order-pipe.ts";

let folder: string;
let descriptor: number;

async function newPipe() {
  folder = await mkdtemp(join(tmpdir(), "berth-orders-"));
  const path = join(folder, "pipe");
  await runToEnd(["mkfifo", path], { env: { PATH: environment.variables.PATH! } });
  descriptor = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  return openOrderPipe(descriptor, (error) => {
    throw error;
  });
}
afterEach(async () => {
  closeSync(descriptor);
  await rm(folder, { recursive: true, force: true });
});

function readNow(): string {
  const room = Buffer.alloc(1024 ** 2);
  try {
    return room.toString("latin1", 0, readSync(descriptor, room));
  } catch {
    return "";
  }
}

test("many times what a pipe holds arrives whole and in order", async () => {
  const pipe = await newPipe();
  const texts = Array.from({ length: 300 }, (_, index) => `${index}:${"x".repeat(5000)}\n`);
  for (const text of texts) pipe.send(text);
  const expected = texts.join("");
  let received = "";
  while (received.length < expected.length) {
    received += readNow();
    await Bun.sleep(1);
  }
  expect(received === expected).toBe(true);
  await pipe.stop();
});

test("what nobody reads is dropped at the end, and nothing waits for it", async () => {
  const pipe = await newPipe();
  pipe.send("x".repeat(1024 ** 2));
  await pipe.stop();
  pipe.send("more");
  await pipe.stop();
  expect(readNow()).not.toContain("more");
});
