import { expect, test } from "bun:test";
import { HEAD_MAX_BYTES, nextHead } from "./next-head.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const next = (text: string, from = 0) => nextHead(Buffer.from(text, "latin1"), from);

test("one request after the other is read out of what came, whatever follows them", () => {
  const bytes = `${GET}\r\n\r\n${GET}rest`;
  expect(next(bytes)).toMatchObject({ text: GET, sizeBytes: GET.length });
  expect(next(bytes, GET.length)).toMatchObject({ text: GET, sizeBytes: GET.length + 4 });
});

test("empty lines before a request do not count, but only a few", () => {
  expect(next(`${"\r\n".repeat(2)}${GET}`)).toMatchObject({ method: "GET", sizeBytes: 4 + GET.length });
  expect(next(`${"\r\n".repeat(3)}${GET}`)).toMatchObject({ status: 400 });
});

test("a head of which some is missing is waited for, wherever it is cut", () => {
  for (let end = 0; end < GET.length; end += 1) expect(next(`\r\n${GET.slice(0, end)}`)).toBeUndefined();
  expect(next("\r")).toBeUndefined();
});

test.each([
  ["lines that end in LF", "GET / HTTP/1.1\nHost: a\n\n", 400],
  ["one line that ends in LF", "GET / HTTP/1.1\r\nHost: a\n", 400],
  ["the start of TLS", "\x16\x03\x01\x02\x00\x01", 400],
  ["a space at first", " GET /", 400],
  ["a line without a version", "GET /\r\n", 400],
  ["a line of another protocol", "EHLO a.example\r\n", 400],
  ["another major version", "GET / HTTP/2.0\r\nHost: a", 505],
  ["an endless target", `GET /${"a".repeat(HEAD_MAX_BYTES)}`, 414],
  ["endless fields", `GET / HTTP/1.1\r\nA: ${"a".repeat(HEAD_MAX_BYTES)}`, 431],
  ["a head over its bound", `GET / HTTP/1.1\r\nA: ${"a".repeat(HEAD_MAX_BYTES - 20)}\r\n\r\n`, 431],
])("%s: refused without waiting for the end", (_, text, status) => {
  expect(next(text)).toMatchObject({ status });
});
