import { expect, test } from "bun:test";
import { endingStreams } from "./ending-streams.ts";
import { listen } from "./listen.ts";

test("an event stream ends with the signal, and with it what a stop waits for", async () => {
  let isCanceled = false;
  const endless = () =>
    new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode("data: 1\n\n")),
      cancel: () => {
        isCanceled = true;
      },
    });
  const headers = { "content-type": "text/event-stream; charset=utf-8" };
  const streams = new AbortController();
  const base = endingStreams({ fetch: () => new Response(endless(), { headers }) }, streams.signal);
  const listener = await listen({ host: "127.0.0.1", port: 0 }, { answer: (request) => base.fetch(request) });
  const response = await fetch(`http://127.0.0.1:${listener.port}/`);
  const reader = response.body!.getReader();
  expect(new TextDecoder().decode((await reader.read()).value)).toBe("data: 1\n\n");
  const ended = reader.read().then(
    ({ done }) => done,
    () => true,
  );
  streams.abort();
  await listener.stop({ limitMs: 60_000 });
  expect([await ended, isCanceled]).toEqual([true, true]);
});

test("other responses pass through as they are", async () => {
  const response = new Response("page");
  const base = endingStreams({ fetch: () => response }, AbortSignal.abort());
  expect(await base.fetch(new Request("http://a.test/"))).toBe(response);
});
