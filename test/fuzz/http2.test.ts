import { expect, test } from "bun:test";
import fc from "fast-check";
import { AnswerHead } from "../../src/http/answer-head.ts";
import type { Answers } from "../../src/http/answers.ts";
import { Body } from "../../src/http/body.ts";
import { Http2Connection } from "../../src/http/http2/connection.ts";
import { HpackDecoder } from "../../src/http/http2/hpack-decoder.ts";
import {
  DEFAULT_WINDOW_BYTES,
  FLAG,
  FRAME,
  FRAME_HEAD_BYTES,
  FRAME_MAX_BYTES,
  PREFACE,
  SETTING,
} from "../../src/http/http2/protocol.ts";
import { responseOf, takeKnownBody } from "../../src/http/known-body.ts";
import { FakeSocket } from "../../src/http/testing/fake-socket.ts";
import { blockOf, type Frame, frame, getOf, number, postOf, setting } from "../../src/http/testing/frame-client.ts";

/** Whatever a client sends, however it is cut and however it reads: what comes back keeps to the protocol. */

/** Frames of one client, in its own words; a stream is told by its place among those that it began. */
type Step = (streams: number[]) => Buffer;

const SIZES = [0, 1, 100, 9_000, FRAME_MAX_BYTES];
const GROWTHS = [0, 1, 100, 20_000, 70_000, 2 ** 31 - 1];
const pick = (streams: readonly number[], place: number): number => streams[place % streams.length] ?? 1;
const next = (streams: number[]): number => {
  streams.push(1 + 2 * streams.length);
  return streams.at(-1)!;
};
const place = fc.nat(7);

const opening = fc
  .record({
    path: fc.constantFrom("/quick", "/large", "/known", "/echo", "/parts", "/never", "/early", "/throws"),
    hasContent: fc.boolean(),
    more: fc.constantFrom<[string, string][]>([], [], [["content-length", "100"]], [["expect", "100-continue"]]),
    cut: fc.nat(40),
    flags: fc.constantFrom(0, FLAG.priority),
  })
  .map(
    ({ path, hasContent, more, cut, flags }): Step =>
      (streams) => {
        const id = next(streams);
        const block = hasContent ? postOf(path, ...more) : getOf(path);
        const priority = flags === 0 ? Buffer.alloc(0) : Buffer.alloc(5);
        const end = hasContent ? 0 : FLAG.endStream;
        if (cut < 20) return frame(FRAME.headers, FLAG.endHeaders | end | flags, id, Buffer.concat([priority, block]));
        return Buffer.concat([
          frame(FRAME.headers, end | flags, id, Buffer.concat([priority, block.subarray(0, cut)])),
          frame(FRAME.continuation, FLAG.endHeaders, id, block.subarray(cut)),
        ]);
      },
  );
const content = fc
  .record({ place, bytes: fc.constantFrom(...SIZES), end: fc.constantFrom(0, FLAG.endStream), padding: fc.nat(3) })
  .map(
    ({ place, bytes, end, padding }): Step =>
      (streams) => {
        const id = pick(streams, place);
        if (padding === 0 || bytes + padding > FRAME_MAX_BYTES)
          return frame(FRAME.data, end, id, Buffer.alloc(bytes, "c"));
        const padded = Buffer.concat([
          Buffer.from([padding]),
          Buffer.alloc(Math.max(0, bytes - 1), "c"),
          Buffer.alloc(3),
        ]);
        return frame(FRAME.data, end | FLAG.padded, id, padded.subarray(0, FRAME_MAX_BYTES));
      },
  );
const trailers = place.map(
  (place): Step =>
    (streams) => {
      return frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, pick(streams, place), blockOf([["checksum", "1"]]));
    },
);
const reset = place.map(
  (place): Step =>
    (streams) =>
      frame(FRAME.reset, 0, pick(streams, place), number(8)),
);
const growth = fc.record({ place, ofAll: fc.boolean(), bytes: fc.constantFrom(...GROWTHS.slice(1, 5)) }).map(
  ({ place, ofAll, bytes }): Step =>
    (streams) => {
      return frame(FRAME.windowUpdate, 0, ofAll ? 0 : pick(streams, place), number(bytes));
    },
);
const settings = fc
  .constantFrom(setting(SETTING.initialWindow, 0), setting(SETTING.initialWindow, 5), setting(SETTING.tableSize, 0))
  .chain((one) => fc.constantFrom(one, setting(SETTING.initialWindow, 100_000), Buffer.alloc(0)))
  .map(
    (payload): Step =>
      () =>
        frame(FRAME.settings, 0, 0, payload),
  );
const aside = fc
  .constantFrom(
    frame(FRAME.ping, 0, 0, Buffer.alloc(8, "p")),
    frame(FRAME.ping, FLAG.ack, 0, Buffer.alloc(8)),
    frame(FRAME.settings, FLAG.ack, 0),
    frame(FRAME.priority, 0, 99, Buffer.alloc(5)),
    frame(0xbe, 0xff, 0, Buffer.alloc(20)),
  )
  .map(
    (bytes): Step =>
      () =>
        bytes,
  );
const wrong = fc
  .oneof(
    fc.record({ type: fc.nat(10), flags: fc.nat(255), id: fc.nat(9), payload: fc.uint8Array({ maxLength: 20 }) }),
    fc.record({
      ...{ type: fc.constant(FRAME.windowUpdate), flags: fc.constant(0), id: fc.nat(5) },
      payload: fc.constantFrom(...GROWTHS).map(number),
    }),
    fc.record({
      ...{ type: fc.constant(FRAME.goAway), flags: fc.constant(0), id: fc.constant(0) },
      payload: fc.constant(Buffer.alloc(8)),
    }),
  )
  .map(
    ({ type, flags, id, payload }): Step =>
      () =>
        frame(type, flags, id, payload),
  );

const step = fc.oneof(
  { arbitrary: opening, weight: 5 },
  { arbitrary: content, weight: 4 },
  { arbitrary: growth, weight: 4 },
  ...[trailers, reset, settings, aside].map((arbitrary) => ({ arbitrary, weight: 1 })),
);
const valid = fc.array(step, { minLength: 1, maxLength: 25 });
const mixed = fc.array(fc.oneof({ arbitrary: step, weight: 12 }, { arbitrary: wrong, weight: 1 }), { maxLength: 25 });
const change = fc.record({ at: fc.nat(), cut: fc.nat(3), put: fc.uint8Array({ maxLength: 3 }) });

function bytesOf(
  steps: readonly Step[],
  changes: readonly { at: number; cut: number; put: Uint8Array }[] = [],
): Buffer {
  const streams: number[] = [];
  let bytes = Buffer.concat([PREFACE, frame(FRAME.settings, 0, 0), ...steps.map((step) => step(streams))]);
  for (const { at, cut, put } of changes) {
    const place = at % (bytes.length + 1);
    bytes = Buffer.concat([bytes.subarray(0, place), put, bytes.subarray(place + cut)]);
  }
  return bytes;
}

const QUICK = new AnswerHead(200, [["content-length", "5"]]);
const LARGE = new AnswerHead(200, []);
const LARGE_BODY = Buffer.alloc(150_000, "l");
const pathOf = ({ url }: Request): string => new URL(url).pathname;

const refuse: Answers["refuse"] = ({ status }) => {
  const request = takeKnownBody(new Request("http://localhost/"));
  return responseOf(request, { status, headers: { "content-length": "2" } }, new Body(Buffer.from("no")));
};
const quick: Answers["quick"] = ({ target }) => {
  if (target === "/quick") return { encoding: null, head: QUICK, body: new Body(Buffer.from("quick")) };
  return target === "/large" ? { encoding: null, head: LARGE, body: new Body(LARGE_BODY) } : undefined;
};

/** Answers at once, and says nothing of content: so it is the client's bytes alone that tell what goes out. */
function atOnce(request: Request): Response | Promise<Response> {
  if (pathOf(request) === "/never") return new Promise<Response>(() => {});
  const bytes = LARGE_BODY.subarray(0, pathOf(request) === "/known" ? 70_000 : 10);
  return responseOf(request, { status: 200 }, new Body(bytes));
}

async function inTime(request: Request): Promise<Response> {
  switch (pathOf(request)) {
    case "/echo":
      return new Response(request.body);
    case "/early":
      return new Response("early");
    case "/throws":
      throw new Error("no");
    case "/never":
      return new Promise<Response>(() => {});
    case "/parts": {
      let left = 4;
      const pull = async (controller: ReadableStreamDefaultController) => {
        await Promise.resolve();
        left -= 1;
        if (left === 0) controller.close();
        else controller.enqueue(Buffer.alloc(30_000, "p"));
      };
      return new Response(new ReadableStream({ pull }));
    }
    default:
      return new Response(`${(await request.bytes().catch(() => "")).length}`);
  }
}

interface Course {
  frames: Frame[];
  opened: Request[];
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/**
 * Sends the bytes in pieces to a connection whose client reads so much at a time, and ends it.
 * @param rooms how much is read before each of the pieces, and again when they are through, until all of it is
 */
async function run(
  bytes: Buffer,
  { cuts, rooms, answer }: { cuts: readonly number[]; rooms: readonly number[]; answer: Answers["answer"] },
): Promise<Course> {
  const socket = new FakeSocket();
  const opened: Request[] = [];
  socket.setRoom(rooms[0] ?? Number.POSITIVE_INFINITY);
  const connection = new Http2Connection(socket.asSocket, {
    ...{ answer, refuse, quick, opened: (request) => opened.push(request), isLeaving: () => false },
  });
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const [at, to] of [...places, bytes.length].entries()) {
    // What the runtime hands over is its own, and written over afterwards.
    const piece = Buffer.from(bytes.subarray(from, to));
    connection.receive(piece);
    piece.fill(0xee);
    from = to;
    if (rooms.length > 0) socket.setRoom(rooms[at % rooms.length]!);
    connection.drain();
    await turn();
  }
  socket.setRoom(Number.POSITIVE_INFINITY);
  for (let left = 30; left > 0; left -= 1) {
    connection.drain();
    await turn();
  }
  expect(socket.isPaused).toBe(false);
  const frames = socket.frames();
  expectWindowsKept(bytes, frames);
  connection.close();
  await turn();
  return { frames, opened };
}

/** No more content goes out than the client's frames ever allowed, up to the end of what it sent. */
function expectWindowsKept(bytes: Buffer, frames: readonly Frame[]): void {
  let initial = DEFAULT_WINDOW_BYTES;
  const grown = new Map<number, number>();
  const most = new Map<number, number>();
  let mostInitial = initial;
  const note = (id: number) => {
    const now = (id === 0 ? DEFAULT_WINDOW_BYTES : initial) + (grown.get(id) ?? 0);
    most.set(id, Math.max(most.get(id) ?? 0, now));
  };
  for (let at = PREFACE.length; at + FRAME_HEAD_BYTES <= bytes.length; ) {
    const end = at + FRAME_HEAD_BYTES + bytes.readUIntBE(at, 3);
    const payload = bytes.subarray(at + FRAME_HEAD_BYTES, end);
    const [type, flags, id] = [bytes[at + 3]!, bytes[at + 4]!, bytes.readUInt32BE(at + 5) & 0x7fffffff];
    if (type === FRAME.windowUpdate && payload.length === 4) {
      grown.set(id, (grown.get(id) ?? 0) + (payload.readUInt32BE(0) & 0x7fffffff));
      note(id);
    }
    if (type === FRAME.settings && (flags & FLAG.ack) === 0) {
      for (let one = 0; one + 6 <= payload.length; one += 6) {
        if (payload.readUInt16BE(one) === SETTING.initialWindow) initial = payload.readUInt32BE(one + 2);
        mostInitial = Math.max(mostInitial, initial);
        for (const each of grown.keys()) note(each);
      }
    }
    at = end;
  }
  const sent = new Map<number, number>();
  for (const { type, stream, payload } of frames) {
    if (type !== FRAME.data) continue;
    for (const id of [0, stream]) sent.set(id, (sent.get(id) ?? 0) + payload.length);
  }
  for (const [id, count] of sent) {
    expect(count).toBeLessThanOrEqual(Math.max(most.get(id) ?? 0, id === 0 ? DEFAULT_WINDOW_BYTES : mostInitial));
  }
}

interface Answer {
  /** One for each head, informational ones among them. */
  statuses: string[];
  content: string;
  end: "open" | "whole" | `reset ${number}`;
}

/** What the frames say, by stream; heads are decoded in their order, as they share a table. */
function answersIn(frames: readonly Frame[]): { answers: Map<number, Answer>; rest: string[] } {
  const decoder = new HpackDecoder({ tableMaxBytes: 4096, listMaxBytes: 65_536 });
  const answers = new Map<number, Answer>();
  const rest: string[] = [];
  expect(frames[0]?.type).toBe(FRAME.settings);
  for (const { type, flags, stream, payload } of frames) {
    expect(payload.length).toBeLessThanOrEqual(FRAME_MAX_BYTES);
    const answer = answers.get(stream) ?? { statuses: [], content: "", end: "open" };
    const isOver = () => answer.end !== "open";
    switch (type) {
      case FRAME.headers: {
        const { fields } = decoder.decode(payload);
        expect([isOver(), answer.content, flags & ~FLAG.endStream]).toEqual([false, "", FLAG.endHeaders]);
        const status = fields[0]![1];
        expect(fields[0]![0]).toBe(":status");
        expect(answer.statuses.every((earlier) => earlier === "100")).toBe(true);
        answer.statuses.push(status);
        if ((flags & FLAG.endStream) !== 0) answer.end = "whole";
        answers.set(stream, answer);
        break;
      }
      case FRAME.data:
        expect([isOver(), answer.statuses.at(-1) ?? "100"]).not.toContain("100");
        expect(isOver()).toBe(false);
        answer.content += payload.toString("latin1");
        if ((flags & FLAG.endStream) !== 0) answer.end = "whole";
        break;
      case FRAME.reset:
        // After a whole answer it takes back the rest of the request.
        expect(isOver() && payload.readUInt32BE(0) !== 0 && answer.end !== "whole").toBe(false);
        if (answer.end === "open") answer.end = `reset ${payload.readUInt32BE(0)}`;
        answers.set(stream, answer);
        break;
      case FRAME.goAway:
        rest.push(`away ${payload.readUInt32BE(0)} ${payload.readUInt32BE(4)}`);
        break;
      case FRAME.ping:
        rest.push(`ping ${payload}`);
        break;
      case FRAME.settings:
        rest.push(`settings ${flags}`);
        break;
      default:
        expect(type).toBe(FRAME.windowUpdate);
    }
  }
  // A client that goes away is let go as soon as nothing is under way: in the midst of its frames, or behind them.
  const away = rest.findIndex((one) => /^away \d+ 0$/.test(one));
  return { answers, rest: away === -1 ? rest : rest.slice(0, away + 1) };
}

const cuts = fc.array(fc.nat(), { maxLength: 8 });
const rooms = fc.array(fc.constantFrom(0, 1, 10, 5_000, 200_000), { maxLength: 4 });

test("however a client's frames are cut and the answers are read, the same go out", async () => {
  let whole = 0;
  await fc.assert(
    fc.asyncProperty(fc.oneof(valid, mixed), fc.array(change, { maxLength: 1 }), cuts, rooms, async (...given) => {
      const [steps, changes, cuts, rooms] = given;
      const bytes = bytesOf(steps, changes);
      const one = answersIn((await run(bytes, { cuts: [], rooms: [], answer: atOnce })).frames);
      const other = answersIn((await run(bytes, { cuts, rooms, answer: atOnce })).frames);
      expect(other).toEqual(one);
      for (const { end } of one.answers.values()) if (end === "whole") whole += 1;
    }),
    { numRuns: 2_000, seed: 9113, endOnFailure: true },
  );
  expect(whole).toBeGreaterThan(300);
}, 60_000);

test("whatever comes, answers are well-formed, and each request is answered, reset or aborted by the end", async () => {
  let aborted = 0;
  await fc.assert(
    fc.asyncProperty(mixed, fc.array(change, { maxLength: 2 }), cuts, rooms, async (steps, changes, cuts, rooms) => {
      const { frames, opened } = await run(bytesOf(steps, changes), { cuts, rooms, answer: guarded });
      const { answers } = answersIn(frames);
      const over = [...answers.values()].filter(({ end }) => end !== "open").length;
      const left = opened.filter(({ signal }) => !signal.aborted).length;
      aborted += opened.length - left;
      expect(left).toBeLessThanOrEqual(over);
    }),
    { numRuns: 2_000, seed: 7541, endOnFailure: true },
  );
  expect(aborted).toBeGreaterThan(100);
}, 60_000);

/** As a listener has it: never rejects. */
const guarded = (request: Request) => inTime(request).catch(() => new Response(null, { status: 500 }));
