import type { Refusal, Site, Topic } from "../case.ts";
import { BERTH, CF_REDIRECTS } from "./sources.ts";

const PAGES = ["index.html", "404.html", "about.html", "users/id.html", "page2.html"];
const WRANGLER = ["wrangler.toml", 'name = "site"\n[assets]\ndirectory = "."\n'] as const;
const site = (lines: string[], more: Site["files"] = []): Site => ({
  files: [...PAGES, ["_redirects", lines.join("\n")], ...more],
});
const refusal = (line: number, ...lines: string[]): Refusal => ({
  source: BERTH,
  site: site(lines),
  file: "_redirects",
  line,
});

export const redirectsCloudflare: Topic = {
  title: "`_redirects` as Cloudflare has it",
  groups: [
    {
      source: CF_REDIRECTS,
      site: site([
        "/home301 / 301",
        "/home302 / 302",
        "/querystrings /?query=string 301",
        "/twitch https://twitch.tv 302",
        "/notrailing/ /nottrailing 301",
        "/page/ /page2/#fragment 301",
        "/blog/* https://blog.my.domain/:splat 302",
        "/products/:code/:name /products?code=:code&name=:name 302",
        "/users/:id /users/id.html 200",
        "/under/:a_b1 /got/:a_b1 302",
        "/encoded/* /got/:splat 302",
        "/a-fragment /about#x # and a comment",
      ]),
      rows: [
        ["GET /home301", "301 /"],
        ["GET /home302", "302 /"],
        ["GET /home301?a=1", "301 /?a=1"],
        ["GET /querystrings", "301 /?query=string"],
        ["GET /twitch", "302", { headers: { location: /^https:\/\/twitch\.tv\/?$/ } }],
        ["GET /notrailing/", "301 /nottrailing"],
        ["GET /page/", "301 /page2/#fragment"],
        ["GET /page/?x=1", "301 /page2/?x=1#fragment"],
        ["GET /blog/2021/hello", "302 https://blog.my.domain/2021/hello"],
        ["GET /blog/a?x=1", "302 https://blog.my.domain/a?x=1"],
        ["GET /products/1/shoe", "302 /products?code=1&name=shoe"],
        ["GET /products/1", "404 404.html"],
        ["GET /users/12345", "200 users/id.html"],
        ["GET /users/12345/x", "404 404.html"],
        ["GET /under/x", "302 /got/x"],
        ["GET /encoded/%C3%BC", "302 /got/%C3%BC"],
        ["GET /encoded/a%20b", "302 /got/a%20b"],
        ["GET /a-fragment", "301|302 /about#x"],
      ],
    },
    {
      source: CF_REDIRECTS,
      site: site(["/twitch https://twitch.tv/x", "/a /b"], [WRANGLER]),
      rows: [
        ["GET /twitch", "302 https://twitch.tv/x"],
        ["GET /a", "302 /b"],
      ],
    },
    {
      source: CF_REDIRECTS,
      site: site(["/x/* /y/:splat 301", "/x/special /z 301", "/static /one 302"]),
      rows: [
        ["GET /x/other", "301 /y/other"],
        ["GET /static", "302 /one"],
      ],
    },
    {
      source: CF_REDIRECTS,
      site: site(["/a /b 301\r", "/c /d 302\r", "\r", "# last\r"]),
      rows: [
        ["GET /a", "301 /b"],
        ["GET /c", "302 /d"],
      ],
    },
    {
      source: CF_REDIRECTS,
      site: site(["\uFEFF/a /b 301", "/c /d 302"]),
      rows: [
        ["GET /a", "301 /b"],
        ["GET /c", "302 /d"],
      ],
    },
    {
      source: CF_REDIRECTS,
      site: site(["", "# nothing", "   "]),
      rows: [["GET /about", "200 about.html"]],
    },
  ],
  refusals: [
    { source: CF_REDIRECTS, site: site(["/a /b 418"], [WRANGLER]), file: "_redirects", line: 1 },
    refusal(2, "/a /b 301", "/c"),
    refusal(1, "/a/*/b/* /c/:splat 301"),
  ],
};
