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
  ["a.cjs", "text/javascript; charset=utf-8"],
  ["a.map", "application/json; charset=utf-8"],
  ["a.avif", "image/avif"],
  ["a.webp", "image/webp"],
  ["a.ico", "image/vnd.microsoft.icon"],
  ["a.cur", "image/vnd.microsoft.icon"],
  ["a.svgz", "image/svg+xml; charset=utf-8"],
  ["a.mobileconfig", "application/x-apple-aspen-config"],
  ["a.vtt", "text/vtt; charset=utf-8"],
  ["a.m3u8", "application/vnd.apple.mpegurl"],
  ["a.m4v", "video/mp4"],
  ["a.flac", "audio/flac"],
  ["a.glb", "model/gltf-binary"],
  ["feed.rss", "application/rss+xml; charset=utf-8"],
  ["feed.atom", "application/atom+xml; charset=utf-8"],
  ["a.jsonld", "application/ld+json; charset=utf-8"],
  ["a.geojson", "application/geo+json; charset=utf-8"],
  ["a.ndjson", "application/x-ndjson; charset=utf-8"],
  ["a.md", "text/markdown; charset=utf-8"],
  ["a.toml", "application/toml; charset=utf-8"],
  ["a.php", "text/plain; charset=utf-8"],
  ["a.rs", "text/plain; charset=utf-8"],
  ["a.xhtml", "application/xhtml+xml; charset=utf-8"],
  ["a.pdf", "application/pdf"],
  ["a.tar.gz", "application/gzip"],
  ["LICENSE", "text/plain; charset=utf-8"],
  ["CNAME", "application/octet-stream"],
  [".htaccess", "application/octet-stream"],
  [".js", "application/octet-stream"],
  ["blog/opengraph-image", "image/png"],
  [".well-known/security.txt", "text/plain; charset=utf-8"],
  [".well-known/assetlinks.json", "application/json; charset=utf-8"],
  [".well-known/openid-configuration", "application/json; charset=utf-8"],
  [".well-known/webfinger", "application/jrd+json; charset=utf-8"],
  [".well-known/host-meta", "application/xrd+xml; charset=utf-8"],
  [".well-known/matrix/server", "application/json; charset=utf-8"],
  [".well-known/acme-challenge/a_b-c", "text/plain; charset=utf-8"],
  [".well-known/apple-app-site-association", "application/json; charset=utf-8"],
])("%s is %s", (path, type) => expect(contentTypeOf(path)).toBe(type));

test("xml is text", () => expect(contentTypeOf("sitemap.xml")).toMatch(/^(text|application)\/xml; charset=utf-8$/));

test("pages have no asset extension", () => {
  for (const path of ["/a", "/a.html", "/john.doe", "/v1.2/a", "/user/jo@example.com", "/site/kernel.org"])
    expect([path, hasAssetExtension(path)]).toEqual([path, false]);
  expect(["/a.js", "/a/b.css"].map(hasAssetExtension)).toEqual([true, true]);
});
