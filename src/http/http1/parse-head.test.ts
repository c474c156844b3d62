import { expect, test } from "bun:test";
import { type Http1Head, parseHead } from "./parse-head.ts";

const head = (line: string, ...fields: string[]) => `${[line, ...fields].join("\r\n")}\r\n\r\n`;
const get = (...fields: string[]) => head("GET /a HTTP/1.1", "Host: a.test", ...fields);

function read(text: string): Http1Head {
  const parsed = parseHead(text);
  if ("message" in parsed) throw new Error(parsed.message);
  return parsed;
}

test.each([
  ["nothing but a line end", "\r\n\r\n", 400],
  ["no method", head(" / HTTP/1.1"), 400],
  ["a method that is no token", head("G@T / HTTP/1.1"), 400],
  ["no target", head("GET  HTTP/1.1"), 400],
  ["two blanks before the target", head("GET  / HTTP/1.1"), 400],
  ["a tab for a blank", head("GET\t/ HTTP/1.1"), 400],
  ["two blanks before the version", head("GET /  HTTP/1.1"), 400],
  ["a blank behind the version", head("GET / HTTP/1.1 "), 400],
  ["a blank in the target", head("GET /a b HTTP/1.1"), 400],
  ["a control character in the target", head("GET /a\x01 HTTP/1.1"), 400],
  ["no version", head("GET /"), 400],
  ["a version in lower case", head("GET / http/1.1"), 400],
  ["a version of two digits", head("GET / HTTP/1.10"), 400],
  ["HTTP/2.0", head("GET / HTTP/2.0", "Host: a"), 505],
  ["HTTP/0.9 in words", head("GET / HTTP/0.9"), 505],
  ["a line that ends in LF alone", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400],
  ["a field that ends in LF alone", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400],
  ["CR within a value", get("X: a\rb"), 400],
  ["NUL within a value", get("X: a\0b"), 400],
  ["DEL within a value", get("X: a\x7fb"), 400],
  ["a field without a name", get(": a"), 400],
  ["a field without a colon", get("X"), 400],
  ["a blank before the colon", get("X : a"), 400],
  ["a folded field", get("X: a", " b"), 400],
  ["a blank before the first field", head("GET / HTTP/1.1", " Host: a"), 400],
  ["two hosts", get("host: b.test"), 400],
  ["the same host twice", get("Host: a.test"), 400],
  ["an absolute target without Host", head("GET http://a.test/ HTTP/1.1"), 400],
  ["a target that is no path", head("GET a HTTP/1.1", "Host: a"), 400],
  ["an absolute target of another scheme", head("GET ftp://a/ HTTP/1.1", "Host: a"), 400],
  ["an asterisk of GET", head("GET * HTTP/1.1", "Host: a"), 400],
  ["a length that is none", get("Content-Length: 1a"), 400],
  ["a signed length", get("Content-Length: +1"), 400],
  ["a negative length", get("Content-Length: -1"), 400],
  ["an empty length", get("Content-Length:"), 400],
  ["lengths in a list", get("Content-Length: 1, 1"), 400],
  ["two lengths", get("Content-Length: 1", "Content-Length: 2"), 400],
  ["the same length twice", get("Content-Length: 1", "Content-Length: 1"), 400],
  ["a length beyond all bounds", get(`Content-Length: ${"9".repeat(30)}`), 400],
  ["length and chunks", get("Content-Length: 1", "Transfer-Encoding: chunked"), 400],
  ["chunks and length", get("Transfer-Encoding: chunked", "Content-Length: 1"), 400],
  ["chunked twice", get("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), 400],
  ["chunked twice in one field", get("Transfer-Encoding: chunked, chunked"), 400],
  ["chunked, but not last", get("Transfer-Encoding: chunked, gzip"), 400],
  ["chunked, but not in the last field", get("Transfer-Encoding: chunked", "Transfer-Encoding: gzip"), 400],
  ["no chunked at all", get("Transfer-Encoding: gzip"), 400],
  ["an empty list of codings", get("Transfer-Encoding:"), 400],
  ["chunks in HTTP/1.0", head("POST / HTTP/1.0", "Host: a", "Transfer-Encoding: chunked"), 400],
  ["another transfer coding", get("Transfer-Encoding: gzip, chunked"), 501],
  ["another transfer coding in a field of its own", get("Transfer-Encoding: gzip", "Transfer-Encoding: chunked"), 501],
  ["an identity transfer coding", get("Transfer-Encoding: identity"), 400],
  ["a CR alone before a field", get("\rContent-Length: 5"), 400],
  ["a coding behind a vertical tab", get("Transfer-Encoding: \x0bchunked"), 400],
  ["an expectation that is not known", get("Expect: a-miracle"), 417],
  ["too many fields", get(...Array.from({ length: 200 }, (_, n) => `X-${n}: a`)), 431],
] as const)("%s is refused", (_, text, status) => {
  const fault = parseHead(text);
  if (!("message" in fault)) throw new Error("it was taken for a request");
  expect(fault.status).toBe(status);
  expect(`${fault.message} ${fault.hint}`).toMatch(/^[A-Z].*\. [A-Z].*\.$/);
});

test("a request of a browser is read", () => {
  const parsed = read(
    get(
      "Connection: keep-alive",
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64)",
      "Accept: text/html,*/*;q=0.8",
      "Accept-Encoding: gzip, deflate, br, zstd",
      "Cookie: a=1",
      'If-None-Match: "x"',
      "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT",
    ),
  );
  const { text, sizeBytes, ...rest } = parsed;
  expect(sizeBytes).toBe(text.length);
  expect(rest).toEqual({
    method: "GET",
    target: "/a",
    host: "a.test",
    isHttp10: false,
    keepsAlive: true,
    bodyLength: 0,
    expectsContinue: false,
    acceptEncoding: "gzip, deflate, br, zstd",
    ifNoneMatch: '"x"',
    ifModifiedSince: "Sun, 06 Nov 1994 08:49:37 GMT",
    isPlain: true,
  });
  expect(text.length).toBeGreaterThan(0);
});

test.each([
  ["GET /a HTTP/1.1", [], { target: "/a", host: "a.test" }],
  ["GET /a?b#c HTTP/1.1", [], { target: "/a?b#c" }],
  ["GET //other/a HTTP/1.1", [], { target: "//other/a", host: "a.test" }],
  ["GET http://b.test/x?y HTTP/1.1", [], { target: "/x?y", host: "b.test" }],
  ["GET HTTP://b.test:81 HTTP/1.1", [], { target: "/", host: "b.test:81" }],
  ["GET https://b.test?y HTTP/1.1", [], { target: "/?y", host: "b.test" }],
  ["GET http://u@b.test/ HTTP/1.1", [], { host: "u@b.test" }],
  ["OPTIONS * HTTP/1.1", [], { target: "*", host: "a.test" }],
  ["CONNECT b.test:443 HTTP/1.1", [], { target: "b.test:443", host: "a.test" }],
  ["BREW /pot HTTP/1.1", [], { method: "BREW" }],
  ["get / HTTP/1.1", [], { method: "get" }],
  ["GET / HTTP/1.1", ["Connection: close"], { keepsAlive: false }],
  ["GET / HTTP/1.1", ["Connection: Upgrade, Close"], { keepsAlive: false }],
  ["GET / HTTP/1.0", [], { keepsAlive: false, isHttp10: true }],
  ["GET / HTTP/1.0", ["Connection: Keep-Alive"], { keepsAlive: true }],
  ["GET / HTTP/1.0", ["Connection: close, keep-alive"], { keepsAlive: false }],
  ["GET / HTTP/1.0", ["Connection: keep-alive", "Connection: close"], { keepsAlive: false }],
  ["GET / HTTP/1.0", ["Connection: close", "Connection: keep-alive"], { keepsAlive: false }],
  ["POST / HTTP/1.1", ["Content-Length: 12"], { bodyLength: 12, isPlain: false }],
  ["POST / HTTP/1.1", ["Content-Length: 0"], { bodyLength: 0, isPlain: true }],
  ["POST / HTTP/1.1", ["Transfer-Encoding: Chunked"], { bodyLength: "chunked", isPlain: false }],
  ["POST / HTTP/1.1", ["Content-Length: 1", "Expect: 100-Continue"], { expectsContinue: true }],
  ["GET / HTTP/1.1", ["Expect: 100-continue"], { expectsContinue: false }],
  ["POST / HTTP/1.0", ["Content-Length: 1", "Expect: 100-continue"], { expectsContinue: false }],
  ["GET / HTTP/1.1", ["Range: bytes=0-1"], { isPlain: false }],
  ["GET / HTTP/1.1", ['IF-MATCH: "a"'], { isPlain: false }],
  ["GET / HTTP/1.1", ['If-Range: "a"'], { isPlain: false }],
  ["GET / HTTP/1.1", ["If-Unmodified-Since: x"], { isPlain: false }],
  ["GET / HTTP/1.1", ["X-Range: bytes=0-1", "Ranges: x"], { isPlain: true }],
  ["GET / HTTP/1.1", ['If-None-Match: "a"', 'if-none-match: "b"'], { ifNoneMatch: '"a", "b"' }],
  ["GET / HTTP/1.1", ["Accept-Encoding: br", "Accept-Encoding: gzip"], { acceptEncoding: "br, gzip" }],
  ["GET / HTTP/1.1", ["Accept-Encoding: \t br \t"], { acceptEncoding: "br" }],
  ["GET / HTTP/1.1", ["Accept-Encoding:"], { acceptEncoding: "" }],
  ["GET / HTTP/1.1", ["X: caf\xe9"], {}],
] as const)("%s %p", (line, fields, expected) => {
  expect(read(head(line, "Host: a.test", ...fields))).toMatchObject(expected);
});

test("a request without Host is none of the reader's faults: whoever serves it refuses it", () => {
  expect(read(head("GET / HTTP/1.1")).host).toBeNull();
  expect(read(head("GET / HTTP/1.1", "Host:")).host).toBe("");
});

test("all fields are told, and Host says what the target does", () => {
  const parsed = read(head("GET http://b.test/ HTTP/1.1", "Host: a.test", "X:  1 ", "x: 2", "Y:"));
  expect(parsed.fields()).toEqual([
    ["Host", "b.test"],
    ["X", "1"],
    ["x", "2"],
    ["Y", ""],
  ]);
});
