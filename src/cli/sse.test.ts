import { expect, test } from "bun:test";
import { readServerEvents, type ServerEvent } from "./sse.ts";

async function read(...chunks: (string | Uint8Array)[]): Promise<ServerEvent[]> {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(typeof chunk === "string" ? encoder.encode(chunk) : chunk);
      controller.close();
    },
  });
  return Array.fromAsync(readServerEvents(body));
}

test("events with name, data of several lines and the last id", async () => {
  expect(await read(": hello\n\nid: 7\nevent: line\ndata: a\ndata:b\n\nevent: end\ndata: {}\n\n")).toEqual([
    { event: "line", data: "a\nb", id: "7" },
    { event: "end", data: "{}", id: "7" },
  ]);
});

test("chunks may end anywhere, also within a character or between CR and LF", async () => {
  const bytes = new TextEncoder().encode("data: ü✓\r\n\r\ndata: 2\r\rdata: 3\n\n");
  const expected = ["ü✓", "2", "3"];
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const events = await read(bytes.slice(0, cut), bytes.slice(cut));
    expect(events.map(({ data }) => data)).toEqual(expected);
  }
});

test("an event without data, and one that the end cuts off, are none", async () => {
  expect(await read("event: line\n\ndata: whole\n\ndata: half\n")).toEqual([
    { event: "message", data: "whole", id: "" },
  ]);
});
