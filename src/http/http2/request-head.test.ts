import { expect, test } from "bun:test";
import { type Fields, Http2Head, MALFORMED, readHead } from "./request-head.ts";

const read = (fields: Fields, { isTooLarge = false, hasContent = false } = {}) =>
  readHead(fields, { isTooLarge, hasContent });
const get = (...more: [string, string][]): Fields => [
  [":method", "GET"],
  [":scheme", "https"],
  [":authority", "a.test"],
  [":path", "/x?y"],
  ...more,
];

test("what a request says", () => {
  const head = read(
    get(
      ["accept-encoding", "br"],
      ["accept-encoding", "gzip"],
      ["if-none-match", '"a"'],
      ["if-modified-since", "today"],
      ["te", "trailers"],
      ["host", "A.test"],
    ),
  );
  expect(head).toBeInstanceOf(Http2Head);
  expect(head).toMatchObject({
    ...{ method: "GET", target: "/x?y", host: "a.test", isPlain: true, acceptEncoding: "br, gzip" },
    ...{ ifNoneMatch: '"a"', ifModifiedSince: "today", contentLength: undefined },
  });
  expect((head as Http2Head).fields().slice(0, 2)).toEqual([
    ["host", "a.test"],
    ["accept-encoding", "br"],
  ]);
});

test.each([
  [[["range", "bytes=0-1"]], false],
  [[["if-range", '"a"']], false],
  [[["if-match", '"a"']], false],
  [[["if-unmodified-since", "today"]], false],
  [[["cookie", "a=1"]], true],
] as const)("%j is plain: %p", (more, isPlain) => {
  expect(read(get(...more.map(([name, value]): [string, string] => [name, value])))).toMatchObject({ isPlain });
});

test("a request with content is not plain, and says its length where it knows it", () => {
  expect(read(get(["content-length", "7"]), { hasContent: true })).toMatchObject({ isPlain: false, contentLength: 7 });
  expect(read(get(), { hasContent: true })).toMatchObject({ isPlain: false });
  expect(read(get(["expect", "100-continue"]), { hasContent: true })).toMatchObject({ expectsContinue: true });
  expect(read(get(["expect", "100-continue"]))).toMatchObject({ expectsContinue: false });
  expect(read(get(["content-length", "0"]))).toMatchObject({ isPlain: true });
});

const without = (name: string): Fields => get().filter(([each]) => each !== name);

test.each<[string, Fields]>([
  ["no method", without(":method")],
  ["no scheme", without(":scheme")],
  ["no path", without(":path")],
  ["an empty path", [...without(":path"), [":path", ""]]],
  ["two paths", get([":path", "/"])],
  ["a pseudo-header field behind others", [["a", "b"], ...get()]],
  ["an unknown pseudo-header field", get([":protocol", "websocket"])],
  ["a pseudo-header field of responses", get([":status", "200"])],
  ["a capital letter", get(["Accept", "x"])],
  ["no name", get(["", "x"])],
  ["an odd name", get(["a b", "x"])],
  ["a name with a colon inside", get(["a:b", "x"])],
  ["a control character", get(["a", "x\0"])],
  ["a line break", get(["a", "x\r\nb: c"])],
  ["a blank before", get(["a", " x"])],
  ["a blank behind", get(["a", "x\t"])],
  ["a line break in a path", [...without(":path"), [":path", "/\r\n"]]],
  ["connection", get(["connection", "close"])],
  ["transfer-encoding", get(["transfer-encoding", "chunked"])],
  ["keep-alive", get(["keep-alive", "1"])],
  ["upgrade", get(["upgrade", "h2c"])],
  ["proxy-connection", get(["proxy-connection", "x"])],
  ["te: gzip", get(["te", "gzip"])],
  ["a length that is none", get(["content-length", "-1"])],
  ["two lengths", get(["content-length", "0"], ["content-length", "0"])],
  ["a length without content", get(["content-length", "3"])],
  ["CONNECT with a path", [[":method", "CONNECT"], ...get().slice(1)]],
  ["CONNECT to nobody", [[":method", "CONNECT"]]],
])("%s is malformed", (_, fields) => {
  expect(read(fields)).toBe(MALFORMED);
});

test.each<[string, Fields, number]>([
  ["two hosts", get(["host", "b.test"]), 400],
  ["two Host fields", get(["host", "a.test"], ["host", "a.test"]), 400],
  ["no path", [...without(":path"), [":path", "x"]], 400],
  ["a path with a blank", [...without(":path"), [":path", "/a b"]], 400],
  ["another scheme", [...without(":scheme"), [":scheme", "ftp"]], 400],
  ["an expectation", get(["expect", "more"]), 417],
])("%s is refused", (_, fields, status) => {
  expect(read([...fields].sort(([a], [b]) => Number(b.startsWith(":")) - Number(a.startsWith(":"))))).toMatchObject({
    status,
  });
});

test("too many fields are refused", () => {
  expect(read(get(), { isTooLarge: true })).toMatchObject({ status: 431 });
});

test("OPTIONS may ask for no path, CONNECT names nothing but a host", () => {
  const options: Fields = [[":method", "OPTIONS"], ...get().slice(1, 3), [":path", "*"]];
  expect(read(options)).toMatchObject({ target: "*" });
  expect(
    read([
      [":method", "CONNECT"],
      [":authority", "a.test:1"],
    ]),
  ).toMatchObject({ target: "a.test:1" });
});
