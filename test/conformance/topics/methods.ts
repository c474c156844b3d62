import type { Topic } from "../case.ts";
import { semantics } from "./sources.ts";

const ALLOW = /^(?=.*\bGET\b)(?=.*\bHEAD\b)/;

/** A browser's question before a request with a header of one's own. */
const PREFLIGHT = {
  origin: "https://elsewhere.example",
  "access-control-request-method": "GET",
  "access-control-request-headers": "x-own",
};

export const methods: Topic = {
  title: "Methods",
  groups: [
    {
      source: semantics("9.3"),
      site: { files: [["index.html", "<h1>0123456789</h1>\n"], "about.html", "404.html", ["empty.txt", ""]] },
      rows: [
        ["GET /", "200 index.html", { headers: { "content-length": "20", date: /GMT$/ } }],
        ["HEAD /", "200 -", { headers: { "content-length": "20", date: /GMT$/ }, source: semantics("9.3.2") }],
        [
          "HEAD /",
          "200 -",
          { headers: { "content-type": "text/html; charset=utf-8", etag: /^"/ }, source: semantics("9.3.2") },
        ],
        ["GET /empty.txt", "200 -", { headers: { "content-length": "0" }, source: semantics("8.6") }],
        ["HEAD /empty.txt", "200 -", { headers: { "content-length": "0" }, source: semantics("8.6") }],
        ["HEAD /about.html", "307 /about", { source: semantics("9.3.2") }],
        ["HEAD /missing", "404 -", { source: semantics("9.3.2") }],
        ["POST /", "405", { headers: { allow: ALLOW }, source: semantics("15.5.6") }],
        ["POST /missing", "405|404", { source: semantics("15.5.6") }],
        ["PUT /", "405", { headers: { allow: ALLOW }, source: semantics("15.5.6") }],
        ["PUT /new.html", "405", { headers: { allow: ALLOW }, source: semantics("15.5.6") }],
        ["DELETE /", "405", { headers: { allow: ALLOW }, source: semantics("15.5.6") }],
        ["PATCH /", "405", { headers: { allow: ALLOW }, source: semantics("15.5.6") }],
        ["PROPFIND /", "405|501", { source: semantics("9.1") }],
        ["BREW /", "405|501|400", { source: semantics("9.1") }],
        ["get /", "405|501|400", { source: semantics("9.1") }],
        ["TRACE /", "405|501", { source: semantics("9.3.8") }],
        [
          "TRACE /",
          "405|501",
          {
            send: { cookie: "secret=1" },
            headers: { "content-type": /^(?!message\/http)/ },
            source: semantics("9.3.8"),
          },
        ],
        ["OPTIONS /", "204|200", { headers: { allow: ALLOW }, source: semantics("9.3.7") }],
        ["OPTIONS /missing", "204|200|404", { source: semantics("9.3.7") }],
        ["POST /", "405", { send: { "content-length": "0" }, headers: { allow: ALLOW }, source: semantics("15.5.6") }],
        [
          "OPTIONS *",
          "204|200|400",
          { raw: "OPTIONS * HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n", source: semantics("9.3.7") },
        ],
        [
          "CONNECT to the site's own host",
          "405|501|400",
          { raw: "CONNECT {host}:443 HTTP/1.1\r\nHost: {host}\r\n\r\n", source: semantics("9.3.6") },
        ],
        [
          "CONNECT to another host",
          "405|501|400|404|421",
          { raw: "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n", source: semantics("9.3.6") },
        ],
        [
          "POST / with a body",
          "405",
          {
            raw: "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 3\r\nConnection: close\r\n\r\na=b",
            headers: { allow: ALLOW },
            source: semantics("15.5.6"),
          },
        ],
        [
          "GET / with a body",
          "200|400 index.html",
          {
            raw: "GET / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 3\r\nConnection: close\r\n\r\na=b",
            source: semantics("9.3.1"),
          },
        ],
      ],
    },
    {
      source: "https://fetch.spec.whatwg.org/#cors-preflight-fetch",
      site: {
        files: [
          "index.html",
          "data.json",
          "open/data.json",
          ["_headers", "/open/*\n  Access-Control-Allow-Origin: *\n  Access-Control-Allow-Headers: X-Own\n"],
          ["_redirects", "/moved /open/data.json 302\n"],
        ],
      },
      rows: [
        [
          "OPTIONS /open/data.json",
          "204|200",
          {
            send: PREFLIGHT,
            headers: {
              "access-control-allow-origin": "*",
              "access-control-allow-headers": "X-Own",
              allow: ALLOW,
            },
          },
        ],
        ["OPTIONS /open/missing.json", "204|200", { headers: { "access-control-allow-origin": "*" } }],
        ["GET /open/data.json", "200 open/data.json", { headers: { "access-control-allow-origin": "*" } }],
        ["HEAD /open/data.json", "200 -", { headers: { "access-control-allow-origin": "*" } }],
        [
          "GET /open/data.json",
          "304 -",
          { send: { "if-none-match": "*" }, headers: { "access-control-allow-origin": "*" } },
        ],
        [
          "GET /open/data.json",
          "206 =op",
          { send: { range: "bytes=0-1" }, headers: { "access-control-allow-origin": "*" } },
        ],
        ["OPTIONS /data.json", "204|200", { send: PREFLIGHT, headers: { "access-control-allow-origin": null } }],
        ["POST /open/data.json", "405", { send: { "content-length": "0" }, headers: { allow: ALLOW } }],
      ],
    },
  ],
};
