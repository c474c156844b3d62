import { expect, test } from "bun:test";
import { cacheControlOf } from "./cache-control.ts";

test.each([
  // Vite, Remix
  "assets/index-B1x2Y3z4.js",
  "assets/index-BUcEWz_h.js",
  "assets/index-DfGhxQaB.css",
  "assets/entry.client-DkZ8a1b2.js",
  "assets/index-abc12345.css",
  "base/assets/index-B1x2Y3z4.js",
  "build/_shared/chunk-5XK2JQPL.js",
  // VitePress, Docusaurus
  "assets/chunks/theme.Dj3kX9aB.js",
  "assets/index.md.B1c2D3e4.lean.js",
  "assets/inter-roman-latin.Di8DUHzh.woff2",
  "docs/assets/logo.8f3a2b1c.svg",
  "assets/js/runtime~main.8f3a2b1c.js",
  "assets/images/hero-8f3a2b1c9d0e1f2a8f3a2b1c9d0e1f2a.png",
  // Create React App
  "static/js/main.8f3a2b1c.chunk.js",
  "static/js/main.8f3a2b1c.js.map",
  "static/media/logo.6ce24c58023cc2f8fd88.svg",
  // Astro
  "_astro/hoisted.DfGhxQaB.js",
  "_astro/_slug_.Cx_12-xY.css",
  "_astro/photo.B1x2Y3z4_Z1abcd.webp",
  // Next.js
  "_next/static/chunks/framework-0123456789abcdef.js",
  "_next/static/media/4cf2300e9c8272f7-s.p.woff2",
  "_next/static/css/0f3a2b1c9d0e1f2a.css",
  // Nuxt
  "_nuxt/BxYz1234.js",
  "_nuxt/entry.B-xYz123.css",
  // SvelteKit
  "_app/immutable/entry/start.abcdefgh.js",
  "_app/immutable/chunks/B1x2Y3z4.js",
  // Gatsby
  "app-8f3a2b1c9d0e1f2a3b4c.js",
  "component---src-pages-index-js-8f3a2b1c9d0e1f2a3b4c.js",
  "static/photo-8f3a2b1c9d0e1f2a8f3a2b1c9d0e1f2a.jpg",
  // Angular
  "main-5XK2JQPL.js",
  "styles-5INURTSO.css",
  "media/roboto-5XK2JQPL.woff2",
  "main.8f3a2b1c9d0e1f2a.js",
])("%s never changes", (path) => expect(cacheControlOf(path)).toBe("public, max-age=31536000, immutable"));

test.each([
  "index.html",
  "assets/B1x2Y3z4.html",
  "assets/logo.svg",
  "assets/bootstrap.min.js",
  "assets/jquery-migrate.js",
  "assets/DatePicker.js",
  "assets/app-DatePicker.js",
  "assets/app-LICENSES.txt",
  "assets/photo-20260131.jpg",
  "assets/logo-version2.png",
  "assets/logo-Version12.png",
  "assets/date-picker-2.js",
  "assets/some_name.js",
  "static/js/main.js",
  "media/interview.mp3",
  "main.8f3a2b1c.js",
  "sw.js",
  "service-worker.js",
  "manifest.webmanifest",
  "page-data/app-data.json",
  "data-8f3a2b1c9d0e1f2a.json",
  "_nuxt/builds/latest.json",
  "_next/static/abc/_buildManifest.js",
  "_app/version.json",
  "_astro/client.js",
  "img/AbC123dEfG-600.webp",
])("%s is asked for again", (path) => expect(cacheControlOf(path)).toBe("public, max-age=0, must-revalidate"));
