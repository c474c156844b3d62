import type { Row, Topic } from "../case.ts";
import { semantics } from "./sources.ts";

const part = (range: string, more: Record<string, string> = {}) => ({ send: { range, ...more } });
const OLD = "Thu, 01 Jan 2015 00:00:00 GMT";

export const ranges: Topic = {
  title: "Ranges",
  groups: [
    {
      source: semantics("14.1.2"),
      site: {
        files: [
          "index.html",
          "404.html",
          ["d.bin", "0123456789"],
          ["empty.bin", ""],
          ["page.html", "<p>The same words.</p>\n".repeat(200)],
        ],
      },
      rows: [
        ["GET /d.bin", "200 d.bin", { headers: { "accept-ranges": "bytes" }, source: semantics("14.3") }],
        [
          "GET /d.bin",
          "206 =01234",
          { ...part("bytes=0-4"), headers: { "content-range": "bytes 0-4/10", "content-length": "5" } },
        ],
        ["GET /d.bin", "206 =0", { ...part("bytes=0-0"), headers: { "content-range": "bytes 0-0/10" } }],
        ["GET /d.bin", "206 =9", { ...part("bytes=9-9"), headers: { "content-range": "bytes 9-9/10" } }],
        ["GET /d.bin", "206 =56789", { ...part("bytes=5-"), headers: { "content-range": "bytes 5-9/10" } }],
        ["GET /d.bin", "206 =789", { ...part("bytes=-3"), headers: { "content-range": "bytes 7-9/10" } }],
        ["GET /d.bin", "206 =0123456789", { ...part("bytes=-99"), headers: { "content-range": "bytes 0-9/10" } }],
        ["GET /d.bin", "206 =0123456789", { ...part("bytes=0-99"), headers: { "content-range": "bytes 0-9/10" } }],
        ["GET /d.bin", "206 =0123456789", { ...part("bytes=0-"), headers: { "content-range": "bytes 0-9/10" } }],
        ["GET /d.bin", "206 =01", { ...part("Bytes=0-1"), source: semantics("14.1") }],
        [
          "GET /d.bin",
          "206 =01",
          {
            ...part("bytes=0-1"),
            headers: { etag: /^"/, "last-modified": /GMT/, date: /GMT/, "cache-control": /./ },
            source: semantics("15.3.7"),
          },
        ],
        [
          "GET /d.bin",
          "416",
          { ...part("bytes=10-"), headers: { "content-range": "bytes */10" }, source: semantics("15.5.17") },
        ],
        [
          "GET /d.bin",
          "416",
          { ...part("bytes=10-20"), headers: { "content-range": "bytes */10" }, source: semantics("15.5.17") },
        ],
        [
          "GET /d.bin",
          "416",
          { ...part("bytes=-0"), headers: { "content-range": "bytes */10" }, source: semantics("14.1.2") },
        ],
        [
          "GET /d.bin",
          "416",
          {
            ...part("bytes=99999999999999999999-"),
            headers: { "content-range": "bytes */10" },
            source: semantics("15.5.17"),
          },
        ],
        ["GET /d.bin", "200|416|400 d.bin", { ...part("bytes=5-2"), source: semantics("14.2") }],
        ["GET /d.bin", "200|416|400 d.bin", { ...part("bytes=a-b"), source: semantics("14.2") }],
        ["GET /d.bin", "200|416|400 d.bin", { ...part("bytes=-"), source: semantics("14.2") }],
        ["GET /d.bin", "200|416|400 d.bin", { ...part("bytes="), source: semantics("14.2") }],
        ["GET /d.bin", "200|416|400 d.bin", { ...part("bytes"), source: semantics("14.2") }],
        ["GET /d.bin", "200|416|400 d.bin", { ...part("bytes=1-2-3"), source: semantics("14.2") }],
        [
          "GET /d.bin",
          "200 d.bin",
          { ...part("items=0-4"), headers: { "content-range": null }, source: semantics("14.2") },
        ],
        [
          "GET /page",
          "206",
          {
            ...part("bytes=0-1,4000-4001"),
            headers: { "content-type": /^multipart\/byteranges; ?boundary=/, "content-range": null },
            source: semantics("14.6"),
          },
        ],
        [
          "GET /page",
          "206",
          {
            ...part("bytes=0-1, -2"),
            headers: { "content-type": /^multipart\/byteranges/ },
            source: semantics("14.6"),
          },
        ],
        [
          "GET /d.bin",
          "206 =01",
          { ...part("bytes=0-1,20-30"), headers: { "content-range": "bytes 0-1/10" }, source: semantics("14.2") },
        ],
        [
          "GET /d.bin",
          "416",
          { ...part("bytes=20-30,40-"), headers: { "content-range": "bytes */10" }, source: semantics("15.5.17") },
        ],
        [
          "GET /d.bin",
          "200|206|416",
          {
            ...part(`bytes=${Array.from({ length: 200 }, () => "0-").join(",")}`),
            headers: { "content-length": /^\d{1,4}$/ },
            source: semantics("17.15"),
          },
        ],
        [
          "HEAD /d.bin",
          "200 -",
          {
            ...part("bytes=0-4"),
            headers: { "content-length": "10", "content-range": null },
            source: semantics("14.2"),
          },
        ],
        ["GET /empty.bin", "200|416 -", { ...part("bytes=0-"), source: semantics("14.1.2") }],
        ["GET /empty.bin", "416|200", { ...part("bytes=-5"), source: semantics("14.1.2") }],
        [
          "GET /d.bin",
          "206 =01",
          { ...part("bytes=0-1", { "if-range": "{etag /d.bin}" }), source: semantics("13.1.5") },
        ],
        ["GET /d.bin", "200 d.bin", { ...part("bytes=0-1", { "if-range": '"other"' }), source: semantics("13.1.5") }],
        [
          "GET /d.bin",
          "200 d.bin",
          { ...part("bytes=0-1", { "if-range": "W/{etag /d.bin}" }), source: semantics("13.1.5") },
        ],
        [
          "GET /d.bin",
          "206 =01",
          { ...part("bytes=0-1", { "if-range": "{date /d.bin}" }), source: semantics("13.1.5") },
        ],
        ["GET /d.bin", "200 d.bin", { ...part("bytes=0-1", { "if-range": OLD }), source: semantics("13.1.5") }],
        ["GET /d.bin", "200 d.bin", { ...part("bytes=20-", { "if-range": '"other"' }), source: semantics("13.1.5") }],
        [
          "GET /d.bin",
          "304 -",
          { ...part("bytes=0-1", { "if-none-match": "{etag /d.bin}" }), source: semantics("13.2.2") },
        ],
        [
          "GET /d.bin",
          "206 =01",
          { ...part("bytes=0-1", { "if-none-match": '"other"' }), source: semantics("13.2.2") },
        ],
        ["GET /d.bin", "412", { ...part("bytes=0-1", { "if-match": '"other"' }), source: semantics("13.2.2") }],
        [
          "GET /d.bin",
          "206 =01",
          { ...part("bytes=0-1", { "if-match": "{etag /d.bin}" }), source: semantics("13.2.2") },
        ],
        ["GET /page", "206 =<p>The", { ...part("bytes=0-5"), headers: { "content-range": "bytes 0-5/4600" } }],
        [
          "GET /page",
          "206 =<p>The",
          {
            ...part("bytes=0-5", { "accept-encoding": "br, gzip" }),
            headers: { "content-encoding": null, "content-range": "bytes 0-5/4600" },
            source: "serving.md",
          },
        ],
        [
          "GET /d.bin",
          "206",
          {
            ...part("bytes=0-1,4-5"),
            headers: { "content-type": /^multipart\/byteranges; boundary=/, "content-range": null },
            source: semantics("15.3.7.2"),
          },
        ],
        [
          "GET /d.bin",
          "206 =012345",
          { ...part("bytes=3-5,0-3"), headers: { "content-range": "bytes 0-5/10" }, source: semantics("15.3.7.2") },
        ],
        ["GET /d.bin", "206 =01", { ...part("bytes= 0-1 ,"), source: semantics("5.6.1") }],
        ["GET /d.bin", "206 =0123456789", { ...part("bytes=0-99999999999999999999"), source: semantics("14.1.2") }],
        ...["bytes=--5", "bytes=+1-5", "bytes=0x1-5", "bytes=0.5-1", "bytes 0-1", "bytes=0-1;q=1", "=0-1"].map(
          (text): Row => ["GET /d.bin", "200|416|400 d.bin", { ...part(text), source: semantics("14.2") }],
        ),
        ["GET /d.bin", "200 d.bin", { send: { "if-range": '"other"' }, source: semantics("13.1.5") }],
        ["GET /d.bin", "416", { ...part("bytes=20-", { "if-range": "{etag /d.bin}" }), source: semantics("13.1.5") }],
        ["GET /d.bin", "200 d.bin", { ...part("bytes=0-1", { "if-range": "*" }), source: semantics("13.1.5") }],
        ["GET /missing", "404 404.html", { ...part("bytes=0-1"), headers: { "content-range": null } }],
        ["GET /page", "304 -", { ...part("bytes=99999-", { "if-none-match": "*" }), source: semantics("13.2.2") }],
        ["GET /index.html", "307 /", { ...part("bytes=0-1"), source: semantics("14.2") }],
        ["POST /d.bin", "405", { ...part("bytes=0-1"), source: semantics("14.2") }],
      ],
    },
  ],
};
