import { expect, test } from "bun:test";
import fc from "fast-check";
import { type BodyReader, chunkedBody, sizedBody } from "./request-body.ts";

const MAX = 1_000_000;

/** Hands over the bytes in pieces of these lengths, the rest as one. */
function feed(reader: BodyReader, bytes: Uint8Array, pieces: readonly number[]) {
  const content: number[] = [];
  let at = 0;
  for (const length of [...pieces, bytes.length]) {
    const piece = bytes.subarray(at, at + length);
    const { used, parts, state } = reader.take(piece);
    for (const part of parts) content.push(...part);
    at += used;
    if (state !== "more") return { state, content: Buffer.from(content).toString("latin1"), used: at };
    expect(used).toBe(piece.length);
  }
  return { state: "more", content: Buffer.from(content).toString("latin1"), used: at };
}

const bytesOf = (text: string) => Buffer.from(text, "latin1");

test.each([
  ["0\r\n\r\n", ""],
  ["5\r\nhello\r\n0\r\n\r\n", "hello"],
  ["2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "hello"],
  ["005\r\nhello\r\n000\r\n\r\n", "hello"],
  ["A\r\n0123456789\r\n0\r\n\r\n", "0123456789"],
  ['5;name=value;other="a b"\r\nhello\r\n0;last\r\n\r\n', "hello"],
  ["5 \r\nhello\r\n0\r\n\r\n", "hello"],
  ["0\r\nTrailer: a\r\nOther: b\r\n\r\n", ""],
  ["2\r\n\r\n\r\n0\r\n\r\n", "\r\n"],
])("%j is read, however it is cut", (text, content) => {
  const bytes = bytesOf(`${text}GET / HTTP/1.1\r\n`);
  const whole = { state: "done", content, used: text.length };
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 4 }), { maxLength: 60 }), (pieces) => {
      expect(feed(chunkedBody(MAX), bytes, pieces)).toEqual(whole);
    }),
    { numRuns: 100 },
  );
});

test.each([
  "\r\n",
  "x\r\n",
  "-1\r\n",
  "+1\r\n",
  "0x1\r\na\r\n",
  "1 2\r\n",
  " 1\r\na\r\n",
  "123456789\r\n",
  "1\na\r\n0\r\n\r\n",
  "1\r\nab\r\n",
  "1\xa0\r\na\r\n0\r\n\r\n",
  "1\r\na\n0\r\n\r\n",
  "1\r\na0\r\n\r\n",
  "1;a\rb\r\na\r\n",
  "1;\x00\r\na\r\n",
  "0\r\nTrailer: a\n\r\n",
  "0\r\nTrailer: a\r\rb\r\n\r\n",
  "0\r\nGET / HTTP/1.1\r\n\r\n",
  "0\r\n: a\r\n\r\n",
  "0\r\nTrailer : a\r\n\r\n",
  "0\r\nTrailer: a\r\n folded\r\n\r\n",
  `${"0".repeat(5000)}\r\n`,
  `0\r\n${"A: b\r\n".repeat(2000)}\r\n`,
])("%j is malformed", (text) => {
  expect(feed(chunkedBody(MAX), bytesOf(text), []).state).toBe("malformed");
  expect(
    feed(
      chunkedBody(MAX),
      bytesOf(text),
      Array.from({ length: text.length }, () => 1),
    ).state,
  ).toBe("malformed");
});

test("content that grows too large is told before it is read", () => {
  expect(feed(chunkedBody(10), bytesOf("5\r\nhello\r\n6\r\n"), [])).toMatchObject({ state: "too-large" });
  expect(feed(chunkedBody(10), bytesOf("ffffffff\r\n"), [])).toMatchObject({ state: "too-large" });
});

test("content of a told length ends there", () => {
  const bytes = bytesOf("helloGET");
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 3 }), { maxLength: 10 }), (pieces) => {
      expect(feed(sizedBody(5), bytes, pieces)).toEqual({ state: "done", content: "hello", used: 5 });
    }),
    { numRuns: 50 },
  );
  expect(feed(sizedBody(9), bytes, [])).toMatchObject({ state: "more", content: "helloGET" });
});
