import { expect, test } from "bun:test";
import { isNotModified, rangeOf } from "./conditional.ts";

const lastModified = "Fri, 02 Jan 2026 03:04:05 GMT";
const validators = { etag: '"abc"', lastModified };

test.each([
  [{ "if-none-match": '"abc"' }, true],
  [{ "if-none-match": 'W/"abc"' }, true],
  [{ "if-none-match": '"x", W/"abc"' }, true],
  [{ "if-none-match": "*" }, true],
  [{ "if-none-match": '"x"' }, false],
  [{ "if-none-match": "abc" }, false],
  [{ "if-none-match": '"x"', "if-modified-since": lastModified }, false],
  [{ "if-modified-since": lastModified }, true],
  [{ "if-modified-since": "Thu, 01 Jan 2026 03:04:05 GMT" }, false],
  [{ "if-modified-since": "soon" }, false],
  [{}, false],
] as [Record<string, string>, boolean][])("%p is not modified: %p", (headers, result) => {
  expect(isNotModified(new Headers(headers), validators)).toBe(result);
});

const part = (first: number, last: number) => ({ kind: "part" as const, first, last });
const whole = { kind: "whole" as const };
const unsatisfiable = { kind: "unsatisfiable" as const };

test.each([
  ["bytes=0-3", part(0, 3)],
  ["bytes=5-", part(5, 9)],
  ["bytes=-3", part(7, 9)],
  ["bytes=-30", part(0, 9)],
  ["bytes=8-99", part(8, 9)],
  ["bytes=10-", unsatisfiable],
  ["bytes=-0", unsatisfiable],
  ["bytes=0-1,4-5", whole],
  ["bytes=5-2", whole],
  ["bytes=-", whole],
  ["lines=0-1", whole],
])("%s of ten bytes", (range, result) => {
  expect(rangeOf(new Headers({ range }), 10, validators)).toEqual(result);
});

test.each([
  ['"abc"', part(0, 3)],
  ['W/"abc"', whole],
  ['"x"', whole],
  [lastModified, part(0, 3)],
  ["Thu, 01 Jan 2026 03:04:05 GMT", whole],
])("If-Range %s", (ifRange, result) => {
  expect(rangeOf(new Headers({ range: "bytes=0-3", "if-range": ifRange }), 10, validators)).toEqual(result);
});
