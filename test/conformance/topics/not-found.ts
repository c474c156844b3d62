import type { Topic } from "../case.ts";
import { BERTH, CF_SPA, CF_SSG, semantics } from "./sources.ts";

const WITH_PAGES = ["index.html", "404.html", "about.html", "docs/404.html", "docs/a/page.html", "blog/index.html"];
const NAVIGATES = { "sec-fetch-mode": "navigate", accept: "text/html,*/*;q=0.8" };
const LOADS = { "sec-fetch-mode": "no-cors", accept: "*/*" };

export const notFound: Topic = {
  title: "Not found",
  groups: [
    {
      source: CF_SSG,
      site: { files: WITH_PAGES, settings: { not_found_handling: "404-page" } },
      rows: [
        ["GET /missing", "404 404.html", { headers: { "content-type": "text/html; charset=utf-8" } }],
        ["GET /missing/", "404 404.html"],
        ["GET /missing.js", "404 404.html"],
        ["GET /blog/missing", "404 404.html"],
        ["GET /docs/missing", "404 docs/404.html"],
        ["GET /docs/a/missing", "404 docs/404.html"],
        ["GET /docs/a/b/c/d", "404 docs/404.html"],
        ["GET /docs/", "404 docs/404.html"],
        ["GET /docs", "404 404.html"],
        ["GET /docs/404", "200 docs/404.html"],
        ["GET /docs/404.html", "307 /docs/404"],
        ["HEAD /missing", "404 -", { headers: { "content-length": "9" } }],
        ["GET /missing?x=1", "404 404.html"],
        ["GET /missing", "404 404.html", { send: { range: "bytes=0-1" }, source: semantics("14.2") }],
        ["GET /missing", "404 404.html", { send: { "if-none-match": "*" }, source: semantics("13.2.1") }],
        ["GET /missing", "404 404.html", { headers: { "cache-control": /no-store|max-age=0/ }, source: BERTH }],
      ],
    },
    {
      source: BERTH,
      site: { files: WITH_PAGES },
      rows: [
        ["GET /missing", "404 404.html"],
        ["GET /docs/missing", "404 docs/404.html"],
      ],
    },
    {
      source: CF_SPA,
      site: {
        files: ["index.html", "about.html", "app.js"],
        settings: { not_found_handling: "single-page-application" },
      },
      rows: [
        ["GET /", "200 index.html", { send: NAVIGATES }],
        ["GET /about", "200 about.html", { send: NAVIGATES }],
        ["GET /app.js", "200 app.js", { send: LOADS }],
        ["GET /any/route", "200 index.html", { send: NAVIGATES }],
        ["GET /any/route/", "200 index.html", { send: NAVIGATES }],
        [
          "GET /any/route",
          "200 index.html",
          { send: NAVIGATES, headers: { vary: /\baccept, sec-fetch-mode$/ }, source: semantics("12.5.5") },
        ],
        [
          "GET /any/route",
          "304 -",
          {
            send: { ...NAVIGATES, "if-none-match": "*" },
            headers: { vary: /\baccept, sec-fetch-mode$/ },
            source: semantics("15.4.5"),
          },
        ],
        ["GET /about", "200 about.html", { send: NAVIGATES, headers: { vary: null }, source: semantics("12.5.5") }],
        ["GET /user/jane.doe", "200 index.html", { send: NAVIGATES }],
        ["HEAD /any/route", "200 -", { send: NAVIGATES }],
        ["GET /any/route?x=1", "200 index.html", { send: NAVIGATES }],
        ["GET /missing.js", "404", { send: LOADS, source: BERTH }],
        ["GET /missing.css", "404", { send: { accept: "text/css,*/*;q=0.1" }, source: BERTH }],
        ["GET /missing.png", "404", { send: { accept: "image/avif,image/webp,*/*" }, source: BERTH }],
        ["GET /api/things", "404", { send: { accept: "application/json" }, source: BERTH }],
        ["GET /any/route", "200 index.html", { send: { accept: "text/html" }, source: BERTH }],
        ["GET /user/jo@example.com", "200 index.html", { send: { accept: "text/html" }, source: BERTH }],
        ["GET /site/kernel.org", "200 index.html", { source: BERTH }],
      ],
    },
    {
      source: BERTH,
      site: { files: ["index.html", "app.js"] },
      rows: [
        ["GET /any/route", "200 index.html", { send: NAVIGATES }],
        ["GET /missing.js", "404", { send: LOADS }],
      ],
    },
    {
      source: BERTH,
      site: { files: ["index.html", "about.html"] },
      rows: [["GET /missing", "404", { send: NAVIGATES }]],
    },
    {
      source: BERTH,
      site: { files: ["index.html", "404.html", "about.html"], settings: { not_found_handling: "none" } },
      rows: [
        [
          "GET /missing",
          "404",
          { send: NAVIGATES, headers: { "content-type": /^text\/html/, "cache-control": "no-store" } },
        ],
        [
          "GET /missing",
          "404",
          { send: { accept: "application/json" }, headers: { "content-type": /^application\/json/ } },
        ],
        ["HEAD /missing", "404 -"],
        ["GET /404", "200 404.html"],
      ],
    },
  ],
};
