import { beforeEach, expect, test } from "bun:test";
import fc from "fast-check";
import { Body } from "./body.ts";
import { dateLines } from "./http1/response-head.ts";
import { Output } from "./output.ts";
import { FakeSocket } from "./testing/fake-socket.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const DATE = "date: Fri, 02 Jan 2026 03:04:05 GMT\r\n\r\n";

/** Some that fit before a body, the last one not. */
const HEADS = ["head\r\n", "another head\r\n", "h".repeat(900), "h".repeat(3_000)].map((text) => Buffer.from(text));
const MORES = ["", "more\r\n"].map((text) => Buffer.from(text));

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
    fc.record({
      ...{ head: fc.nat(HEADS.length - 1), more: fc.nat(MORES.length - 1), body: fc.nat(2) },
      ...{ isReady: fc.boolean(), nowMs: fc.constantFrom(NOW, NOW + 1_000) },
    }),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(heads, fc.array(sizes, { minLength: 3, maxLength: 3 }), fc.array(sizes), (wanted, lengths, rooms) => {
      socket = new FakeSocket();
      output = new Output(socket.asSocket);
      const bodies = lengths.map((length, at) => Body.withRoom(Buffer.alloc(length, `${at}`)));
      let expected = "";
      socket.setRoom(0);
      for (const [at, { head, more, body, isReady, nowMs }] of wanted.entries()) {
        socket.setRoom(rooms[at] ?? 0);
        if (output.isBlocked) output.drain();
        output.send({ head: HEADS[head]!, more: MORES[more]!, isReady }, bodies[body], nowMs);
        expected += `${HEADS[head]}${MORES[more]}${dateLines(nowMs)}${Buffer.from(bodies[body]!.bytes)}`;
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
  const [head, more] = [Buffer.from("head\r\n"), Buffer.from("more\r\n")];
  output.send({ head, more }, Body.withRoom(Buffer.alloc(length, "b")), NOW);
  expect(socket.pieces).toBe(1);
  expect(socket.text()).toBe(`head\r\nmore\r\n${DATE}${"b".repeat(length)}`);
});
