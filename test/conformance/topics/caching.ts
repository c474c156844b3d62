import type { Row, Topic } from "../case.ts";
import { BERTH, caching as rfc } from "./sources.ts";

const HASHED = [
  "_astro/page.Abc12dEf.js",
  "_astro/hoisted.C9k3xQ2z.css",
  "_next/static/chunks/4bd1b696-1f3a7a2b9c0d.js",
  "_next/static/css/9d2a1c7be04f3a55.css",
  "_nuxt/entry.B1a2C3d4.js",
  "_app/immutable/entry/start.B1a2C3d4.js",
  "_app/immutable/chunks/D4k9_a1x.js",
  "assets/index-3f9a1c2b.js",
  "assets/index-Diw2gTda.css",
  "static/js/main.4f3b2a1c.js",
  "static/js/787.8a9b0c1d.chunk.js",
  "static/media/logo.6ce24c58023cc2f8fd88.svg",
];
const PLAIN = [
  "style.css",
  "app.js",
  "robots.txt",
  "favicon.ico",
  "assets/logo.png",
  "assets/jquery.min.js",
  "assets/version2.js",
  "images/photo-20260131.jpg",
  "sw.js",
  "sitemap.xml",
  "data/3f9a1c2b4d5e.json",
];
const row = (path: string, form: RegExp): Row => [
  `GET /${path}`,
  `200 ${path}`,
  { headers: { "cache-control": form } },
];

export const caching: Topic = {
  title: "Caching",
  groups: [
    {
      source: BERTH,
      site: { files: ["index.html", "about.html", "404.html", ...HASHED, ...PLAIN] },
      rows: [
        [
          "GET /",
          "200 index.html",
          { headers: { "cache-control": /max-age=0, must-revalidate/, expires: null, pragma: null } },
        ],
        ["GET /about", "200 about.html", { headers: { "cache-control": /max-age=0, must-revalidate/ } }],
        ...HASHED.map((path) => row(path, /max-age=31536000.*immutable/)),
        ...PLAIN.map((path) => row(path, /^(?!.*immutable).*max-age=0/)),
        ["GET /assets/index-00000000.js", "404", { headers: { "cache-control": /no-store/ } }],
        ["GET /_astro/page.Zzz12dEf.js", "404", { headers: { "cache-control": /no-store/ } }],
        ["GET /about.html", "307 /about", { headers: { "cache-control": /^(?!.*immutable)/ } }],
        [
          "GET /assets/index-3f9a1c2b.js",
          "206 =as",
          { send: { range: "bytes=0-1" }, headers: { "cache-control": /immutable/ } },
        ],
        [
          "GET /assets/index-3f9a1c2b.js",
          "304 -",
          { send: { "if-none-match": "*" }, headers: { "cache-control": /immutable/ } },
        ],
        ["GET /", "200 index.html", { send: { "cache-control": "no-cache" }, source: rfc("5.2.1.4") }],
        ["GET /", "200 index.html", { send: { "cache-control": "only-if-cached" }, source: rfc("5.2.1.7") }],
      ],
    },
  ],
};
