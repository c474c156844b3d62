import { expect, test } from "bun:test";
import { connect } from "node:net";
import { type Answer, listen } from "./listen.ts";

const asking = (answer: Answer) => ({ answer });
const AT = { host: "127.0.0.1", port: 0 };

/** A connection over which bytes are sent as they are; `closed` resolves with all that came back. */
function connectTo(port: number) {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  const first = Promise.withResolvers<void>();
  const closed = new Promise<string>((resolve) => socket.on("close", () => resolve(text)));
  socket.on("data", (bytes) => {
    text += bytes.toString("latin1");
    first.resolve();
  });
  socket.on("error", () => {});
  return { send: (request: string) => socket.write(request), first: first.promise, closed };
}

test("a stop ends idle connections, and lets requests in flight end with a notice", async () => {
  const release = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  const listener = await listen(
    AT,
    asking(async (request) => {
      if (!request.url.endsWith("/slow")) return new Response("quick");
      arrived.resolve();
      await release.promise;
      return new Response("slow");
    }),
  );
  const idle = connectTo(listener.port);
  idle.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  await idle.first;
  const busy = connectTo(listener.port);
  busy.send("GET /slow HTTP/1.1\r\nHost: a.test\r\n\r\n");
  await arrived.promise;
  const stopped = listener.stop({ limitMs: 60_000 });
  expect(await idle.closed).toEndWith("quick");
  expect(await fetch(`http://127.0.0.1:${listener.port}/`).catch((error) => error.code)).toMatch(/refused/i);
  release.resolve();
  expect(await busy.closed).toEndWith("slow");
  await stopped;
});

test("a request that does not end is cut at the limit", async () => {
  const listener = await listen(
    AT,
    asking(() => new Promise<Response>(() => {})),
  );
  const stuck = connectTo(listener.port);
  stuck.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  await Bun.sleep(50);
  await listener.stop({ limitMs: 100 });
  expect(await stuck.closed).toBe("");
});

test("during the notice the port still answers, and says that the connection ends", async () => {
  const listener = await listen(
    AT,
    asking(() => new Response("still here")),
  );
  const stopped = listener.stop({ limitMs: 1_000, noticeMs: 300 });
  const response = await fetch(`http://127.0.0.1:${listener.port}/`);
  expect([await response.text(), response.headers.get("connection")]).toEqual(["still here", "close"]);
  await stopped;
});

test("a taken port is told with its holder and the next free one", async () => {
  const listener = await listen(
    AT,
    asking(() => new Response()),
  );
  const second = listen(
    { ...AT, port: listener.port },
    asking(() => new Response()),
  );
  expect(await second.then(String, (error) => error.message)).toContain(`(process ${process.pid})`);
  await listener.stop({ limitMs: 0 });
});
