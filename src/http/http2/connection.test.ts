import { afterEach, expect, test } from "bun:test";
import { AnswerHead } from "../answer-head.ts";
import { Body } from "../body.ts";
import {
  blockOf,
  type Frame,
  FrameClient,
  frame,
  getOf,
  number,
  postOf,
  request,
  setting,
} from "../testing/frame-client.ts";
import { startSecure, stopAll } from "../testing/open-listener.ts";
import { CODE, DEFAULT_WINDOW_BYTES, FLAG, FRAME, OWN, PREFACE, SETTING } from "./protocol.ts";

const clients: FrameClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  stopAll();
});

async function open(port: number, greeting?: Buffer): Promise<FrameClient> {
  const client = await FrameClient.open(port, greeting);
  clients.push(client);
  return client;
}

const pathOf = ({ url }: Request): string => new URL(url).pathname;
const echo = (asked: Request): Response => new Response(pathOf(asked));
const bytesOf = (client: FrameClient, stream: number): number => {
  const parts = client.frames.filter((each) => each.stream === stream && each.type === FRAME.data);
  return parts.reduce((sum, { payload }) => sum + payload.length, 0);
};
const isData = ({ type }: Frame): boolean => type === FRAME.data;
const allOf = Buffer.concat;
/** Resolves when what was sent before was read. */
const read = async (client: FrameClient): Promise<void> => {
  const mark = Buffer.from(`${client.frames.length}`.padStart(8));
  client.send(frame(FRAME.ping, 0, 0, mark));
  await client.find(({ type, payload }) => type === FRAME.ping && payload.equals(mark));
};

test("requests side by side are answered each when it is ready", async () => {
  const slow = Promise.withResolvers<void>();
  const port = startSecure(async (asked) => {
    if (pathOf(asked) === "/slow") await slow.promise;
    return echo(asked);
  });
  const client = await open(port);
  client.send(request(1, getOf("/slow")), request(3, getOf("/quick")));
  expect(await client.content(3)).toBe("/quick");
  slow.resolve();
  expect(await client.content(1)).toBe("/slow");
});

test("a request comes in whichever pieces the network makes of it", async () => {
  const client = await open(startSecure(echo));
  const block = getOf("/pieces");
  const bytes = allOf([
    frame(FRAME.headers, FLAG.endStream, 1, block.subarray(0, 7)),
    frame(FRAME.continuation, 0, 1, block.subarray(7, 20)),
    frame(FRAME.continuation, FLAG.endHeaders, 1, block.subarray(20)),
  ]);
  for (const byte of bytes) {
    client.send(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await client.content(1)).toBe("/pieces");
});

test("padding and priorities are read past", async () => {
  const port = startSecure(async (asked) => new Response(await asked.text()));
  const client = await open(port);
  const head = allOf([Buffer.from([3]), number(0), Buffer.from([1]), postOf("/"), Buffer.alloc(3)]);
  client.send(
    frame(FRAME.headers, FLAG.endHeaders | FLAG.padded | FLAG.priority, 1, head),
    frame(FRAME.priority, 0, 5, allOf([number(1), Buffer.from([9])])),
    frame(FRAME.data, FLAG.padded | FLAG.endStream, 1, allOf([Buffer.from([2]), Buffer.from("text"), Buffer.alloc(2)])),
    frame(0xbe, 0xff, 0, Buffer.from("of an extension")),
  );
  expect(await client.content(1)).toBe("text");
});

test("what is quick is answered without the handler, and goes on when there is room", async () => {
  const body = new Body(Buffer.alloc(100_000, "x"));
  const head = new AnswerHead(200, [["content-length", `${body.length}`]]);
  const port = startSecure(
    () => new Response("slow"),
    ({ target }) => (target === "/quick" ? { encoding: null, head, body } : undefined),
  );
  const client = await open(port);
  client.send(request(1, getOf("/quick")), request(3, getOf("/other")));
  await client.find(({ stream, type }) => stream === 1 && type === FRAME.data);
  await read(client);
  expect(bytesOf(client, 1) + bytesOf(client, 3)).toBeLessThanOrEqual(DEFAULT_WINDOW_BYTES);
  client.send(frame(FRAME.windowUpdate, 0, 0, number(1_000_000)), frame(FRAME.windowUpdate, 0, 1, number(1_000_000)));
  expect((await client.content(1)).length).toBe(100_000);
  expect(await client.content(3)).toBe("slow");
});

test("no more is sent than the other end takes, which may take less than nothing for a while", async () => {
  const port = startSecure(() => new Response("x".repeat(50_000)));
  const client = await open(port);
  client.send(frame(FRAME.settings, 0, 0, setting(SETTING.initialWindow, 10)), request(1, getOf("/")));
  await client.find(isData);
  await read(client);
  expect(bytesOf(client, 1)).toBe(10);
  client.send(frame(FRAME.settings, 0, 0, setting(SETTING.initialWindow, 0)));
  client.send(frame(FRAME.windowUpdate, 0, 1, number(10)));
  await read(client);
  expect(bytesOf(client, 1)).toBe(10);
  client.send(frame(FRAME.windowUpdate, 0, 1, number(5)));
  await read(client);
  expect(bytesOf(client, 1)).toBe(15);
  client.send(frame(FRAME.settings, 0, 0, setting(SETTING.initialWindow, 60_000)));
  expect((await client.content(1)).length).toBe(50_000);
});

test("two long bodies share the connection", async () => {
  const ready = { encoding: null, head: new AnswerHead(200, []), body: new Body(Buffer.alloc(100_000, "x")) };
  const client = await open(startSecure(echo, () => ready));
  client.send(
    frame(FRAME.settings, 0, 0, setting(SETTING.initialWindow, 0)),
    request(1, getOf("/")),
    request(3, getOf("/")),
  );
  await client.find(({ stream, type }) => stream === 3 && type === FRAME.headers);
  await read(client);
  client.send(frame(FRAME.settings, 0, 0, setting(SETTING.initialWindow, 200_000)));
  client.send(frame(FRAME.windowUpdate, 0, 0, number(200_000)));
  expect([(await client.content(1)).length, (await client.content(3)).length]).toEqual([100_000, 100_000]);
  const order = client.frames.filter(isData).map(({ stream }) => stream);
  expect(order.slice(0, 4)).toEqual([1, 3, 1, 3]);
});

test("a body that comes bit by bit is passed on so", async () => {
  const next = Promise.withResolvers<void>();
  async function* parts() {
    yield "one ";
    await next.promise;
    yield "two";
  }
  const port = startSecure(() => new Response(parts() as unknown as ReadableStream));
  const client = await open(port);
  client.send(request(1, getOf("/")));
  expect((await client.find(isData))?.payload.toString()).toBe("one ");
  next.resolve();
  expect(await client.content(1)).toBe("one two");
});

test("a body that breaks off or is shorter than was told resets its stream, and no other", async () => {
  const port = startSecure((asked) => {
    if (pathOf(asked) === "/short") return new Response(streamOf("abc"), { headers: { "content-length": "9" } });
    if (pathOf(asked) === "/broken") return new Response(brokenStream());
    return echo(asked);
  });
  const client = await open(port);
  client.send(request(1, getOf("/short")), request(3, getOf("/broken")), request(5, getOf("/whole")));
  expect([await client.resetOf(1), await client.resetOf(3)]).toEqual([CODE.internal, CODE.internal]);
  expect(await client.content(5)).toBe("/whole");
});

const streamOf = (text: string) =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text));
      setTimeout(() => controller.close(), 20);
    },
  });
const brokenStream = () =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode("abc"));
      setTimeout(() => controller.error(new Error("broken")), 20);
    },
  });

test("HEAD, 204 and 304 have no content, whatever the handler says", async () => {
  const port = startSecure((asked) => {
    const status = Number(pathOf(asked).slice(1));
    return new Response(status === 200 ? "content" : null, { status });
  });
  const client = await open(port);
  const head = blockOf([
    [":method", "HEAD"],
    [":scheme", "https"],
    [":authority", "localhost"],
    [":path", "/200"],
  ]);
  client.send(request(1, head), request(3, getOf("/204")), request(5, getOf("/304")));
  for (const stream of [1, 3, 5]) expect(await client.content(stream)).toBe("");
  expect(client.frames.filter(isData)).toEqual([]);
});

test("a request that is taken back is taken from the handler too", async () => {
  const aborted = Promise.withResolvers<string>();
  const port = startSecure((asked) => {
    asked.signal.addEventListener("abort", () => aborted.resolve(pathOf(asked)));
    return new Promise<Response>(() => {});
  });
  const client = await open(port);
  client.send(request(1, getOf("/gone")), frame(FRAME.reset, 0, 1, number(CODE.cancel)));
  expect(await aborted.promise).toBe("/gone");
});

test("a connection that is lost takes all its requests with it", async () => {
  const aborted: string[] = [];
  const done = Promise.withResolvers<void>();
  const port = startSecure((asked) => {
    asked.signal.addEventListener("abort", () => {
      aborted.push(pathOf(asked));
      if (aborted.length === 2) done.resolve();
    });
    return new Promise<Response>(() => {});
  });
  const client = await open(port);
  client.send(request(1, getOf("/a")), request(3, getOf("/b")));
  await read(client);
  client.close();
  await done.promise;
  expect(aborted.sort()).toEqual(["/a", "/b"]);
});

test("content is read as fast as the handler reads it, and no faster", async () => {
  const mayRead = Promise.withResolvers<void>();
  const port = startSecure(async (asked) => {
    await mayRead.promise;
    return new Response(`${(await asked.arrayBuffer()).byteLength}`);
  });
  const client = await open(port);
  const part = Buffer.alloc(16_000);
  client.send(frame(FRAME.headers, FLAG.endHeaders, 1, postOf("/")));
  const fits = Math.floor(OWN.windowBytes / part.length);
  for (let at = 0; at < fits; at += 1) client.send(frame(FRAME.data, 0, 1, part));
  await read(client);
  const grown = () => client.frames.filter(({ type, stream }) => type === FRAME.windowUpdate && stream === 1);
  expect(grown()).toEqual([]);
  mayRead.resolve();
  await client.find(({ type, stream }) => type === FRAME.windowUpdate && stream === 1);
  client.send(frame(FRAME.data, FLAG.endStream, 1, part));
  expect(await client.content(1)).toBe(`${(fits + 1) * part.length}`);
});

test("whoever answers before the content came asks for no more of it", async () => {
  const client = await open(startSecure(() => new Response("no", { status: 405 })));
  client.send(frame(FRAME.headers, FLAG.endHeaders, 1, postOf("/")));
  expect(await client.content(1)).toBe("no");
  expect(await client.resetOf(1)).toBe(CODE.none);
  client.send(frame(FRAME.data, 0, 1, Buffer.alloc(100)), request(3, getOf("/")));
  expect(await client.content(3)).toBe("no");
});

test("who expects to be told to go on is told when the content is wanted", async () => {
  const port = startSecure(async (asked) => {
    return pathOf(asked) === "/wanted" ? new Response(await asked.text()) : new Response("not wanted");
  });
  const client = await open(port);
  client.send(frame(FRAME.headers, FLAG.endHeaders, 1, postOf("/wanted", ["expect", "100-continue"])));
  const first = await client.find(({ type, stream }) => type === FRAME.headers && stream === 1);
  expect(first!.flags & FLAG.endStream).toBe(0);
  client.send(frame(FRAME.data, FLAG.endStream, 1, Buffer.from("content")));
  expect(await client.content(1)).toBe("content");
  client.send(frame(FRAME.headers, FLAG.endHeaders, 3, postOf("/", ["expect", "100-continue"])));
  expect(await client.content(3)).toBe("not wanted");
  expect(client.frames.filter(({ type, stream }) => type === FRAME.headers && stream === 3).length).toBe(1);
});

test("trailers end the content", async () => {
  const client = await open(startSecure(async (asked) => new Response(await asked.text())));
  client.send(
    frame(FRAME.headers, FLAG.endHeaders, 1, postOf("/")),
    frame(FRAME.data, 0, 1, Buffer.from("text")),
    frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 1, blockOf([["checksum", "1"]])),
  );
  expect(await client.content(1)).toBe("text");
});

test.each<[string, Buffer[], number]>([
  [
    "a length that is not kept",
    [
      allOf([
        frame(FRAME.headers, 4, 1, postOf("/", ["content-length", "9"])),
        frame(FRAME.data, 1, 1, Buffer.from("x")),
      ]),
    ],
    CODE.protocol,
  ],
  [
    "more content than was told",
    [
      allOf([
        frame(FRAME.headers, 4, 1, postOf("/", ["content-length", "1"])),
        frame(FRAME.data, 0, 1, Buffer.from("xyz")),
      ]),
    ],
    CODE.protocol,
  ],
  [
    "trailers that do not end it",
    [allOf([frame(FRAME.headers, 4, 1, postOf("/")), frame(FRAME.headers, 4, 1, blockOf([["a", "b"]]))])],
    CODE.protocol,
  ],
  [
    "trailers with a pseudo-header field",
    [allOf([frame(FRAME.headers, 4, 1, postOf("/")), request(1, blockOf([[":method", "GET"]]))])],
    CODE.protocol,
  ],
  ["a malformed head", [request(1, getOf("/", ["connection", "close"]))], CODE.protocol],
  [
    "content after its end",
    [allOf([request(1, getOf("/wait")), frame(FRAME.data, 0, 1, Buffer.from("x"))])],
    CODE.streamClosed,
  ],
  [
    "a window that grows by nothing",
    [allOf([request(1, getOf("/wait")), frame(FRAME.windowUpdate, 0, 1, number(0))])],
    CODE.protocol,
  ],
  [
    "a window that is too large",
    [allOf([request(1, getOf("/wait")), frame(FRAME.windowUpdate, 0, 1, number(2 ** 31 - 1))])],
    CODE.flowControl,
  ],
])("%s resets the stream, and the connection goes on", async (_, frames, code) => {
  const port = startSecure(async (asked) => {
    if (pathOf(asked) === "/wait") return new Promise<Response>(() => {});
    return new Response(asked.method === "POST" ? await asked.text().catch(() => "broken") : "here");
  });
  const client = await open(port);
  client.send(...frames);
  expect(await client.resetOf(1)).toBe(code);
  client.send(request(3, getOf("/")));
  expect(await client.content(3)).toBe("here");
});

const GREETING = allOf([PREFACE, frame(FRAME.settings, 0, 0)]);

test.each<[string, Buffer, number]>([
  ["another greeting", Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), CODE.protocol],
  ["no settings at first", allOf([PREFACE, request(1, getOf("/"))]), CODE.protocol],
  ["a frame that is too large", allOf([GREETING, frame(FRAME.data, 0, 1, Buffer.alloc(16_385))]), CODE.frameSize],
  ["an even stream", allOf([GREETING, request(2, getOf("/"))]), CODE.protocol],
  [
    "a stream for the second time",
    allOf([GREETING, request(1, getOf("/", ["connection", "close"])), request(3, getOf("/")), request(1, getOf("/"))]),
    CODE.streamClosed,
  ],
  ["a stream behind a later one", allOf([GREETING, request(3, getOf("/")), request(1, getOf("/"))]), CODE.protocol],
  [
    "a stream behind a later one, between two",
    allOf([GREETING, request(1, getOf("/")), request(7, getOf("/")), request(5, getOf("/"))]),
    CODE.protocol,
  ],
  ["content of a stream that did not begin", allOf([GREETING, frame(FRAME.data, 0, 1)]), CODE.protocol],
  ["a reset of a stream that did not begin", allOf([GREETING, frame(FRAME.reset, 0, 1, number(0))]), CODE.protocol],
  [
    "a window of a stream that did not begin",
    allOf([GREETING, frame(FRAME.windowUpdate, 0, 1, number(1))]),
    CODE.protocol,
  ],
  ["a head of no stream", allOf([GREETING, request(0, getOf("/"))]), CODE.protocol],
  ["settings of a stream", allOf([GREETING, frame(FRAME.settings, 0, 1)]), CODE.protocol],
  ["settings of odd length", allOf([GREETING, frame(FRAME.settings, 0, 0, Buffer.alloc(5))]), CODE.frameSize],
  [
    "an answer to settings that says something",
    allOf([GREETING, frame(FRAME.settings, 1, 0, Buffer.alloc(6))]),
    CODE.frameSize,
  ],
  [
    "a window setting that is too large",
    allOf([GREETING, frame(FRAME.settings, 0, 0, setting(SETTING.initialWindow, 2 ** 31))]),
    CODE.flowControl,
  ],
  [
    "a frame setting that is too small",
    allOf([GREETING, frame(FRAME.settings, 0, 0, setting(SETTING.frameSize, 1))]),
    CODE.protocol,
  ],
  ["a short ping", allOf([GREETING, frame(FRAME.ping, 0, 0, Buffer.alloc(7))]), CODE.frameSize],
  ["a ping of a stream", allOf([GREETING, frame(FRAME.ping, 0, 1, Buffer.alloc(8))]), CODE.protocol],
  ["a promise", allOf([GREETING, frame(FRAME.pushPromise, 4, 1, number(2))]), CODE.protocol],
  ["a head that goes on without a begin", allOf([GREETING, frame(FRAME.continuation, 4, 1)]), CODE.protocol],
  [
    "a head that is broken off",
    allOf([GREETING, frame(FRAME.headers, 0, 1), frame(FRAME.ping, 0, 0, Buffer.alloc(8))]),
    CODE.protocol,
  ],
  [
    "more padding than content",
    allOf([GREETING, frame(FRAME.headers, FLAG.padded | 4, 1, Buffer.from([9, 1]))]),
    CODE.protocol,
  ],
  [
    "a stream that depends on itself",
    allOf([GREETING, frame(FRAME.priority, 0, 1, allOf([number(1), Buffer.from([0])]))]),
    CODE.protocol,
  ],
  [
    "a head that can't be decoded",
    allOf([GREETING, request(1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]))]),
    CODE.compression,
  ],
  ["a window that grows by nothing", allOf([GREETING, frame(FRAME.windowUpdate, 0, 0, number(0))]), CODE.protocol],
  [
    "a window that is too large",
    allOf([GREETING, frame(FRAME.windowUpdate, 0, 0, number(2 ** 31 - 1))]),
    CODE.flowControl,
  ],
  [
    "a head without end",
    allOf([GREETING, frame(FRAME.headers, 0, 1), ...Array.from({ length: 17 }, () => frame(FRAME.continuation, 0, 1))]),
    CODE.calm,
  ],
])("%s ends the connection with a word on why", async (_, bytes, code) => {
  const client = await open(
    startSecure(() => new Promise<Response>(() => {})),
    bytes,
  );
  expect(await client.fault()).toBe(code);
});

test("more content than may come ends the connection", async () => {
  const client = await open(startSecure(() => new Promise<Response>(() => {})));
  const part = Buffer.alloc(16_000);
  // Nobody reads, so each stream fills its window, and together they fill the connection's.
  for (let stream = 1; stream <= 9; stream += 2) {
    client.send(frame(FRAME.headers, FLAG.endHeaders, stream, postOf("/")));
    for (let sent = 0; sent + part.length <= OWN.windowBytes; sent += part.length) {
      client.send(frame(FRAME.data, 0, stream, part));
    }
  }
  expect(await client.fault()).toBe(CODE.flowControl);
});

test("streams beyond the most are refused, and are not the end", async () => {
  const all = Promise.withResolvers<void>();
  const client = await open(startSecure(async () => all.promise.then(() => new Response("here"))));
  for (let at = 0; at <= OWN.streams; at += 1) client.send(request(1 + 2 * at, getOf("/")));
  expect(await client.resetOf(1 + 2 * OWN.streams)).toBe(CODE.refused);
  all.resolve();
  expect(await client.content(1)).toBe("here");
});

test.each<[string, (at: number) => Buffer]>([
  ["pings", () => frame(FRAME.ping, 0, 0, Buffer.alloc(8))],
  ["settings", () => frame(FRAME.settings, 0, 0)],
  [
    "requests that are taken back",
    (at) => allOf([request(1 + 2 * at, getOf("/")), frame(FRAME.reset, 0, 1 + 2 * at, number(8))]),
  ],
  ["malformed requests", (at) => request(1 + 2 * at, getOf("/", ["connection", "x"]))],
])("a flood of %s ends the connection", async (_, make) => {
  const client = await open(startSecure(() => new Promise<Response>(() => {})));
  const flood = allOf(Array.from({ length: 3_000 }, (_, at) => make(at)));
  client.send(flood);
  expect(await client.fault()).toBe(CODE.calm);
});

test("frames without content that never end are a flood too", async () => {
  const client = await open(startSecure(() => new Promise<Response>(() => {})));
  client.send(frame(FRAME.headers, FLAG.endHeaders, 1, postOf("/")));
  client.send(allOf(Array.from({ length: 3_000 }, () => frame(FRAME.data, 0, 1))));
  expect(await client.fault()).toBe(CODE.calm);
});

test("a head that is too large is refused with a word, and the next one is read", async () => {
  const client = await open(startSecure(echo));
  const long = "x".repeat(6_000);
  client.send(request(1, getOf("/", ["a", long], ["b", long])));
  expect(await client.content(1)).toBe("/");
  const block = getOf("/", ["a", long], ["b", long], ["c", long]);
  client.send(frame(FRAME.headers, FLAG.endStream, 3, block.subarray(0, 16_000)));
  client.send(frame(FRAME.continuation, FLAG.endHeaders, 3, block.subarray(16_000)), request(5, getOf("/next")));
  expect(await client.content(3)).toContain("fields are too large");
  expect(await client.content(5)).toBe("/next");
});

test("one client's flood of requests takes no other client's turn", async () => {
  let others = 0;
  const counts: number[] = [];
  const head = new AnswerHead(200, [["content-length", "0"]]);
  const port = startSecure(echo, ({ target }) => {
    if (target === "/other") counts.push(others);
    else others += 1;
    return { encoding: null, head, body: undefined };
  });
  const [flood, other] = [await open(port), await open(port)];
  await read(other);
  flood.send(allOf(Array.from({ length: 20_000 }, (_, at) => request(1 + 2 * at, getOf("/")))));
  await flood.find(({ type }) => type === FRAME.headers);
  other.send(request(1, getOf("/other")));
  await other.content(1);
  expect(counts[0]).toBeLessThan(20_000);
});
