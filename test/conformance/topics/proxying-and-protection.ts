import type { Row, Topic } from "../case.ts";
import { PROTECTION, PROXYING, RULES, semantics } from "./sources.ts";

const PAGES = ["index.html", "404.html", "about.html"];
const JSON_WANTED = { accept: "application/json" };

/** None of them is an address that everybody reaches. */
const PRIVATE = [
  "http://127.0.0.1:9",
  "http://localhost:9",
  "http://[::1]:9",
  "http://0.0.0.0:9",
  "http://2130706433:9",
  "http://10.0.0.1",
  "http://172.16.0.1",
  "http://192.168.0.1",
  "http://169.254.169.254",
  "http://100.64.0.1",
  "http://[fd00::1]",
  "http://[fe80::1]",
  "http://[::ffff:127.0.0.1]:9",
  "https://127.0.0.1:9",
];

const refused = (target: string): Row => [
  target,
  "401 -",
  { headers: { "x-robots-tag": "noindex", "cache-control": /no-store|private/ } },
];

export const proxyingAndProtection: Topic = {
  title: "Rewrites to other servers, protected hosts, rules that are left out",
  groups: [
    {
      source: PROXYING,
      site: {
        files: [...PAGES, ["_redirects", PRIVATE.map((origin, n) => `/to${n}/* ${origin}/:splat 200`).join("\n")]],
      },
      rows: [
        ...PRIVATE.map(
          (_, n): Row => [
            `GET /to${n}/secret`,
            "502",
            { send: JSON_WANTED, headers: { "content-type": /^application\/json/, "cache-control": "no-store" } },
          ],
        ),
        ["GET /to0/secret", "502", { headers: { "content-type": /^text\/html/, "x-robots-tag": "noindex" } }],
        ["HEAD /to0/secret", "502 -"],
        ["POST /to0/secret", "502", { send: { "content-length": "0" } }],
        ["GET /about", "200 about.html"],
      ],
    },
    {
      source: PROTECTION,
      site: { files: PAGES, isProtected: true },
      rows: [
        refused("HEAD /"),
        refused("HEAD /about"),
        refused("HEAD /missing"),
        [
          "GET /",
          "401",
          {
            send: { "sec-fetch-mode": "navigate", accept: "text/html" },
            headers: { "content-type": /^text\/html/, "x-robots-tag": "noindex", "cache-control": /no-store|private/ },
          },
        ],
        ["GET /", "401", { send: JSON_WANTED, headers: { "content-type": /^application\/json/ } }],
        ["GET /", "401", { headers: { "www-authenticate": /./ }, source: semantics("15.5.2") }],
        ["GET /about.html", "401", { headers: { location: null } }],
        ["GET /", "401", { send: { "if-none-match": "*" }, headers: { etag: null } }],
        ["GET /", "401", { send: { range: "bytes=0-1" }, headers: { "content-range": null } }],
        ["GET /", "401", { send: { authorization: "Bearer nothing-of-the-kind" } }],
        ["GET /?berth_token=nothing-of-the-kind", "401", { headers: { "set-cookie": null } }],
        ["OPTIONS /", "401"],
        [
          "HEAD /",
          "401 -",
          {
            send: { accept: "text/html" },
            headers: { "content-type": /^text\/html/, "content-length": /^[1-9]\d+$/ },
            source: semantics("9.3.2"),
          },
        ],
        [
          "GET /.berth/unlock?return=//elsewhere.example",
          "401",
          { send: { accept: "text/html" }, headers: { location: null } },
        ],
        ["GET /", "401", { send: { cookie: "berth_access=x.9999999999.y" }, headers: { "set-cookie": null } }],
        ["GET /%zz", "401"],
        ["GET /missing", "401", { send: JSON_WANTED }],
        ["POST /", "401", { send: { "content-length": "0" } }],
      ],
    },
    {
      source: RULES,
      site: {
        files: [
          ...PAGES,
          ["_redirects", "/ok /about 301\n/odd /about 999\n/us /about 302 Country=us\n/last /about 302\n"],
          ["_headers", "/about\n  X-Fine: 1\n  Content-Length: 3\n"],
        ],
        settings: { rules: "warn" },
      },
      rows: [
        ["GET /ok", "301 /about"],
        ["GET /odd", "404 404.html"],
        ["GET /us", "404 404.html"],
        ["GET /last", "302 /about"],
        ["GET /about", "200 about.html", { headers: { "x-fine": "1", "content-length": "11" } }],
      ],
    },
  ],
};
