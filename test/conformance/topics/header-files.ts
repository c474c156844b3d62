import type { Refusal, Site, Topic } from "../case.ts";
import { BERTH, CF_HEADERS, NETLIFY_HEADERS } from "./sources.ts";

const PAGES = [
  "index.html",
  "404.html",
  "about.html",
  "secure/page.html",
  "static/a.js",
  "movies/jaws.html",
  "photo.jpg",
  "multi.html",
  "late.html",
  "ü.html",
];
const site = (...lines: string[]): Site => ({ files: [...PAGES, ["_headers", `${lines.join("\n")}\n`]] });
const refusal = (line: number, ...lines: string[]): Refusal => ({
  source: BERTH,
  site: site(...lines),
  file: "_headers",
  line,
});

export const headerFiles: Topic = {
  title: "`_headers`",
  groups: [
    {
      source: CF_HEADERS,
      site: site(
        "# a comment",
        "/secure/page",
        "  X-Frame-Options: DENY",
        "  Referrer-Policy: no-referrer",
        "",
        "/static/*",
        "  Access-Control-Allow-Origin: *",
        "  X-Robots-Tag: nosnippet",
        "  Cache-Control: public, max-age=600",
        "",
        "/movies/:title",
        '  x-movie-name: You are watching ":title"',
        "",
        "/*",
        "  Content-Security-Policy: default-src 'self'; img-src https: data:",
        "  X-Global: one",
        "",
        "/*.jpg",
        "  ! Content-Security-Policy",
        "",
        "/multi",
        "  X-Global: two",
        "  X-Twice: a",
        "  X-Twice: b",
        "/spl/*",
        "  x-splat: :splat",
      ),
      rows: [
        [
          "GET /secure/page",
          "200 secure/page.html",
          { headers: { "x-frame-options": "DENY", "referrer-policy": "no-referrer", "x-global": "one" } },
        ],
        [
          "GET /about",
          "200 about.html",
          {
            headers: {
              "x-frame-options": null,
              "x-global": "one",
              "content-security-policy": "default-src 'self'; img-src https: data:",
            },
          },
        ],
        [
          "GET /static/a.js",
          "200 static/a.js",
          {
            headers: {
              "access-control-allow-origin": "*",
              "x-robots-tag": "nosnippet",
              "cache-control": "public, max-age=600",
            },
          },
        ],
        [
          "HEAD /static/a.js",
          "200 -",
          { headers: { "access-control-allow-origin": "*", "cache-control": "public, max-age=600" } },
        ],
        [
          "GET /static/a.js",
          "304 -",
          { send: { "if-none-match": "*" }, headers: { "cache-control": "public, max-age=600" } },
        ],
        [
          "GET /static/a.js",
          "206 =st",
          { send: { range: "bytes=0-1" }, headers: { "access-control-allow-origin": "*" } },
        ],
        ["GET /static/missing.js", "404 404.html", { headers: { "access-control-allow-origin": "*" } }],
        ["GET /movies/jaws", "200 movies/jaws.html", { headers: { "x-movie-name": 'You are watching "jaws"' } }],
        [
          "GET /photo.jpg",
          "200 photo.jpg",
          { headers: { "content-security-policy": null, "x-global": "one", "content-type": "image/jpeg" } },
        ],
        [
          "GET /multi",
          "200 multi.html",
          { headers: { "x-global": /^one, ?two$/, "x-twice": /^a, ?b$/ }, source: BERTH },
        ],
        ["GET /missing", "404 404.html", { headers: { "x-global": "one" } }],
        ["GET /_headers", "404", { headers: { "x-global": /^(?:one)$/ } }],
        ["GET /spl/%E6%97%A5", "404 404.html", { headers: { "x-global": "one" } }],
        ["GET /spl/a%0Ab", "400", { headers: { b: null } }],
        ["GET /%C3%BC", "200 ü.html", { headers: { "x-global": "one" } }],
      ],
    },
    {
      source: NETLIFY_HEADERS,
      site: site(
        "/*",
        "  cache-control: max-age=0",
        "  cache-control: no-cache",
        "  cache-control: no-store",
        "  cache-control: must-revalidate",
        "  set-cookie: a=b",
        "  # a comment between",
        "  Link: </style.css>; rel=preload; as=style",
        "  Empty-Colon: http://example.com:80/",
      ),
      rows: [
        [
          "GET /about",
          "200 about.html",
          {
            headers: {
              "cache-control": /^max-age=0, ?no-cache, ?no-store, ?must-revalidate$/,
              link: "</style.css>; rel=preload; as=style",
              "empty-colon": "http://example.com:80/",
              "set-cookie": "a=b",
            },
          },
        ],
      ],
    },
    {
      source: NETLIFY_HEADERS,
      site: site("/about", "  X-A: 1", "/about/", "  X-B: 2", "/secure/*", "  X-C: 3"),
      rows: [
        ["GET /about", "200 about.html", { headers: { "x-a": "1" } }],
        ["GET /secure/page", "200 secure/page.html", { headers: { "x-c": "3", "x-a": null } }],
        ["GET /", "200 index.html", { headers: { "x-a": null, "x-c": null } }],
      ],
    },
    {
      source: CF_HEADERS,
      site: { files: [...PAGES, ["_headers", "/about\r\n  X-A: 1\r\n\r\n/secure/page\r\n  X-B: 2\r\n"]] },
      rows: [
        ["GET /about", "200 about.html", { headers: { "x-a": "1", "x-b": null } }],
        ["GET /secure/page", "200 secure/page.html", { headers: { "x-b": "2" } }],
      ],
    },
  ],
  refusals: [
    refusal(1, "  X-A: b"),
    refusal(2, "/about", "  no colon here"),
    refusal(2, "/about", "  X Bad Name: b"),
    refusal(3, "/about", "  X-Fine: b", "  X-A: b\u0001c"),
    refusal(2, "/about", "  : b"),
    { ...refusal(2, "/about", "  Content-Length: 3"), source: NETLIFY_HEADERS },
    { ...refusal(2, "/about", "  Transfer-Encoding: chunked"), source: NETLIFY_HEADERS },
    { ...refusal(2, "/about", "  Content-Encoding: gzip"), source: NETLIFY_HEADERS },
    refusal(1, "/a/*/b/*", "  X-A: b"),
  ],
};
