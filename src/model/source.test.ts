import { expect, test } from "bun:test";
import { parseSource } from "./source.ts";

test.each([
  ["https://git.example/me/site.git"],
  ["https://git.example/me/site/"],
  ["http://127.0.0.1:8080/site"],
  ["ssh://git@git.example:2222/me/site.git"],
  ["ssh://git.example/~me/a#b"],
  ["git@git.example:me/site.git"],
  ["git.example:site"],
])("%s is a git URL", (text) => {
  expect(parseSource(` ${text}\n`)).toEqual({ kind: "git", url: text });
});

test.each([
  ["HTTPS://git.example/site", "https://git.example/site"],
  ["Http://Git.Example/Site", "http://Git.Example/Site"],
])("the letter case of a scheme says nothing: %s", (text, url) => {
  expect(parseSource(text)).toEqual({ kind: "git", url });
});

test.each([
  ["/a/b", "/a/b"],
  [".", "."],
  ["..", ".."],
  ["./a b", "./a b"],
  ["~/site", "~/site"],
  ["me/site", "me/site"],
  ["file:///a/b%20c", "/a/b c"],
])("%s is a path", (text, path) => {
  expect(parseSource(text)).toEqual({ kind: "path", path });
});

test.each([
  [""],
  ["--upload-pack=id"],
  ["ext::sh -c id"],
  ["git://git.example/site"],
  ["https://"],
  ["https://git.example"],
  ["https://git.example/me/site.git?ref=main"],
  ["https://git.example/me/site#main"],
  ["a\nb"],
])("%j is refused", (text) => {
  expect(() => parseSource(text)).toThrow(expect.objectContaining({ code: "source_invalid" }));
});
