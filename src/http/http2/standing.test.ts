import { expect, test } from "bun:test";
import { AnswerHead } from "../answer-head.ts";
import type { Answers } from "../answers.ts";
import { FakeSocket } from "../testing/fake-socket.ts";
import { blockOf, frame, getOf, number, postOf, request, setting } from "../testing/frame-client.ts";
import { Http2Connection } from "./connection.ts";
import { CODE, FLAG, FRAME, OWN, PREFACE, SETTING } from "./protocol.ts";

/** How a connection stands after what a client did, be it for a minute, or many times. */

const GREETING = [PREFACE, frame(FRAME.settings, 0, 0)];
const PART = Buffer.alloc(16_000);
const turns = async (count = 20) => {
  for (let left = count; left > 0; left -= 1) await new Promise((resolve) => setImmediate(resolve));
};

function open(answers: Partial<Answers> = {}) {
  const socket = new FakeSocket();
  const connection = new Http2Connection(socket.asSocket, {
    answer: () => new Promise<Response>(() => {}),
    refuse: ({ status }) => new Response(null, { status }),
    opened: () => {},
    isLeaving: () => false,
    ...answers,
  });
  const send = (...frames: Buffer[]) => connection.receive(Buffer.concat(frames));
  send(...GREETING);
  return { socket, connection, send };
}

const post = (stream: number) => frame(FRAME.headers, FLAG.endHeaders, stream, postOf("/"));
const faultOf = (socket: FakeSocket) =>
  socket
    .frames()
    .find(({ type }) => type === FRAME.goAway)
    ?.payload.readUInt32BE(4);
/** How much more the client may send on a stream, or in all, than at first. */
const grownBy = (socket: FakeSocket, stream: number) =>
  socket
    .frames()
    .filter((each) => each.type === FRAME.windowUpdate && each.stream === stream)
    .reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 0);

test.each<[string, Answers["answer"], Buffer[]]>([
  ["is read late", async (asked) => turns().then(async () => new Response(`${(await asked.bytes()).length}`)), []],
  ["is taken back", () => new Promise(() => {}), [number(CODE.cancel)]],
  ["is of no interest", async () => turns().then(() => new Response("no")), []],
])("content that %s leaves the connection's window as it was", async (_, answer, [reset]) => {
  const { socket, send } = open({ answer });
  const before = grownBy(socket, 0);
  const rounds = Math.ceil((3 * OWN.connectionWindowBytes) / PART.length);
  for (let at = 0; at < rounds; at += 1) {
    const stream = 1 + 2 * at;
    send(post(stream), frame(FRAME.data, reset ? 0 : FLAG.endStream, stream, PART));
    if (reset !== undefined) send(frame(FRAME.reset, 0, stream, reset));
    await turns(reset ? 1 : 40);
  }
  expect(faultOf(socket)).toBeUndefined();
  // What is not given back yet is less than what is worth a frame.
  expect(grownBy(socket, 0) - before).toBeGreaterThan(rounds * PART.length - OWN.connectionWindowBytes / 2);
});

test("content that comes byte by byte waits in one piece", async () => {
  let asked: Request | undefined;
  const { send } = open({ opened: (request) => (asked = request) });
  send(post(1));
  for (let at = 0; at < 1_000; at += 1) send(frame(FRAME.data, 0, 1, Buffer.from("x")));
  send(frame(FRAME.data, FLAG.endStream, 1));
  await turns();
  const reader = asked!.body!.getReader();
  expect((await reader.read()).value?.length).toBe(1_000);
  expect((await reader.read()).done).toBe(true);
});

test("a response that took its time is not cut behind its end", async () => {
  const answered = Promise.withResolvers<Response>();
  const { connection, socket, send } = open({ answer: () => answered.promise });
  send(request(1, getOf("/")));
  const begun = Date.now();
  await Bun.sleep(5);
  answered.resolve(new Response(null));
  await turns();
  expect(socket.frames().some(({ type }) => type === FRAME.headers)).toBe(true);
  expect(connection.isOverdue(begun + 60_002)).toBe(false);
  expect(connection.isOverdue(Date.now() + 61_000)).toBe(true);
});

test("a client waits as long as it takes for its content to be read, and is not waited for longer than that", async () => {
  let asked: Request | undefined;
  const { connection, send } = open({ opened: (request) => (asked = request) });
  send(post(1), frame(FRAME.data, 0, 1, PART));
  await turns();
  expect(connection.isOverdue(Date.now() + 3_600_000)).toBe(false);
  const reader = asked!.body!.getReader();
  await reader.read();
  void reader.read().catch(() => {});
  await turns();
  expect(connection.isOverdue(Date.now() + 59_000)).toBe(false);
  expect(connection.isOverdue(Date.now() + 61_000)).toBe(true);
});

test("trailers of a request that was answered early are ignored, once", () => {
  const { socket, send } = open({ answer: () => new Response(null, { status: 405 }) });
  const trailers = frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 1, blockOf([["checksum", "1"]]));
  send(post(1), frame(FRAME.data, 0, 1, PART), trailers);
  expect(faultOf(socket)).toBeUndefined();
  send(trailers);
  expect(faultOf(socket)).toBe(CODE.streamClosed);
});

test("one request has one answer, though it was refused for its content while that had to wait", async () => {
  const body = Buffer.from("too much");
  const { socket, send } = open({
    answer: async (asked) =>
      asked.text().then(
        () => new Response("fine"),
        () => new Response("broken"),
      ),
    refuse: ({ status }) => new Response(body, { status, headers: { "content-length": `${body.length}` } }),
  });
  send(frame(FRAME.settings, 0, 0, setting(SETTING.initialWindow, 0)), post(1));
  const parts = Math.ceil((16 * 1024 * 1024) / PART.length) + 1;
  for (let at = 0; at < parts; at += 1) {
    send(frame(FRAME.data, 0, 1, PART));
    await turns(1);
  }
  await turns();
  expect(socket.frames().filter(({ type }) => type === FRAME.headers)).toHaveLength(1);
});

test("content that says to be too large is not asked for", () => {
  const { socket, send } = open();
  const length = String(16 * 1024 * 1024 + 1);
  send(frame(FRAME.headers, FLAG.endHeaders, 1, postOf("/", ["content-length", length], ["expect", "100-continue"])));
  const heads = socket.frames().filter(({ type }) => type === FRAME.headers);
  expect(heads).toHaveLength(1);
  expect(heads[0]!.payload.includes("413")).toBe(true);
});

test("a client with less room for a table is told once that none is used", () => {
  const head = new AnswerHead(200, []);
  const { socket, send } = open({ quick: () => ({ encoding: null, head, body: undefined }) });
  send(request(1, getOf("/")), frame(FRAME.settings, 0, 0, setting(SETTING.tableSize, 0)));
  send(request(3, getOf("/")), frame(FRAME.settings, 0, 0, setting(SETTING.tableSize, 0)), request(5, getOf("/")));
  const first = socket.frames().flatMap(({ type, payload }) => (type === FRAME.headers ? [payload[0]] : []));
  expect(first).toEqual([0x88, 0x20, 0x88]);
});

test("a connection that is to end in the midst of a client's frames ends after them", async () => {
  const { connection, socket, send } = open();
  send(...Array.from({ length: 128 }, () => frame(FRAME.priority, 0, 1, Buffer.alloc(5))));
  connection.leave();
  await turns();
  expect(socket.isShut).toBe(true);
});

test("an idle client is told before its connection ends, one with a request that hangs is cut", async () => {
  const idle = open();
  idle.connection.expire();
  expect(faultOf(idle.socket)).toBe(CODE.none);
  expect(idle.socket.isCut).toBe(false);
  const busy = open();
  busy.send(request(1, getOf("/")));
  busy.connection.expire();
  expect(busy.socket.isCut).toBe(true);
});
