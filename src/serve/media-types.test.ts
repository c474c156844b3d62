import { expect, test } from "bun:test";
import { contentTypeOf, hasAssetExtension } from "./media-types.ts";

test.each([
  ["index.html", "text/html; charset=utf-8"],
  ["a/b.js", "text/javascript; charset=utf-8"],
  ["a.mjs", "text/javascript; charset=utf-8"],
  ["a.json", "application/json; charset=utf-8"],
  ["a.svg", "image/svg+xml; charset=utf-8"],
  ["site.webmanifest", "application/manifest+json; charset=utf-8"],
  ["a.ts", "text/plain; charset=utf-8"],
  ["a.PNG", "image/png"],
  ["a.wasm", "application/wasm"],
  ["a.woff2", "font/woff2"],
  ["a.constructor", "application/octet-stream"],
  ["LICENSE", "application/octet-stream"],
  [".well-known/apple-app-site-association", "application/json; charset=utf-8"],
])("%s is %s", (path, type) => expect(contentTypeOf(path)).toBe(type));

test("xml is text", () => expect(contentTypeOf("sitemap.xml")).toMatch(/^(text|application)\/xml; charset=utf-8$/));

test("pages have no asset extension", () => {
  expect(["/a", "/a.html", "/john.doe", "/v1.2/a"].map(hasAssetExtension)).toEqual([false, false, false, false]);
  expect(["/a.js", "/a/b.css"].map(hasAssetExtension)).toEqual([true, true]);
});
