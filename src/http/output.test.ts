import { beforeEach, expect, test } from "bun:test";
import fc from "fast-check";
import { Output } from "./output.ts";
import { withRoom } from "./room.ts";
import { FakeSocket } from "./testing/fake-socket.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const DATE = "date: Fri, 02 Jan 2026 03:04:05 GMT\r\n\r\n";

let socket: FakeSocket;
let output: Output;
beforeEach(() => {
  socket = new FakeSocket();
  output = new Output(socket.asSocket);
});

const sizes = fc.oneof(
  fc.nat(200),
  fc.integer({ min: 3_000, max: 6_000 }),
  fc.integer({ min: 16_000, max: 17_000 }),
  fc.integer({ min: 60_000, max: 70_000 }),
);

test("responses go out whole and in their order, however little is taken at a time, one body in several of them", () => {
  const heads = fc.array(
    fc.record({ head: fc.oneof(fc.nat(400), fc.integer({ min: 900, max: 3_000 })), more: fc.nat(30), body: fc.nat(2) }),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(heads, fc.array(sizes, { minLength: 3, maxLength: 3 }), fc.array(sizes), (wanted, lengths, rooms) => {
      socket = new FakeSocket();
      output = new Output(socket.asSocket);
      const bodies = lengths.map((length, at) => withRoom(Buffer.alloc(length, `${at}`)));
      let expected = "";
      socket.setRoom(0);
      for (const [at, { head, more, body }] of wanted.entries()) {
        socket.setRoom(rooms[at] ?? 0);
        if (output.isBlocked) output.drain();
        const parts = ["h".repeat(head), "m".repeat(more)].map((text) => Buffer.from(text));
        output.send(parts[0]!, parts[1]!, bodies[body], NOW);
        expected += `${parts.join("")}${DATE}${Buffer.from(bodies[body]!)}`;
      }
      socket.setRoom(Number.POSITIVE_INFINITY);
      output.drain();
      expect(output.isBlocked).toBe(false);
      expect(socket.text() === expected).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test.each([100, 5_000, 16_000, 20_000, 200_000])("a head and a body of %d bytes go out in one piece", (length) => {
  output.send(Buffer.from("head\r\n"), Buffer.from("more\r\n"), withRoom(Buffer.alloc(length, "b")), NOW);
  expect(socket.pieces).toBe(1);
  expect(socket.text()).toBe(`head\r\nmore\r\n${DATE}${"b".repeat(length)}`);
});
