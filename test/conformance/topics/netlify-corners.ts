import type { Refusal, Site, Topic } from "../case.ts";
import { BERTH, NETLIFY_HEADERS, NETLIFY_OPTIONS, NETLIFY_REWRITES, NETLIFY_TOML } from "./sources.ts";

/** The grammar as Netlify's own reader has it. */
const PARSER = "https://github.com/netlify/build/tree/main/packages/redirect-parser";
/** Netlify's own matcher. */
const ENGINE = "https://www.npmjs.com/package/netlify-redirector";
const PAGES = ["index.html", "404.html", "about.html", "docs/index.html", "docs/a.html", "style.css"];
const site = (lines: string[], more: Site["files"] = []): Site => ({
  files: [...PAGES, ...more, ["_redirects", `${lines.join("\n")}\n`]],
});
const toml = (text: string, more: Site["files"] = []): Site => ({ files: [...PAGES, ...more, ["netlify.toml", text]] });
const refusal = (line: number, ...lines: string[]): Refusal => ({
  source: BERTH,
  site: site(lines),
  file: "_redirects",
  line,
});
const language = (value: string) => ({ send: { "accept-language": value } });
const cookie = (value: string) => ({ send: { cookie: value } });

export const netlifyCorners: Topic = {
  title: "Corners of Netlify's rules",
  groups: [
    {
      source: NETLIFY_OPTIONS,
      site: site([
        "/gone /missing 410",
        "/old/* /nowhere/:splat 410",
        "/shut /missing 503",
        "/secret /missing 403",
        "/lost /missing 404",
        "/shown /missing 200",
        "/about /missing 410!",
        "/docs/* /missing 451",
        "/closed /about.html 503",
        "/img/* /missing 410",
      ]),
      rows: [
        ["GET /gone", "410 404.html", { headers: { "cache-control": "no-store" } }],
        ["HEAD /gone", "410 -"],
        ["GET /gone/", "410 404.html"],
        ["GET /gone?x=1", "410 404.html"],
        ["GET /old/a/b", "410 404.html"],
        ["GET /old", "410 404.html"],
        ["GET /shut", "503 404.html"],
        ["GET /secret", "403 404.html"],
        ["GET /lost", "404 404.html"],
        ["GET /shown", "404 404.html"],
        ["GET /about", "410 404.html"],
        ["GET /docs/a", "200 docs/a.html"],
        ["GET /docs/zzz", "451 404.html"],
        ["GET /closed", "503 about.html", { headers: { "cache-control": "no-store", etag: null } }],
        ["GET /closed", "503 about.html", { send: { "if-none-match": "*" } }],
        ["GET /closed", "503 about.html", { send: { range: "bytes=0-1" }, headers: { "content-range": null } }],
        ["POST /gone", "405", { send: { "content-length": "0" }, source: BERTH }],
        ["GET /img/logo.png", "410 404.html"],
      ],
    },
    {
      source: NETLIFY_OPTIONS,
      site: {
        files: [
          "index.html",
          "about.html",
          ["_redirects", "/gone /missing 410\n/teapot /missing 418\n/down /missing 503\n"],
        ],
      },
      rows: [
        ["GET /gone", "410", { headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" } }],
        ["HEAD /gone", "410 -", { headers: { "content-length": /^[1-9]\d+$/ } }],
        [
          "GET /gone",
          "410",
          { send: { accept: "application/json" }, headers: { "content-type": "application/json; charset=utf-8" } },
        ],
        ["GET /teapot", "418"],
        ["GET /down", "503", { headers: { "cache-control": "no-store" } }],
        ["GET /nothing", "404"],
      ],
    },
    {
      source: NETLIFY_OPTIONS,
      site: {
        files: ["index.html", "app.js", ["_redirects", "/gone /missing 410\n/lost /missing 404\n"]],
        settings: { not_found_handling: "single-page-application" },
      },
      rows: [
        ["GET /gone", "410", { send: { "sec-fetch-mode": "navigate" } }],
        ["GET /lost", "404", { send: { "sec-fetch-mode": "navigate" } }],
        ["GET /other", "200 index.html", { send: { "sec-fetch-mode": "navigate" } }],
      ],
    },
    {
      source: PARSER,
      site: site([
        "/ page=news /news",
        "/blog post=:post_id /blog/:post_id",
        "/x _escaped_fragment_=/about /about",
        "/blog/my-post-ads.php /blog/my-post#ads",
        "/donate source=:source email=:email /donate/usa?source=:source&email=:email 302",
        "  /home   /    ",
        "/lang /de 302 language=de",
        "/lang2 /de 302 LANGUAGE=de",
        "/both /b 302 Language=de Cookie=c",
        "/spaced   \t  /tab\t\t302",
      ]),
      rows: [
        ["GET /?page=news", "200 index.html", { source: BERTH }],
        ["GET /blog?post=5", "301 /blog/5"],
        ["GET /blog?post=a-b_c", "301 /blog/a-b_c"],
        ["GET /x?_escaped_fragment_=/about", "301 /about"],
        ["GET /x?_escaped_fragment_=%2Fabout", "301 /about"],
        ["GET /blog/my-post-ads.php", "301 /blog/my-post#ads"],
        ["GET /blog/my-post-ads.php?a=1", "301 /blog/my-post?a=1#ads"],
        [
          "GET /donate?source=a&email=b@c.example",
          "302",
          { headers: { location: /^\/donate\/usa\?source=a&email=b(?:@|%40)c\.example$/ } },
        ],
        ["GET /donate?source=a", "404 404.html"],
        ["GET /home", "301 /"],
        ["GET /lang", "302 /de", language("de")],
        ["GET /lang2", "302 /de", { ...language("de"), source: BERTH }],
        ["GET /both", "302 /b", { send: { "accept-language": "de", cookie: "c=1" } }],
        ["GET /both", "404 404.html", language("de")],
        ["GET /both", "404 404.html", cookie("c=1")],
        ["GET /spaced", "302 /tab"],
      ],
    },
    {
      source: NETLIFY_OPTIONS,
      site: site([
        "/l /anything 302 Language=en-GB",
        "/l /english 302 Language=en",
        "/c /chosen 302 Cookie=session",
        "/q a=1 b=2 /both 302",
        "/q a=1 /one 302",
        "/q a= /empty 302",
        "/q /none 302",
        "/v id=:id /p/:id 302",
        "/space term=a%20b /found 302",
        "/plus term=:t /s/:t 302",
      ]),
      rows: [
        ["GET /l", "302 /anything", language("en-GB,en;q=0.9")],
        ["GET /l", "302 /anything", language("EN-gb")],
        ["GET /l", "302 /english", language("en")],
        ["GET /l", "302 /english", language("en-US,en-GB;q=0.9")],
        ["GET /l", "404 404.html", language("*")],
        ["GET /l", "404 404.html", language("en;q=0, fr")],
        ["GET /l", "404 404.html", language("fr, en;q=0.9")],
        ["GET /l", "404 404.html", language("")],
        ["GET /l", "404 404.html", language("english")],
        ["GET /c", "302 /chosen", cookie("session=")],
        ["GET /c", "302 /chosen", cookie("a=1; session=2; b=3")],
        ["GET /c", "404 404.html", cookie("Session=1")],
        ["GET /c", "404 404.html", cookie("xsession=1")],
        ["GET /c", "404 404.html", cookie("a=session")],
        ["GET /q?b=2&a=1", "302 /both"],
        ["GET /q?a=1", "302 /one"],
        ["GET /q?a=", "302 /empty"],
        ["GET /q", "302 /none"],
        ["GET /q?a=2", "302 /none?a=2"],
        ["GET /q?A=1", "302 /none?A=1"],
        ["GET /q/?a=1", "302 /one"],
        ["GET /v?id=a%20b", "302 /p/a%20b"],
        ["GET /v?id=%3F", "302 /p/%3F"],
        ["GET /v?id=a%23b", "302 /p/a%23b"],
        [
          "GET /v?id=%0d%0aSet-Cookie:x",
          "302",
          { headers: { "set-cookie": null, location: /^\/p\/%0D%0A/i }, source: BERTH },
        ],
        ["GET /v?id=..%2F..%2Fx", "404 404.html", { source: BERTH }],
        ["GET /space?term=a+b", "302 /found"],
        ["GET /space?term=a%20b", "302 /found"],
        ["GET /plus?term=a%2Bb", "302", { headers: { location: /^\/s\/a(?:\+|%2B)b$/ } }],
      ],
    },
    {
      source: NETLIFY_OPTIONS,
      site: site([
        "/s/* https://example.com/:splat",
        "/e https://example.com:8443/x?y=1#z",
        "/root https://example.com",
        "/idn https://bücher.example/ä",
        "/twice/:a /x/:a/:a",
        "/p/:a/:ab /q/:ab/:a",
        "/colon /wiki/Talk:Main",
        "/enc /caf%C3%A9",
        "/uml /café",
        "/pct /100%",
        "/sub/* /new/:splat.html",
        "/docs/old /docs/a 302",
        "/docs /elsewhere 302",
        "/style.css /new.css 302",
        "/index.html /home 302",
        "/forced/* /f/:splat 302!",
      ]),
      rows: [
        ["GET /s/a/b/", "301 https://example.com/a/b/"],
        ["GET /s/", "301 https://example.com/"],
        ["GET /s/a%3Fb", "301 https://example.com/a%3Fb"],
        ["GET /s/a%23b", "301 https://example.com/a%23b"],
        ["GET /s/a%25b", "301 https://example.com/a%25b"],
        ["GET /s/%C3%A9", "301 https://example.com/%C3%A9"],
        ["GET /s/a+b", "301 https://example.com/a+b"],
        ["GET /s/a;b=c,d", "301 https://example.com/a;b=c,d"],
        ["GET /s/@evil.example", "301 https://example.com/@evil.example", { source: BERTH }],
        ["GET /s/a?next=//x", "301 https://example.com/a?next=//x"],
        ["GET /e?q=1", "301 https://example.com:8443/x?y=1#z"],
        ["GET /root?q=1", "301", { headers: { location: /^https:\/\/example\.com\/?\?q=1$/ } }],
        ["GET /idn", "301", { headers: { location: /^https:\/\/(?:xn--bcher-kva|b%C3%BCcher)\.example\/%C3%A4$/ } }],
        ["GET /twice/z", "301 /x/z/z"],
        ["GET /p/1/2", "301 /q/2/1"],
        ["GET /colon", "301 /wiki/Talk:Main"],
        ["GET /enc", "301 /caf%C3%A9"],
        ["GET /uml", "301 /caf%C3%A9"],
        ["GET /pct", "301 /100%25"],
        ["GET /sub/a/b", "301 /new/a/b.html"],
        ["GET /docs/old", "302 /docs/a"],
        ["GET /docs", "307 /docs/", { source: BERTH }],
        ["GET /style.css", "200 style.css"],
        ["GET /index.html", "307 /", { source: BERTH }],
        ["GET /forced/x?a=%2f", "302 /f/x?a=%2f"],
      ],
    },
    {
      source: ENGINE,
      site: site(["/a/*/b /x/:splat 302", "/*/c /y/:splat 302"]),
      rows: [
        ["GET /a/b", "302 /x/"],
        ["GET /a/1/b", "302 /x/1"],
        ["GET /a/1/2/b", "302 /x/1/2"],
        ["GET /a/1/b/", "302 /x/1"],
        ["GET /a/b/b", "302 /x/b"],
        ["GET /ab", "404 404.html"],
        ["GET /a/xb", "404 404.html"],
        ["GET /c", "302 /y/"],
        ["GET /1/2/c", "302 /y/1/2"],
        ["GET /xc", "404 404.html"],
      ],
    },
    {
      source: NETLIFY_REWRITES,
      site: site(
        [
          "/app/* /index.html 200",
          "/products/:id /product.html 200",
          "/img/* /assets/:splat 200",
          "/about /docs/a 200!",
          "/lib/latest/* /lib/v2/:splat 200",
          "/pretty /about 200",
          "/dir /docs 200",
          "/q /about?x=1 200",
          "/* /404.html 404",
        ],
        ["product.html", "assets/logo.png", "lib/v2/a.js", "404.html"],
      ),
      rows: [
        ["GET /app/a/b", "200 index.html"],
        ["GET /app/a.js", "200 index.html"],
        ["HEAD /app/a", "200 -"],
        ["GET /app/a", "304 -", { send: { "if-none-match": "{etag /app/a}" } }],
        ["GET /app/a", "206 =in", { send: { range: "bytes=0-1" } }],
        ["GET /app/a", "200 index.html", { headers: { location: null, "content-type": "text/html; charset=utf-8" } }],
        ["GET /products/1", "200 product.html"],
        ["GET /products/1/2", "404 404.html"],
        ["GET /img/logo.png", "200 assets/logo.png", { headers: { "content-type": "image/png" } }],
        ["GET /img/none.png", "404 404.html"],
        ["GET /about", "200 docs/a.html"],
        ["GET /lib/latest/a.js", "200 lib/v2/a.js", { headers: { "content-type": "text/javascript; charset=utf-8" } }],
        ["GET /pretty", "200 about.html"],
        ["GET /dir", "200 docs/index.html"],
        ["GET /q", "200 about.html"],
        ["GET /zzz", "404 404.html"],
      ],
    },
    {
      source: NETLIFY_OPTIONS,
      site: site(["/* https://example.com/:splat 301!"]),
      rows: [
        ["GET /", "301 https://example.com/"],
        ["GET /about?x=1", "301 https://example.com/about?x=1"],
        ["GET /style.css", "301 https://example.com/style.css"],
        ["GET /a%20b", "301 https://example.com/a%20b"],
        ["GET /a/../b", "301 https://example.com/b", { source: BERTH }],
      ],
    },
    {
      source: NETLIFY_OPTIONS,
      site: site(["/:lang/:page/:rest /r/:rest/:page/:lang 302", "/:one /s/:one 302", "/*.php /php/:splat 302"]),
      rows: [
        ["GET /a/b/c", "302 /r/c/b/a"],
        ["GET /a/b/c/", "302 /r/c/b/a"],
        ["GET /zzz", "302 /s/zzz"],
        ["GET /about", "200 about.html"],
        ["GET /a/x.php", "302 /php/a/x"],
        ["GET /a/b", "404 404.html"],
      ],
    },
    {
      source: NETLIFY_TOML,
      site: toml(
        `
[[redirects]]
from = " /lead "
to = " /trail "
status = "302"
[[redirects]]
from = "/sub"
to = "/got/:id"
[redirects.query]
id = ":id"
[[redirects]]
from = "/cond"
to = "/german"
status = 302
[redirects.conditions]
Language = "de,at"
[[redirects]]
from = "/two"
to = "/couple"
status = 302
conditions = {Language = ["de"], Cookie = ["a", "b"]}
[[redirects]]
origin = "/older"
destination = "/newer"
params = {path = ":path"}
[[redirects]]
from = "/here/*"
status = 200
[[redirects]]
from = "/gone"
to = "/nothing"
status = 410
[[redirects]]
from = "/inline" # a comment
to = "/with#hash" # another
[[redirects]]
from = "/num"
to = "/n"
query = {n = 5}
[[redirects]]
from = "/*"
to = "/about.html"
status = 200
conditions = {Cookie = ["about"]}
`,
        ["here/x.html"],
      ),
      rows: [
        ["GET /lead", "302 /trail", { source: PARSER }],
        ["GET /sub?id=3", "301 /got/3"],
        ["GET /sub", "404 404.html"],
        ["GET /cond", "302 /german", language("at")],
        ["GET /cond", "404 404.html", language("en")],
        ["GET /two", "302 /couple", { send: { "accept-language": "de", cookie: "b=1" } }],
        ["GET /two", "404 404.html", { send: { "accept-language": "de", cookie: "c=1" } }],
        ["GET /older?path=a", "301 /newer", { source: PARSER }],
        ["GET /older", "404 404.html", { source: PARSER }],
        ["GET /here/x", "200 here/x.html"],
        ["GET /gone", "410 404.html"],
        ["GET /inline", "301 /with#hash"],
        ["GET /num?n=5", "301 /n"],
        ["GET /zzz", "200 about.html", cookie("about=1")],
        ["GET /zzz", "404 404.html"],
        ["GET /style.css", "200 style.css", cookie("about=1")],
      ],
    },
    {
      source: NETLIFY_HEADERS,
      site: toml(
        `
[[headers]]
for = "/docs/*"
[headers.values]
X-Docs = "1"
X-Twice = "a"
[[headers]]
for = "/docs/:page"
[headers.values]
x-twice = "b"
X-Page = "is :page"
[[headers]]
for = "/*.css"
[headers.values]
Cache-Control = "public, max-age=60"
Access-Control-Allow-Origin = "*"
[[headers]]
for = "*.css"
[headers.values]
X-Bare = "1"
[[headers]]
for = "/about/"
[headers.values]
X-Slash = "any"
X-Number = 5
X-Bool = true
`,
        [["_headers", "/docs/*\n  X-File: 1\n"]],
      ),
      rows: [
        [
          "GET /docs/a",
          "200 docs/a.html",
          { headers: { "x-docs": "1", "x-twice": "a, b", "x-page": "is a", "x-file": "1" } },
        ],
        ["GET /docs/", "200 docs/index.html", { headers: { "x-docs": "1", "x-page": null, "x-file": "1" } }],
        [
          "GET /style.css",
          "200 style.css",
          { headers: { "cache-control": "public, max-age=60", "access-control-allow-origin": "*", "x-bare": "1" } },
        ],
        [
          "GET /about",
          "200 about.html",
          { headers: { "x-slash": "any", "x-number": "5", "x-bool": "true" }, source: BERTH },
        ],
        ["GET /", "200 index.html", { headers: { "x-docs": null, "x-slash": null } }],
        ["GET /docs", "307 /docs/", { headers: { "x-docs": null }, source: BERTH }],
      ],
    },
  ],
  refusals: [
    { source: BERTH, site: toml('# one\n[[Redirects]]\nfrom = "/a"\nto = "/b"\n'), file: "netlify.toml", line: 2 },
    {
      source: BERTH,
      site: toml('# one\n[[header]]\nfor = "/a"\n[header.values]\nX = "1"\n'),
      file: "netlify.toml",
      line: 2,
    },
    refusal(1, "/a/*/b /a/:splat/b 301"),
    refusal(1, "/x /y Language=de"),
    refusal(1, "/api/* https://api.example.com/:splat 200! Signed=API_KEY"),
    refusal(1, "/api/* https://api.example.com/:splat 200! Sign=API_KEY"),
    refusal(1, "/fn/* /.netlify/functions/:splat 200"),
    refusal(1, "/x http://[bad/ 301"),
    refusal(1, "/x id=1"),
    refusal(1, "/x /y 99"),
    refusal(1, "/x /y 301 Language="),
    refusal(1, "/x /y 301 country=us"),
    {
      source: NETLIFY_HEADERS,
      site: { files: ["index.html", ["_headers", "/x\n  Basic-Auth: a:b\n"]] },
      file: "_headers",
      line: 2,
    },
    ...[
      "Accept-Ranges: none",
      "Age: 5",
      "Allow: GET",
      "Alt-Svc: x",
      "Connection: close",
      "Content-Range: bytes 0-1/2",
      "Location: /y",
      "Server: x",
      "Trailer: X",
      "Upgrade: h2c",
    ].map(
      (line): Refusal => ({
        source: NETLIFY_HEADERS,
        site: { files: ["index.html", ["_headers", `/x\n  X-Fine: 1\n  ${line}\n`]] },
        file: "_headers",
        line: 3,
      }),
    ),
  ],
};
