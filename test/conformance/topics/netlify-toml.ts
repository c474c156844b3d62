import type { Refusal, Site, Topic } from "../case.ts";
import { BERTH, NETLIFY_HEADERS, NETLIFY_OPTIONS, NETLIFY_REDIRECTS, NETLIFY_TOML } from "./sources.ts";

const PAGES = ["index.html", "404.html", "about.html", "covered.html", "shadow.html", "de/index.html"];
const site = (text: string, more: Site["files"] = []): Site => ({ files: [...PAGES, ["netlify.toml", text], ...more] });
const refusal = (text: string, line?: number): Refusal => ({
  source: BERTH,
  site: site(text),
  file: "netlify.toml",
  ...(line !== undefined && { line }),
});

export const netlifyToml: Topic = {
  title: "`netlify.toml`",
  groups: [
    {
      source: NETLIFY_TOML,
      site: site(`
[[redirects]]
  from = "/old-path"
  to = "/new-path"
  status = 302
  force = false
[[redirects]]
  from = "/no-status"
  to = "/about"
[[redirects]]
  from = "/blog/:slug"
  to = "/posts/:slug"
  status = 301
[[redirects]]
  from = "/docs/*"
  to = "https://docs.example.com/:splat"
[[redirects]]
  from = "/rewritten"
  to = "/about.html"
  status = 200
[[redirects]]
  from = "/gone"
  to = "/shadow.html"
  status = 404
[[redirects]]
  from = "/covered"
  to = "/about"
  status = 301
  force = true
[[redirects]]
  from = "/shadow"
  to = "/about"
  status = 301
[[redirects]]
  from = "/articles"
  to = "/posts/:tag/:id"
  status = 301
  query = {id = ":id", tag = ":tag"}
[[redirects]]
  from = "/"
  to = "/de/"
  status = 302
  force = true
  conditions = {Language = ["de", "at"]}
[[redirects]]
  from = "/try"
  to = "/about.html"
  status = 200
  conditions = {Cookie = ["beta"]}
[[headers]]
  for = "/*"
  [headers.values]
    X-Frame-Options = "DENY"
    X-XSS-Protection = "1; mode=block"
[[headers]]
  for = "/about"
  [headers.values]
    X-Page = "about"
    cache-control = '''
    max-age=0,
    no-cache,
    no-store,
    must-revalidate'''
`),
      rows: [
        ["GET /old-path", "302 /new-path"],
        ["GET /old-path/", "302 /new-path", { source: BERTH }],
        ["GET /old-path?a=1", "302 /new-path?a=1", { source: NETLIFY_OPTIONS }],
        ["GET /no-status", "301 /about"],
        ["GET /blog/hello", "301 /posts/hello"],
        ["GET /blog/a/b", "404 404.html"],
        ["GET /docs/a/b", "301 https://docs.example.com/a/b"],
        ["GET /rewritten", "200 about.html"],
        ["GET /gone", "404 shadow.html"],
        ["GET /covered", "301 /about"],
        ["GET /shadow", "200 shadow.html"],
        ["GET /articles?id=1&tag=x", "301 /posts/x/1", { source: NETLIFY_OPTIONS }],
        ["GET /articles?tag=x&id=1", "301 /posts/x/1", { source: NETLIFY_OPTIONS }],
        ["GET /articles?id=1", "404 404.html", { source: NETLIFY_OPTIONS }],
        ["GET /", "302 /de/", { send: { "accept-language": "de-AT" }, source: NETLIFY_OPTIONS }],
        ["GET /", "200 index.html", { send: { "accept-language": "en" }, source: NETLIFY_OPTIONS }],
        ["GET /try", "200 about.html", { send: { cookie: "beta=1" }, source: NETLIFY_OPTIONS }],
        ["GET /try", "404 404.html", { source: NETLIFY_OPTIONS }],
        [
          "GET /shadow",
          "200 shadow.html",
          {
            headers: { "x-frame-options": "DENY", "x-xss-protection": "1; mode=block", "x-page": null },
            source: NETLIFY_HEADERS,
          },
        ],
        [
          "GET /about",
          "200 about.html",
          {
            headers: {
              "x-page": "about",
              "x-frame-options": "DENY",
              "cache-control": /^max-age=0, ?\s*no-cache, ?\s*no-store, ?\s*must-revalidate$/,
            },
            source: NETLIFY_HEADERS,
          },
        ],
      ],
    },
    {
      source: NETLIFY_REDIRECTS,
      site: site(
        '[[redirects]]\nfrom = "/x"\nto = "/from-toml"\nstatus = 302\n[[redirects]]\nfrom = "/y"\nto = "/from-toml"\n',
        [["_redirects", "/x /from-file 302\n"]],
      ),
      rows: [
        ["GET /x", "302 /from-file"],
        ["GET /y", "301 /from-toml"],
      ],
    },
    {
      source: NETLIFY_OPTIONS,
      site: site('[build]\npublish = "."\n', [["_redirects", "/a /b\n/home / \n"]]),
      rows: [
        ["GET /a", "301 /b"],
        ["GET /home", "301 /"],
      ],
    },
  ],
  refusals: [
    refusal('[[redirects]]\nfrom = "/a"\n'),
    refusal('[[redirects]]\nto = "/a"\n'),
    refusal('[[redirects]]\nfrom = "/a"\nto = "/b"\nstatus = 999\n'),
    refusal('[[redirects]]\nfrom = "/a"\nto = "/b"\nconditions = {Country = ["de"]}\n'),
    refusal('[[redirects]]\nfrom = "/a"\nto = "/b"\nconditions = {Role = ["admin"]}\n'),
    refusal('[[headers]]\n[headers.values]\nX-A = "b"\n'),
    refusal('[[headers]]\nfor = "/*"\n[headers.values]\n"X A" = "b"\n'),
    refusal('[[redirects]]\nfrom = "/a\n'),
  ],
};
