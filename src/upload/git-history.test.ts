import { expect, test } from "bun:test";
import { parseTags } from "./git-history.ts";

test("tags with names that every ref parser and file system takes", () => {
  const id = "a".repeat(40);
  const names = ["v1.0", "web/v2.0-rc.1", "a+b@c", "-u", "../x", "a//b", "x.lock", "a@{b", "a/.b", "ü", "a b"];
  expect(Object.keys(parseTags(names.map((name) => `${id} ${name}`).join("\n")))).toEqual(names.slice(0, 3));
  expect(parseTags("")).toEqual({});
});
