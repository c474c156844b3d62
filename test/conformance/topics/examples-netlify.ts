import type { Refusal, Site, Topic } from "../case.ts";
import { BERTH, NETLIFY_HEADERS, NETLIFY_OPTIONS, NETLIFY_REDIRECTS, NETLIFY_REWRITES } from "./sources.ts";

const site = (lines: string[], more: Site["files"] = []): Site => ({
  files: ["index.html", "other.html", ...more, ["_redirects", `${lines.join("\n")}\n`]],
});
const refusal = (line: number, ...lines: string[]): Refusal => ({
  source: BERTH,
  site: { files: ["index.html", ["netlify.toml", `# one\n\n${lines.join("\n")}\n`]] },
  file: "netlify.toml",
  line,
});
const language = (value: string) => ({ send: { "accept-language": value } });

export const examplesNetlify: Topic = {
  title: "Netlify's examples, and what lies beside them",
  groups: [
    {
      source: NETLIFY_REDIRECTS,
      site: site(
        [
          "# Redirects from what the browser requests to what we serve",
          "/home              /",
          "/blog/my-post.php  /blog/my-post",
          "/news              /blog",
          "/cuties            https://www.petsofnetlify.com",
          "/authors/c%C3%A9line  /authors/about-c%C3%A9line",
          "/ecommerce    /store-closed  404",
          "/gone /other.html 410",
          "/err /other.html 500",
        ],
        ["store-closed.html"],
      ),
      rows: [
        ["GET /home?a=1", "301 /?a=1"],
        ["GET /home/", "301 /"],
        ["GET /blog/my-post.php", "301 /blog/my-post"],
        ["GET /news", "301 /blog"],
        ["GET /news/x", "404"],
        ["GET /cuties", "301 https://www.petsofnetlify.com"],
        ["GET /authors/c%C3%A9line", "301 /authors/about-c%C3%A9line"],
        ["HEAD /ecommerce", "404 -"],
        ["GET /gone", "410 other.html"],
        ["GET /err", "500 other.html"],
      ],
    },
    {
      source: NETLIFY_OPTIONS,
      site: site(
        ["/en/* /en/404.html 404", "/de/* /de/404.html 404"],
        ["404.html", "en/404.html", "de/404.html", "de/page.html"],
      ),
      rows: [
        ["GET /en/nope", "404 en/404.html"],
        ["GET /en", "404 en/404.html"],
        ["GET /de/a/b", "404 de/404.html"],
        ["GET /de/page", "200 de/page.html"],
        ["GET /fr/x", "404 404.html"],
      ],
    },
    {
      source: NETLIFY_OPTIONS,
      site: site([
        "/news/:month/:date/:year/:slug  /blog/:year/:month/:date/:slug",
        "/news/*  /stories/:splat",
        "/articles/:id /posts/:id.html",
        "/u/:name/* /users/:name/files/:splat",
        "/out/*  https://example.com/x/:splat?from=:splat",
        "/files/* /download?file=:splat 302",
      ]),
      rows: [
        ["GET /news/02/12/2004/my-story", "301 /blog/2004/02/12/my-story"],
        ["GET /news/02/12/2004/my-story/", "301 /blog/2004/02/12/my-story"],
        ["GET /news/02/12/2004", "301 /stories/02/12/2004"],
        ["GET /news/a/?q=%20c", "301 /stories/a/?q=%20c"],
        ["GET /news", "301 /stories/"],
        ["GET /articles/a.txt?x=1", "301 /posts/a.txt.html?x=1"],
        ["GET /u/bob/a/b", "301 /users/bob/files/a/b"],
        ["GET /u/bob", "301 /users/bob/files/"],
        ["GET /out/b/c", "301 https://example.com/x/b/c?from=b%2Fc"],
        ["GET /files/a%20b", "302 /download?file=a%20b"],
      ],
    },
    {
      source: NETLIFY_OPTIONS,
      site: site([
        "/store id=:id  /blog/:id  301",
        "/articles id=:id tag=:tag /posts/:tag/:id 301",
        "/path/* param1=:value1 /otherpath/:value1/:splat 301",
        "/path/* param2=:value2 /otherpath/:value2/:splat 301",
        "/path/* param1=:value1 param2=:value2 /otherpath/:value1/:value2/:splat 301",
        "/path/* /otherpath/:splat 301",
        "/kind a=1 /one 302",
        "/kind a=2 /two 302",
        "/to v=:v /x?w=:v 302",
      ]),
      rows: [
        ["GET /store/?id=1", "301 /blog/1"],
        ["GET /store?id=1&page=2", "404"],
        ["GET /articles?id=1&tag=t&x=1", "404"],
        ["GET /articles?tag=t", "404"],
        ["GET /path/z?param1=a", "301 /otherpath/a/z"],
        ["GET /path/z?param2=b", "301 /otherpath/b/z"],
        ["GET /path/z?param1=a&param2=b", "301 /otherpath/a/b/z"],
        ["GET /path/z?param2=b&param1=a", "301 /otherpath/a/b/z"],
        ["GET /path/z", "301 /otherpath/z"],
        ["GET /path/z?other=1", "301 /otherpath/z?other=1"],
        ["GET /path/z?param1=a&other=1", "301 /otherpath/z?param1=a&other=1"],
        ["GET /kind?a=2", "302 /two"],
        ["GET /kind?a=3", "404"],
        ["GET /to?v=a%26b", "302 /x?w=a%26b"],
      ],
    },
    {
      source: NETLIFY_OPTIONS,
      site: site([
        "/blog/title-with-typo    /blog/typo-free-title",
        "/blog/title2-with-typo/   /blog/typo-free-title",
        "/blog/remove-my-slashes/   /blog/remove-my-slashes  301!",
      ]),
      rows: [
        ["GET /blog/title-with-typo/", "301 /blog/typo-free-title"],
        ["GET /blog/title2-with-typo", "301 /blog/typo-free-title"],
        ["GET /blog/remove-my-slashes", "404"],
        ["GET /blog/remove-my-slashes/", "404"],
      ],
    },
    {
      source: NETLIFY_REWRITES,
      site: site(
        [
          "/best-pets/dogs /best-pets/cats.html 200!",
          "/app/* /app/index.html 200",
          "/x/* /other 200",
          "/other /elsewhere 301",
          "/nothing /not-there 200",
        ],
        ["best-pets/dogs.html", "best-pets/cats.html", "app/index.html", "app/main.js", "x/index.html", "x/real.txt"],
      ),
      rows: [
        ["GET /best-pets/dogs", "200 best-pets/cats.html"],
        ["GET /app/a/b", "200 app/index.html"],
        ["GET /app/main.js", "200 app/main.js"],
        ["GET /x/", "200 x/index.html"],
        ["GET /x/real.txt", "200 x/real.txt"],
        ["GET /x/nope", "200 other.html"],
        ["GET /other", "200 other.html"],
        ["GET /nothing", "404"],
      ],
    },
    {
      source: NETLIFY_OPTIONS,
      site: site(
        [
          "/fr/* 200! Cookie=member",
          "/fr/* /other 401!",
          "/multi /m 302 Language=fr,es-MX",
          "/* /l/:splat 302 Cookie=a,b",
        ],
        ["fr/page.html"],
      ),
      rows: [
        ["GET /fr/page", "200 fr/page.html", { send: { cookie: "member=1" } }],
        ["GET /fr/page", "401 other.html"],
        ["GET /multi", "302 /m", language("es-mx")],
        ["GET /multi", "302 /m", language("en;q=0.2,fr-CA;q=0.9")],
        ["GET /multi", "404", language("es")],
        ["GET /multi", "302 /m", { send: { cookie: "nf_lang=fr", "accept-language": "de" } }],
        ["GET /x/y", "302 /l/x/y", { send: { cookie: "b=" } }],
        ["GET /other", "200 other.html", { send: { cookie: "a=1" } }],
      ],
    },
    {
      source: NETLIFY_HEADERS,
      site: {
        files: [
          ...["index.html", "img/x.png", "deep/img/y.png", "tpl/one/tickets.html"],
          [
            "netlify.toml",
            '[[headers]]\nfor = "/*/img/*"\n[headers.values]\nX-Deep = "yes"\n' +
              '[[headers]]\nfor = "/img/*.png"\n[headers.values]\nX-Img = "png"\n' +
              '[[headers]]\nfor = "/tpl/:one/tickets"\n[headers.values]\nX-Of = ":one"\n' +
              '[[headers]]\nfor = "/"\n[headers.values]\nLink = ["</a.css>; rel=preload", "</b.css>; rel=preload"]\n',
          ],
        ],
      },
      rows: [
        ["GET /img/x.png", "200 img/x.png", { headers: { "x-img": "png", "x-deep": "yes" } }],
        ["GET /deep/img/y.png", "200 deep/img/y.png", { headers: { "x-deep": "yes", "x-img": null } }],
        ["GET /tpl/one/tickets", "200 tpl/one/tickets.html", { headers: { "x-of": "one" } }],
        ["GET /", "200 index.html", { headers: { link: "</a.css>; rel=preload, </b.css>; rel=preload" } }],
      ],
    },
  ],
  refusals: [
    refusal(3, '[[redirects]]\nfrom = "/a"\nto = "/b"\nforce = "yes"'),
    refusal(3, '[[redirects]]\nfrom = "/a"\nto = "https://example.com"\nstatus = 200\nsigned = "KEY"'),
    refusal(3, '[[redirects]]\nfrom = "/a"\nto = "/b"\nrate_limit = {x = 1}'),
    refusal(3, '[[redirects]]\nfrom = "/a"\nto = "/.netlify/functions/x"\nstatus = 200'),
    refusal(3, '[redirects]\nfrom = "/a"\nto = "/b"'),
    refusal(3, '[[headers]]\nfor = "/a"\n[headers.values]\nBasic-Auth = "a:b"'),
    refusal(6, '[[redirects]]\nfrom = "/a"\nto = "/b"\n[[redirects]\nfrom = "/c"'),
    { source: NETLIFY_OPTIONS, site: site(["/admin/* 200! Role=admin"]), file: "_redirects", line: 1 },
  ],
};
