import { expect, test } from "bun:test";
import { jsonText } from "./json-text.ts";

test("what jsonb does not take is replaced, wherever it stands, and all else is JSON as ever", () => {
  const value = { a: ["x\0y", "\ud800", "\\u0000"], b: { c: "é😀", d: 1, e: null, f: undefined } };
  expect(JSON.parse(jsonText(value))).toEqual({ a: ["x\ufffdy", "\ufffd", "\\u0000"], b: { c: "é😀", d: 1, e: null } });
});
