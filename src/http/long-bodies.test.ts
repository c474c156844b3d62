import { afterEach, expect, test } from "bun:test";
import { connect } from "node:net";
import { AnswerHead } from "./answer-head.ts";
import { Body } from "./body.ts";
import { dateLines } from "./http1/response-head.ts";
import { MemoryFiles } from "./memory-files.ts";
import { Output } from "./output.ts";
import type { Sharing } from "./sharing.ts";
import { start, startSecure, stopAll } from "./testing/open-listener.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const NONE = Buffer.alloc(0);
/** Of the lengths about which a body is shared, and of one that a connection does not take at once when it is behind. */
const BODIES = [100, 32 * 1024, 32 * 1024 + 1, 120 * 1024, 1024 * 1024].map((length) => {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += 1) bytes[at] = (at * 31 + (at >> 8)) & 0xff;
  return Body.withRoom(bytes);
});
/** A head of usual length, and one that is longer than all others together. */
const HEADS = ["head\r\n", `${"h".repeat(40_000)}\r\n`].map((text) => Buffer.from(text));

const files = new MemoryFiles(16 * 1024 * 1024);
const servers: { stop(now: boolean): void }[] = [];
afterEach(() => {
  files.clear();
  for (const server of servers.splice(0)) server.stop(true);
  stopAll();
});

interface Sender {
  output: Output;
  next: number;
}

/** Sends the bodies of that order to whoever connects, two and two as soon as those before are out. */
function serve(order: number[], way: Sharing["way"]): number {
  const goOn = (sender: Sender) => {
    while (sender.next < order.length && !sender.output.isBlocked) {
      for (const at of [sender.next, sender.next + 1]) {
        sender.output.send({ head: headAt(at), more: NONE }, BODIES[order[at]!], NOW);
      }
      sender.next += 2;
    }
  };
  const server = Bun.listen<Sender>({
    ...{ hostname: "127.0.0.1", port: 0 },
    socket: {
      open(socket) {
        socket.data = { output: new Output(socket, { files, way }), next: 0 };
        goOn(socket.data);
      },
      drain({ data }) {
        data.output.drain();
        goOn(data);
      },
      close: ({ data }) => data.output.close(),
      data() {},
    },
  });
  servers.push(server);
  return server.port;
}

const headAt = (at: number) => HEADS[at % 2]!;

/** @returns whether exactly these bytes came, to a client that stops reading now and then */
function arrives(port: number, expected: Buffer): Promise<boolean> {
  const socket = connect({ port, host: "127.0.0.1" });
  const pieces: Buffer[] = [];
  let length = 0;
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("data", (bytes: Buffer) => {
      pieces.push(bytes);
      length += bytes.length;
      if (length >= expected.length) {
        socket.destroy();
        resolve(Buffer.concat(pieces).equals(expected));
      } else if (pieces.length % 16 === 1) {
        socket.pause();
        setTimeout(() => socket.resume(), 5);
      }
    });
  });
}

test.each([
  ["shared", () => 0],
  ["copied", () => 1],
  ["shared and copied by turns", (at: number) => at % 2],
])("long bodies that are %s arrive whole and in their order at clients that lag behind", async (_, wayAt) => {
  const order = Array.from({ length: 400 }, (_, at) => (at * 7 + (at >> 2)) % BODIES.length);
  let uses = 0;
  let timed = 0;
  const way = {
    next: () => wayAt(uses++) as 0 | 1,
    took() {
      timed += 1;
    },
  };
  for (let at = 0; at < 200; at += 1) for (const body of BODIES) files.fileOf(body);
  const port = serve(order, way);
  const expected = Buffer.concat(
    order.flatMap((body, at) => [headAt(at), Buffer.from(dateLines(NOW)), BODIES[body]!.bytes]),
  );
  expect(await Promise.all([1, 2, 3].map(() => arrives(port, expected)))).toEqual([true, true, true]);
  expect(uses).toBeGreaterThan(50);
  expect(timed).toBeGreaterThan(0);
});

const asset = BODIES[3]!;
const quick = () => ({
  encoding: null,
  head: new AnswerHead(200, [["content-length", String(asset.length)]]),
  body: asset,
});

test.each(["http", "https"])("what is asked again and again over %s is what it was", async (scheme) => {
  const answer = () => new Response("other");
  const port = scheme === "http" ? start(answer, quick) : startSecure(answer, quick);
  for (let at = 0; at < 50; at += 1) {
    const response = await fetch(`${scheme}://localhost:${port}/`, { tls: { rejectUnauthorized: false } });
    expect(Buffer.from(await response.arrayBuffer()).equals(asset.bytes)).toBe(true);
  }
});

test("clients that go away in the midst of a body harm nobody", async () => {
  const way = { next: () => 0 as const, took() {} };
  for (let at = 0; at < 200; at += 1) for (const body of BODIES) files.fileOf(body);
  const port = serve(
    Array.from({ length: 20 }, () => 4),
    way,
  );
  for (let round = 0; round < 40; round += 1) {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.on("error", () => undefined);
    await new Promise<void>((resolve) => {
      socket.once("data", () => {
        socket.resetAndDestroy();
        resolve();
      });
    });
  }
  const short = serve([0, 3, 3, 3], way);
  const expected = [0, 3, 3, 3].flatMap((body, at) => [headAt(at), Buffer.from(dateLines(NOW)), BODIES[body]!.bytes]);
  expect(await arrives(short, Buffer.concat(expected))).toBe(true);
});
