import { expect, test } from "bun:test";
import { cacheControlOf } from "./cache-control.ts";

test.each([
  "assets/index-B1x2Y3z4.js",
  "assets/index-abc12345.css",
  "docs/assets/logo.8f3a2b1c.svg",
  "static/js/main.8f3a2b1c.chunk.js",
  "static/js/main.8f3a2b1c.js.map",
  "_astro/hoisted.DfGhxQaB.js",
  "_next/static/chunks/framework-0123456789abcdef.js",
  "_nuxt/BxYz1234.js",
])("%s never changes", (path) => expect(cacheControlOf(path)).toBe("public, max-age=31536000, immutable"));

test.each([
  "index.html",
  "assets/B1x2Y3z4.html",
  "assets/logo.svg",
  "assets/bootstrap.min.js",
  "assets/jquery-migrate.js",
  "assets/DatePicker.js",
  "assets/photo-20260131.jpg",
  "assets/logo-version2.png",
  "assets/date-picker-2.js",
  "main.8f3a2b1c.js",
  "_nuxt/builds/latest.json",
  "_next/static/abc/_buildManifest.js",
])("%s is asked for again", (path) => expect(cacheControlOf(path)).toBe("public, max-age=0, must-revalidate"));
