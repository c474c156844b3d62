import { expect, test } from "bun:test";
import { checkConditions, isIfRangeMet } from "./conditional.ts";

const lastModified = "Fri, 02 Jan 2026 03:04:05 GMT";
const before = "Thu, 01 Jan 2026 03:04:05 GMT";
const after = "Sat, 03 Jan 2026 03:04:05 GMT";
const validators = { etag: '"abc"', lastModified };

test.each([
  [{}, "proceed"],
  [{ "if-none-match": '"abc"' }, "not-modified"],
  [{ "if-none-match": 'W/"abc"' }, "not-modified"],
  [{ "if-none-match": '"x", W/"abc"' }, "not-modified"],
  [{ "if-none-match": '"x,y" ,"abc"' }, "not-modified"],
  [{ "if-none-match": "*" }, "not-modified"],
  [{ "if-none-match": '"x"' }, "proceed"],
  [{ "if-none-match": "abc" }, "proceed"],
  [{ "if-none-match": "" }, "proceed"],
  [{ "if-none-match": '"x"', "if-modified-since": lastModified }, "proceed"],
  [{ "if-modified-since": lastModified }, "not-modified"],
  [{ "if-modified-since": "Friday, 02-Jan-26 03:04:05 GMT" }, "not-modified"],
  [{ "if-modified-since": "Fri Jan  2 03:04:05 2026" }, "not-modified"],
  [{ "if-modified-since": after }, "not-modified"],
  [{ "if-modified-since": before }, "proceed"],
  [{ "if-modified-since": "soon" }, "proceed"],
  [{ "if-modified-since": "2027-01-01" }, "proceed"],
  [{ "if-match": '"abc"' }, "proceed"],
  [{ "if-match": '"x", "abc"' }, "proceed"],
  [{ "if-match": "*" }, "proceed"],
  [{ "if-match": 'W/"abc"' }, "failed"],
  [{ "if-match": '"x"' }, "failed"],
  [{ "if-match": '"x"', "if-none-match": '"abc"' }, "failed"],
  [{ "if-match": '"abc"', "if-none-match": '"abc"' }, "not-modified"],
  [{ "if-match": '"abc"', "if-unmodified-since": before }, "proceed"],
  [{ "if-unmodified-since": before }, "failed"],
  [{ "if-unmodified-since": lastModified }, "proceed"],
  [{ "if-unmodified-since": after }, "proceed"],
  [{ "if-unmodified-since": "soon" }, "proceed"],
] as [Record<string, string>, string][])("%p: %s", (headers, outcome) => {
  expect(checkConditions(new Headers(headers), validators)).toBe(outcome as never);
});

test.each([
  [{ "if-modified-since": lastModified }, "not-modified"],
  [{ "if-modified-since": after }, "proceed"],
  [{ "if-modified-since": "Mon, 05 Jan 2026 00:00:00 GMT" }, "not-modified"],
  [{ "if-unmodified-since": lastModified }, "proceed"],
  [{ "if-unmodified-since": after }, "failed"],
  [{ "if-unmodified-since": before }, "failed"],
] as [Record<string, string>, string][])("shown again on the fourth, %p: %s", (headers, outcome) => {
  const shown = { ...validators, shownSince: Date.parse("2026-01-04T00:00:00.5Z") };
  expect(checkConditions(new Headers(headers), shown)).toBe(outcome as never);
});

test.each([
  [undefined, true],
  ['"abc"', true],
  ['W/"abc"', false],
  ['"x"', false],
  [lastModified, true],
  ["Friday, 02-Jan-26 03:04:05 GMT", true],
  ["Fri Jan  2 03:04:05 2026", true],
  ["Friday, 02-Jan-26 03:04:06 GMT", false],
  [before, false],
  [after, false],
  ["soon", false],
  ["*", false],
  ['"abc", "x"', false],
] as [string | undefined, boolean][])("If-Range %s: %p", (ifRange, isMet) => {
  expect(isIfRangeMet(new Headers(ifRange === undefined ? {} : { "if-range": ifRange }), validators)).toBe(isMet);
});

test.each([
  [{ "if-none-match": 'W/"abc"' }, "not-modified"],
  [{ "if-none-match": '"abc"' }, "not-modified"],
  [{ "if-none-match": '"x"' }, "proceed"],
  [{ "if-match": 'W/"abc"' }, "failed"],
  [{ "if-match": '"abc"' }, "failed"],
  [{ "if-match": "*" }, "proceed"],
] as [Record<string, string>, string][])("against a weak tag, %p: %s", (headers, outcome) => {
  const weak = { etag: 'W/"abc"', lastModified };
  expect(checkConditions(new Headers(headers), weak)).toBe(outcome as never);
  expect(isIfRangeMet(new Headers({ "if-range": weak.etag }), weak)).toBe(false);
});
