import { afterEach, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { AnswerHead } from "../answer-head.ts";
import type { HttpOptions } from "../listen-http.ts";
import { FakeSocket } from "../testing/fake-socket.ts";
import { start, stopAll } from "../testing/open-listener.ts";
import { Http1Connection } from "./connection.ts";

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  stopAll();
});

function client(port: number): { socket: Socket; text: () => string; until: (pattern: RegExp) => Promise<void> } {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  sockets.push(socket);
  let text = "";
  let onMore = () => {};
  socket.on("data", (bytes) => {
    text += bytes.toString("latin1");
    onMore();
  });
  const until = (pattern: RegExp) =>
    new Promise<void>((resolve) => {
      onMore = () => {
        if (pattern.test(text)) resolve();
      };
      onMore();
    });
  return { socket, text: () => text, until };
}

const REQUESTS = 3_000;
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const post = (fields: string) => `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n`;
const pathOf = (request: Request) => new URL(request.url).pathname;
const answers = (text: string) => text.match(/HTTP\/1\.1 200/g)?.length ?? 0;

test.each(["quick", "sync", "async"] as const)(
  "a client that sends thousands of requests ahead lets others have their turn (%s)",
  async (kind) => {
    let asked = 0;
    const turns: number[] = [];
    const mark = () => {
      turns.push(asked);
      if (asked < REQUESTS) setImmediate(mark);
    };
    const ask = () => {
      asked += 1;
      if (asked === 1) setImmediate(mark);
    };
    const port = start(
      (() => {
        ask();
        const response = new Response(null);
        return kind === "async" ? Promise.resolve(response) : response;
      }) satisfies HttpOptions["answer"],
      () => {
        if (kind !== "quick") return undefined;
        ask();
        return { encoding: null, head: new AnswerHead(200, [["content-length", "0"]]), body: undefined };
      },
    );
    const { socket, text, until } = client(port);
    socket.write(get("/").repeat(REQUESTS) + get("/").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
    await until(/connection: close/);
    expect(answers(text())).toBe(REQUESTS + 1);
    const steps = turns.map((total, n) => total - (turns[n - 1] ?? 0));
    expect(Math.max(...steps)).toBeLessThanOrEqual(128);
  },
);

test("requests that were sent before the client ended its side are all answered", async () => {
  const port = start(async (request) => {
    if (pathOf(request) === "/slow") await Bun.sleep(20);
    return new Response(pathOf(request));
  });
  const { socket, text } = client(port);
  socket.end(get("/slow") + get("/b") + get("/c"));
  await new Promise((resolve) => socket.once("end", resolve));
  expect([...text().matchAll(/\r\n\r\n(\/[a-z]+)/g)].map(([, body]) => body)).toEqual(["/slow", "/b", "/c"]);
});

test("the head of a stream does not wait for its first bytes", async () => {
  const go = Promise.withResolvers<void>();
  const port = start(() => {
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        await go.promise;
        controller.enqueue(Buffer.from("late"));
        controller.close();
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  });
  const { socket, until } = client(port);
  socket.write(get("/"));
  await until(/^HTTP\/1\.1 200 OK\r\n[\s\S]*transfer-encoding: chunked\r\n[\s\S]*\r\n\r\n$/);
  go.resolve();
  await until(/\r\n\r\n4\r\nlate\r\n0\r\n\r\n$/);
});

test("a stream that is silent is cancelled when its client is gone", async () => {
  const cancelled = Promise.withResolvers<void>();
  const port = start(
    () =>
      new Response(
        new ReadableStream<Uint8Array>({
          start: (controller) => controller.enqueue(Buffer.from("hello")),
          cancel: () => cancelled.resolve(),
        }),
      ),
  );
  const { socket, until } = client(port);
  socket.write(get("/"));
  await until(/hello/);
  socket.resetAndDestroy();
  await cancelled.promise;
});

test("content that the handler does not want any more is read past while it works on its answer", async () => {
  const sent = Promise.withResolvers<void>();
  const port = start(async (request) => {
    const reader = (request.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    // Until what comes next has nowhere to go.
    await Bun.sleep(50);
    await reader.cancel();
    await sent.promise;
    return new Response("done");
  });
  const { socket, until } = client(port);
  const size = 15 * 1024 * 1024;
  socket.write(post(`Content-Length: ${size}`));
  socket.write(Buffer.alloc(size), () => sent.resolve());
  await until(/\r\n\r\ndone$/);
});

test("many small chunks reach the handler as few parts", async () => {
  const port = start(async (request) => {
    let parts = 0;
    let length = 0;
    for await (const part of request.body as ReadableStream<Uint8Array>) {
      parts += 1;
      length += part.length;
    }
    return Response.json({ length, isFew: parts < 100 });
  });
  const { socket, until } = client(port);
  socket.write(`${post("Transfer-Encoding: chunked")}${"1\r\nx\r\n".repeat(5_000)}0\r\n\r\n`);
  await until(/\{"length":5000,"isFew":true\}$/);
});

test.each([
  ["lines that end in LF alone", "GET / HTTP/1.1\nHost: a\n\n"],
  ["the start of TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
])("%s are refused at once", async (_, text) => {
  const { socket, until } = client(start(() => new Response()));
  socket.write(text, "latin1");
  await until(/^HTTP\/1\.1 400 /);
});

test("a fault says that it is plain text", async () => {
  const { socket, until } = client(start(() => Promise.reject(new Error("no"))));
  socket.write(get("/"));
  await until(/^HTTP\/1\.1 500 [\s\S]*content-type: text\/plain; charset=utf-8\r\n[\s\S]*Internal error\n$/);
});

test("work for a client that sends no more, and may be gone, ends some time after the last word", async () => {
  const socket = new FakeSocket();
  const asked: Request[] = [];
  let give = (_: Uint8Array) => {};
  const connection = new Http1Connection(
    socket.asSocket,
    {
      answer(request) {
        asked.push(request);
        const start = (controller: ReadableStreamDefaultController<Uint8Array>) => {
          give = (bytes) => controller.enqueue(bytes);
        };
        return new Response(new ReadableStream({ start }));
      },
      refuse: () => new Response(),
      opened: () => {},
      isLeaving: () => false,
    },
    "http",
  );
  connection.receive(Buffer.from(get("/log")));
  expect(connection.isOverdue(Date.now() + 3_600_000)).toBe(false);
  connection.end();
  expect(connection.isOverdue(Date.now() + 14_000)).toBe(false);
  expect(connection.isOverdue(Date.now() + 16_000)).toBe(true);
  expect(socket.isShut).toBe(false);
  while (!socket.text().includes("chunked")) await Bun.sleep(1);
  give(Buffer.from("a line"));
  while (!socket.text().includes("a line")) await Bun.sleep(1);
  expect(connection.isOverdue(Date.now() + 14_000)).toBe(false);
  expect(asked[0]!.signal.aborted).toBe(false);
  connection.expire();
  expect(socket.isCut).toBe(true);
  connection.close();
  expect(asked[0]!.signal.aborted).toBe(true);
});
