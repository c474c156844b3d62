import { afterEach, expect, test } from "bun:test";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { AnswerHead } from "./answer-head.ts";
import { Body } from "./body.ts";
import { start, startListener, stopAll } from "./testing/open-listener.ts";

afterEach(stopAll);

/** What comes back until the server ends the connection. */
function exchange(port: number, ...pieces: (string | (() => Promise<unknown>))[]): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let text = "";
  socket.on("data", (bytes) => {
    text += bytes.toString("latin1");
  });
  const send = async () => {
    for (const piece of pieces) {
      if (typeof piece === "string") socket.write(piece, "latin1");
      else await piece();
    }
  };
  return new Promise((resolve, reject) => {
    socket.on("end", () => {
      socket.end();
      resolve(text);
    });
    socket.on("error", reject);
    socket.on("connect", () => send().catch(reject));
  });
}

const get = (path: string, ...fields: string[]) =>
  `${[`GET ${path} HTTP/1.1`, "Host: a.test", ...fields].join("\r\n")}\r\n\r\n`;
const last = (path: string) => get(path, "Connection: close");
const bodies = (text: string) => [...text.matchAll(/\r\n\r\n([\s\S]*?)(?=HTTP\/1\.1|$)/g)].map(([, body]) => body);
const pathOf = (request: Request) => new URL(request.url).pathname;

test("requests that are sent ahead are answered in their order, whichever is ready first", async () => {
  const port = start(
    async (request) => {
      if (pathOf(request) === "/slow") await Bun.sleep(30);
      return new Response(pathOf(request));
    },
    ({ target }) =>
      target === "/quick"
        ? {
            encoding: null,
            head: new AnswerHead(200, [["content-length", "6"]]),
            body: new Body(Buffer.from("/quick")),
          }
        : undefined,
  );
  const text = await exchange(port, get("/quick") + get("/slow") + get("/quick") + get("/x") + last("/quick"));
  expect(bodies(text)).toEqual(["/quick", "/slow", "/quick", "/x", "/quick"]);
});

test("a head may come in any pieces", async () => {
  const port = start((request) => new Response(pathOf(request)));
  const bytes = `\r\n${get("/a")}${last("/b")}`;
  const pieces = [...bytes].flatMap((byte) => [byte, () => Bun.sleep(0)]);
  expect(bodies(await exchange(port, ...pieces))).toEqual(["/a", "/b"]);
});

test("content is read in full, sized or chunked, and what stands behind it is the next request", async () => {
  const port = start(async (request) => new Response(`${request.method} ${await request.text()}`));
  const post = (fields: string, content: string) => `POST / HTTP/1.1\r\nHost: a.test\r\n${fields}\r\n\r\n${content}`;
  const text = await exchange(
    port,
    post("Content-Length: 5", "hel"),
    () => Bun.sleep(10),
    `lo${post("Transfer-Encoding: chunked", "3\r\nabc\r")}`,
    () => Bun.sleep(10),
    `\n2;x\r\nde\r\n0\r\nT: u\r\n\r\n${last("/")}`,
  );
  expect(bodies(text)).toEqual(["POST hello", "POST abcde", "GET "]);
});

test("large content waits until somebody reads it", async () => {
  const size = 4 * 1024 * 1024;
  const go = Promise.withResolvers<void>();
  const port = start(async (request) => {
    await go.promise;
    return new Response(String((await request.bytes()).length));
  });
  const head = `PUT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${size}\r\n\r\n`;
  const answered = exchange(port, head, "x".repeat(size));
  await Bun.sleep(50);
  go.resolve();
  expect(bodies(await answered)).toEqual([String(size)]);
});

test("the content of a GET is read past", async () => {
  const port = start(async (request) => new Response(`${pathOf(request)} ${request.body === null}`));
  const text = await exchange(port, `${get("/a", "Content-Length: 3")}abc${last("/b")}`);
  expect(bodies(text)).toEqual(["/a true", "/b true"]);
});

test("whoever waits to be told to send content is told when it is wanted, and only then", async () => {
  const port = start(async (request) =>
    pathOf(request) === "/unread" ? new Response("no", { status: 403 }) : new Response(await request.text()),
  );
  const post = (path: string) =>
    `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n`;
  const wanted = await exchange(port, post("/read"), () => Bun.sleep(30), "ok");
  expect(wanted).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nok$/);
  const unwanted = await exchange(port, post("/unread"));
  expect(unwanted).toStartWith("HTTP/1.1 403");
  expect(unwanted).toEndWith("\r\n\r\nno");
});

test("content that nobody read ends the connection, and the response still arrives", async () => {
  const port = start(() => new Response("enough"));
  const text = await exchange(
    port,
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n`,
    "x".repeat(200_000),
  );
  expect(text).toContain("connection: close\r\n");
  expect(bodies(text)).toEqual(["enough"]);
});

test.each([
  ["malformed chunks", "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400],
  ["too much in one chunk", "Transfer-Encoding: chunked\r\n\r\nfffffff\r\n", 413],
  ["too great a length", "Content-Length: 999999999\r\n\r\n", 413],
])("%s are refused", async (_, rest, status) => {
  const port = start(async (request) => new Response(await request.text()));
  const text = await exchange(port, `POST / HTTP/1.1\r\nHost: a\r\n${rest}${last("/smuggled")}`);
  expect(text).toStartWith(`HTTP/1.1 ${status} `);
  expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1);
});

test("a request that is none is refused as the client wants it told, and nothing behind it is read", async () => {
  let asked = 0;
  const port = start(() => {
    asked += 1;
    return new Response();
  });
  const bad = "GET / HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\nX : y\r\n\r\n";
  const text = await exchange(port, bad + last("/"));
  expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*connection: close\r\n[\s\S]*\{"message":/);
  expect(asked).toBe(0);
});

test.each([
  ["GET / HTTP/1.1", ""],
  [`GET /${"a".repeat(17_000)}`, "414"],
  [`GET / HTTP/1.1\r\nX: ${"a".repeat(17_000)}`, "431"],
  [`GET / HTTP/1.1\r\n${"X: a\r\n".repeat(4_000)}\r\n`, "431"],
])("a head that does not end is refused at its bound (%#)", async (text, status) => {
  const port = start(() => new Response());
  if (status !== "") expect(await exchange(port, text)).toStartWith(`HTTP/1.1 ${status}`);
  else expect(bodies(await exchange(port, text, "\r\nHost: a\r\nConnection: close\r\n\r\n"))).toEqual([""]);
});

test("a client that has sent all that it will still gets its answer", async () => {
  const port = start(async () => {
    await Bun.sleep(30);
    return new Response("late");
  });
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.end(get("/"));
  let text = "";
  for await (const bytes of socket) text += bytes;
  expect(bodies(text)).toEqual(["late"]);
});

test("HEAD, 204 and 304 have no body; others without one say so", async () => {
  const port = start((request) => {
    const status = Number(pathOf(request).slice(1));
    return new Response(status === 200 ? "body" : null, { status });
  });
  const text = await exchange(port, `HEAD /200 HTTP/1.1\r\nHost: a\r\n\r\n${get("/204")}${get("/304")}${last("/404")}`);
  expect(bodies(text)).toEqual(["", "", "", ""]);
  expect(text.match(/content-length: \d+/g)).toEqual(["content-length: 0"]);
});

function streamOf(parts: readonly string[], pauseMs: number): ReadableStream<Uint8Array> {
  const left = [...parts];
  return new ReadableStream({
    async pull(controller) {
      const next = left.shift();
      if (pauseMs > 0) await Bun.sleep(pauseMs);
      if (next === undefined) controller.close();
      else controller.enqueue(Buffer.from(next));
    },
  });
}

test("a stream of untold length goes in chunks, to HTTP/1.0 until the end, and what is there at once with its length", async () => {
  const port = start((request) => new Response(streamOf(["ab", "c"], pathOf(request) === "/slow" ? 20 : 0)));
  const chunked = await exchange(port, last("/slow"));
  expect(chunked).toContain("transfer-encoding: chunked\r\n");
  expect(chunked).toEndWith("\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
  const old = await exchange(port, "GET /slow HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
  expect(old).not.toContain("chunked");
  expect(old).toEndWith("\r\n\r\nabc");
  const text = await exchange(
    start(() => Response.json({ a: 1 })),
    last("/"),
  );
  expect(text).toContain("content-length: 7\r\n");
});

test("a body that is shorter than was told is seen to be cut, a longer one is not sent on", async () => {
  const answer = (length: string) => () =>
    new Response(streamOf(["abc", "def"], 1), { headers: { "content-length": length } });
  const short = exchange(start(answer("10")), get("/"));
  await expect(short).rejects.toMatchObject({ code: "ECONNRESET" });
  expect(bodies(await exchange(start(answer("4")), last("/")))).toEqual(["abcd"]);
});

test("a handler that fails is a 500, and the connection goes on", async () => {
  const port = start((request) => {
    if (pathOf(request) === "/throws") throw new Error("no");
    return pathOf(request) === "/rejects" ? Promise.reject(new Error("no")) : new Response("fine");
  });
  const text = await exchange(port, get("/throws") + get("/rejects") + last("/"));
  expect(bodies(text)).toEqual(["Internal error\n", "Internal error\n", "fine"]);
});

test("a client that does not read holds up nobody but itself, and what it is owed stays bounded", async () => {
  const part = "x".repeat(1024 * 1024);
  let given = 0;
  const port = start((request) => {
    if (pathOf(request) === "/small") return new Response("small");
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        given += 1;
        controller.enqueue(Buffer.from(part));
      },
    });
    return new Response(body, { headers: { "content-length": String(1024 ** 3) } });
  });
  const lazy = connect({ port, host: "127.0.0.1" });
  lazy.pause();
  lazy.write(get("/large"));
  await Bun.sleep(300);
  const before = given;
  expect(bodies(await exchange(port, last("/small")))).toEqual(["small"]);
  await Bun.sleep(200);
  expect(given - before).toBeLessThanOrEqual(1);
  expect(given).toBeLessThan(64);
  lazy.destroy();
});

test("a client that goes away ends the work on its answer", async () => {
  const cancelled = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  const port = start((request) => {
    request.signal.addEventListener("abort", () => aborted.resolve());
    const body = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        await Bun.sleep(1);
        controller.enqueue(Buffer.alloc(64 * 1024));
      },
      cancel: () => cancelled.resolve(),
    });
    return new Response(body);
  });
  const socket = connect({ port, host: "127.0.0.1" });
  socket.write(get("/"));
  await new Promise((resolve) => socket.once("data", resolve));
  socket.resetAndDestroy();
  await Promise.all([cancelled.promise, aborted.promise]);
});

test("hosts of absolute targets, cookies of several fields, bytes beyond ASCII and odd methods reach the handler", async () => {
  const port = start((request) => {
    const { headers, method, url } = request;
    return Response.json([method, new URL(url).pathname, headers.get("host"), headers.get("cookie")]);
  });
  const text = await exchange(
    port,
    "BREW http://b.test/\xc3\xa9 HTTP/1.1\r\nHost: a.test\r\nCookie: a=1\r\nConnection: close\r\nCookie: b=2\r\n\r\n",
  );
  expect(JSON.parse(bodies(text)[0]!)).toEqual(["BREW", "/%C3%A9", "b.test", "a=1; b=2"]);
});

const HALF = "GET / HTTP/1.1\r\nHost: a.test\r\n";

/** A client that is never done; `closed` resolves when the server has ended it. */
function opened(port: number, text: string): { socket: Socket; connected: Promise<unknown>; closed: Promise<unknown> } {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("error", () => undefined);
  socket.resume();
  socket.write(text, "latin1");
  return {
    socket,
    connected: once(socket, "connect"),
    closed: new Promise((resolve) => socket.once("close", resolve)),
  };
}

test("where there is no room, who has said nothing for the longest time makes it", async () => {
  const { port } = startListener({ answer: () => new Response("fine"), connectionsMax: 20 });
  const first = opened(port, HALF);
  await first.connected;
  const others = Array.from({ length: 19 }, () => opened(port, HALF));
  await Promise.all(others.map(({ connected }) => connected));
  expect(bodies(await exchange(port, last("/")))).toEqual(["fine"]);
  await first.closed;
  expect(others.filter(({ socket }) => socket.destroyed)).toEqual([]);
  for (const { socket } of others) socket.destroy();
});

test("whoever is being answered is not sent away for somebody new", async () => {
  const [allIn, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let asked = 0;
  const answer = async () => {
    asked += 1;
    if (asked === 20) allIn.resolve();
    await gate.promise;
    return new Response("fine");
  };
  const { port } = startListener({ answer, connectionsMax: 20 });
  const answered = Array.from({ length: 20 }, () => exchange(port, last("/")));
  await allIn.promise;
  const late = opened(port, last("/"));
  await late.closed;
  gate.resolve();
  expect((await Promise.all(answered)).flatMap(bodies)).toEqual(Array(20).fill("fine"));
  expect(bodies(await exchange(port, last("/")))).toEqual(["fine"]);
});
