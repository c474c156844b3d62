import type { Row, Topic } from "../case.ts";
import { semantics } from "./sources.ts";

const OLD = "Thu, 01 Jan 2015 00:00:00 GMT";
const LATE = "Fri, 01 Jan 2100 00:00:00 GMT";
/** The same in the two older forms (RFC 9110 section 5.6.7). */
const OLD_850 = "Thursday, 01-Jan-15 00:00:00 GMT";
const OLD_ASCTIME = "Thu Jan  1 00:00:00 2015";
const LATE_850 = "Thursday, 01-Jan-60 00:00:00 GMT";
const LATE_ASCTIME = "Fri Jan  1 00:00:00 2100";
/** None of them is an HTTP date. */
const NO_DATES = [
  "0",
  "-1",
  "1767323045",
  "2100-01-01T00:00:00Z",
  "01 Jan 2100 00:00:00 GMT",
  "Fri, 01 Jan 2100 00:00:00 UTC",
  "Fri, 01 Jan 2100 00:00:00 +0000",
  "fri, 01 jan 2100 00:00:00 gmt",
  "Fri, 99 Jan 2100 00:00:00 GMT",
  `${LATE}; length=20`,
  `${LATE}, ${LATE}`,
];
const BR = { "accept-encoding": "br" };

export const conditionals: Topic = {
  title: "Conditions",
  groups: [
    {
      source: semantics("13.1.2"),
      site: { files: ["index.html", "about.html", ["page.html", "<p>The same words.</p>\n".repeat(200)], "404.html"] },
      rows: [
        [
          "GET /",
          "200 index.html",
          { headers: { etag: /^"[^"]+"$/, "last-modified": /GMT$/ }, source: semantics("8.8") },
        ],
        ["GET /", "304 -", { send: { "if-none-match": "{etag /}" }, headers: { etag: /^"/ } }],
        [
          "GET /page",
          "304 -",
          {
            send: { "if-none-match": "{etag /page}" },
            headers: { "cache-control": /max-age=0/, vary: /accept-encoding/i, date: /GMT$/ },
            source: semantics("15.4.5"),
          },
        ],
        ["HEAD /", "304 -", { send: { "if-none-match": "{etag /}" } }],
        ["GET /", "304 -", { send: { "if-none-match": "W/{etag /}" } }],
        ["GET /", "304 -", { send: { "if-none-match": '"other", {etag /}' } }],
        ["GET /", "304 -", { send: { "if-none-match": '"other",{etag /},"more"' } }],
        ["GET /", "304 -", { send: { "if-none-match": '"with, comma", W/"x", {etag /}' } }],
        ["GET /", "304 -", { send: { "if-none-match": "*" } }],
        ["GET /", "200 index.html", { send: { "if-none-match": '"other"' } }],
        ["GET /", "200 index.html", { send: { "if-none-match": '""' } }],
        ["GET /", "200 index.html", { send: { "if-none-match": "not-quoted" } }],
        ["GET /", "200 index.html", { send: { "if-none-match": "{etag /about}" } }],
        ["GET /about.html", "307 /about", { send: { "if-none-match": "*" }, source: semantics("13.2.1") }],
        ["GET /missing", "404 404.html", { send: { "if-none-match": "*" }, source: semantics("13.2.1") }],
        ["GET /", "304 -", { send: { "if-modified-since": "{date /}" }, source: semantics("13.1.3") }],
        ["HEAD /", "304 -", { send: { "if-modified-since": "{date /}" }, source: semantics("13.1.3") }],
        ["GET /", "304 -", { send: { "if-modified-since": LATE }, source: semantics("13.1.3") }],
        ["GET /", "200 index.html", { send: { "if-modified-since": OLD }, source: semantics("13.1.3") }],
        ["GET /", "200 index.html", { send: { "if-modified-since": "yesterday" }, source: semantics("13.1.3") }],
        [
          "GET /",
          "200 index.html",
          { send: { "if-none-match": '"other"', "if-modified-since": "{date /}" }, source: semantics("13.2.2") },
        ],
        [
          "GET /",
          "304 -",
          { send: { "if-none-match": "{etag /}", "if-modified-since": OLD }, source: semantics("13.2.2") },
        ],
        ["GET /", "200 index.html", { send: { "if-match": "{etag /}" }, source: semantics("13.1.1") }],
        ["GET /", "200 index.html", { send: { "if-match": "*" }, source: semantics("13.1.1") }],
        ["GET /", "200 index.html", { send: { "if-match": '"other", {etag /}' }, source: semantics("13.1.1") }],
        ["GET /", "412", { send: { "if-match": '"other"' }, source: semantics("13.1.1") }],
        ["GET /", "412", { send: { "if-match": "W/{etag /}" }, source: semantics("13.1.1") }],
        ["HEAD /", "412 -", { send: { "if-match": '"other"' }, source: semantics("13.1.1") }],
        ["GET /", "412", { send: { "if-match": '"other"', "if-none-match": "{etag /}" }, source: semantics("13.2.2") }],
        ["GET /", "200 index.html", { send: { "if-unmodified-since": "{date /}" }, source: semantics("13.1.4") }],
        ["GET /", "200 index.html", { send: { "if-unmodified-since": LATE }, source: semantics("13.1.4") }],
        ["GET /", "412", { send: { "if-unmodified-since": OLD }, source: semantics("13.1.4") }],
        ["GET /", "200 index.html", { send: { "if-unmodified-since": "soon" }, source: semantics("13.1.4") }],
        [
          "GET /",
          "200 index.html",
          { send: { "if-match": "{etag /}", "if-unmodified-since": OLD }, source: semantics("13.2.2") },
        ],
        ...[LATE_850, LATE_ASCTIME].flatMap((late): Row[] => [
          ["GET /", "304 -", { send: { "if-modified-since": late }, source: semantics("5.6.7") }],
          ["GET /", "200 index.html", { send: { "if-unmodified-since": late }, source: semantics("5.6.7") }],
        ]),
        ...[OLD_850, OLD_ASCTIME].flatMap((old): Row[] => [
          ["GET /", "200 index.html", { send: { "if-modified-since": old }, source: semantics("5.6.7") }],
          ["GET /", "412", { send: { "if-unmodified-since": old }, source: semantics("5.6.7") }],
        ]),
        ...NO_DATES.map(
          (text): Row => [
            "GET /",
            "200 index.html",
            { send: { "if-modified-since": text }, source: semantics("13.1.3") },
          ],
        ),
        ["GET /", "304 -", { send: { "if-none-match": ", ,{etag /}," }, source: semantics("5.6.1") }],
        ["GET /", "304 -", { send: { "if-match": "{etag /}", "if-none-match": "*" }, source: semantics("13.2.2") }],
        [
          "GET /",
          "304 -",
          {
            send: { "if-none-match": "*" },
            headers: { "content-type": null, "content-length": null, "content-encoding": null },
            source: semantics("15.4.5"),
          },
        ],
        ["GET /missing", "404 404.html", { send: { "if-match": "*" }, source: semantics("13.2.1") }],
        ["GET /missing", "404 404.html", { send: { "if-unmodified-since": OLD }, source: semantics("13.2.1") }],
        ["HEAD /missing", "404 -", { send: { "if-modified-since": LATE }, source: semantics("13.2.1") }],
        ["GET /about.html", "307 /about", { send: { "if-match": '"other"' }, source: semantics("13.2.1") }],
        ["POST /", "405", { send: { "if-none-match": "*", "content-length": "0" }, source: semantics("13.2.1") }],
        [
          "GET /page",
          "200 page.html",
          { send: { ...BR, "if-none-match": "{etag /page}" }, source: semantics("8.8.3.3") },
        ],
        ["GET /page", "304 -", { send: { ...BR, "if-none-match": "{etag br /page}" }, source: semantics("8.8.3.3") }],
        ["GET /page", "200 page.html", { send: { "if-none-match": "{etag br /page}" }, source: semantics("8.8.3.3") }],
      ],
    },
    {
      source: semantics("8.8.3"),
      site: {
        files: [
          "index.html",
          "strong.txt",
          "weak.txt",
          "none.txt",
          ["_headers", '/strong.txt\n  ETag: "own"\n/weak.txt\n  ETag: W/"own"\n/none.txt\n  ! ETag\n'],
        ],
      },
      rows: [
        ["GET /strong.txt", "200 strong.txt", { headers: { etag: '"own"' } }],
        ["GET /strong.txt", "304 -", { send: { "if-none-match": '"own"' }, headers: { etag: '"own"' } }],
        ["GET /strong.txt", "304 -", { send: { ...BR, "if-none-match": '"x", W/"own"' } }],
        ["GET /strong.txt", "200 strong.txt", { send: { "if-none-match": '"x"' } }],
        ["GET /strong.txt", "200 strong.txt", { send: { "if-match": '"own"' } }],
        ["GET /strong.txt", "412", { send: { "if-match": '"x"' } }],
        ["GET /strong.txt", "206 =st", { send: { range: "bytes=0-1", "if-range": '"own"' } }],
        ["GET /weak.txt", "304 -", { send: { "if-none-match": 'W/"own"' }, headers: { etag: 'W/"own"' } }],
        ["GET /weak.txt", "412", { send: { "if-match": 'W/"own"' } }],
        ["GET /weak.txt", "200 weak.txt", { send: { range: "bytes=0-1", "if-range": 'W/"own"' } }],
        ["GET /none.txt", "200 none.txt", { headers: { etag: null } }],
        ["GET /none.txt", "200 none.txt", { send: { "if-none-match": '"x"' } }],
      ],
    },
  ],
};
