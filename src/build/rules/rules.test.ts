import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { BerthError } from "../../model/errors.ts";
import { sha256 } from "../../model/ids.ts";
import { resolve } from "../../serve/resolve.ts";
import { headerChanges } from "../../serve/rules/headers.ts";
import { siteRules } from "../../serve/rules/site-rules.ts";
import { SourceFiles } from "../plan/source-files.ts";
import { sourceOf } from "../plan/testing/in-memory-source.ts";
import { compileRules, type RuleTexts } from "./compile.ts";
import { assertUsable, readSourceRules, rulesOf } from "./read-rules.ts";

interface Written {
  redirects?: string;
  headers?: string;
  netlify?: string;
  vercel?: unknown;
  cloudflare?: boolean;
}

const FILES = ["/index.html", "/about.html", "/folder/index.html", "/404.html", "/new.html", "/logo.png"];

function compile({ redirects, headers, netlify, vercel, cloudflare = false }: Written) {
  const texts: RuleTexts = { hasCloudflareMark: cloudflare };
  if (redirects !== undefined) texts.redirects = { file: "_redirects", text: redirects };
  if (headers !== undefined) texts.headers = { file: "_headers", text: headers };
  if (netlify !== undefined) texts.netlify = { file: "netlify.toml", text: netlify };
  if (vercel !== undefined) {
    texts.vercel = { file: "vercel.json", text: typeof vercel === "string" ? vercel : JSON.stringify(vercel, null, 1) };
  }
  return compileRules(texts, (path) => FILES.includes(path) || FILES.includes(`${path}.html`) || path === "/");
}

const faultsOf = (written: Written) =>
  compile(written).faults.map(({ file, line, reason }) => `${file}:${line} ${reason}`);

interface Asked {
  host?: string;
  method?: string;
  headers?: Record<string, string>;
}

/** The status with the file or location; `proxy`, `moved` of HTML handling and `none` in words. */
function ask(written: Written, target: string, { host = "site.example", method = "GET", headers = {} }: Asked = {}) {
  const { routes, faults } = compile(written);
  expect(faults).toEqual([]);
  const [path = "", query] = target.split(/(?=\?)/);
  const site = {
    files: new Map(FILES.map((file) => [file, file])),
    htmlHandling: "auto-trailing-slash" as const,
    notFoundHandling: "none" as const,
    routes: routes && siteRules(routes),
  };
  const decision = resolve(site, { method, path, query: query ?? "", host, headers: new Headers(headers) });
  if (decision.kind === "serve") return `${decision.status} ${decision.file}`;
  if (decision.kind === "redirect") return `${decision.status} -> ${decision.location}`;
  return decision.kind === "proxy" ? `proxy ${decision.status} ${decision.url}` : decision.kind;
}

const inRedirects = (line: string) => ({ redirects: line });

describe("_redirects, as Netlify and Cloudflare document it", () => {
  test.each([
    ["/home /new", "/home", "301 -> /new"],
    ["/home /new", "/home/", "301 -> /new"],
    ["/home/ /new", "/home", "301 -> /new"],
    ["/home /new", "/Home", "not-found"],
    ["/home /new 302 # why", "/home", "302 -> /new"],
    ["/home /new 303", "/home?a=1", "303 -> /new?a=1"],
    ["/home /new?b=2", "/home?a=1", "301 -> /new?b=2"],
    ["/home /new#part 308", "/home?a=1", "308 -> /new?a=1#part"],
    ["/news/* /blog/:splat", "/news/2004/01/10/story", "301 -> /blog/2004/01/10/story"],
    ["/news/* /blog/:splat", "/news", "301 -> /blog/"],
    ["/news/:year/:month /blog/:month-:year.html", "/news/2004/01", "301 -> /blog/01-2004.html"],
    ["/movies/:title /media/:title", "/movies/a/b", "not-found"],
    ["/a-* /b/:splat", "/a-x/y", "301 -> /b/x/y"],
    ["/*/old /new/:splat", "/x/y/old", "301 -> /new/x/y"],
    ["/caf%C3%A9 /new", "/caf%C3%A9", "301 -> /new"],
    ["/café /th%C3%A9", "/caf%C3%A9", "301 -> /th%C3%A9"],
    ["/x https://example.org/y", "/x?q=1", "301 -> https://example.org/y?q=1"],
    ["/x/* https://example.org/:splat 200", "/x/a%20b", "proxy 200 https://example.org/a%20b"],
    ["/* /index.html 200", "/deep/page", "200 /index.html"],
    ["/* /index.html 200", "/about", "200 /about.html"],
    ["/* / 200", "/deep/page", "200 /index.html"],
    ["/pass /about 200", "/pass", "200 /about.html"],
    ["/pass /nothing 200", "/pass", "not-found"],
    ["/* /404.html 404", "/x", "404 /404.html"],
    ["/closed /about 410", "/closed", "410 /about.html"],
    ["/about /new", "/about", "200 /about.html"],
    ["/about /new 301!", "/about", "301 -> /new"],
    ["/about /new 200!", "/about", "200 /new.html"],
    ["/store id=:id /blog/:id 301", "/store?id=5", "301 -> /blog/5"],
    ["/store id=:id /blog/:id 301", "/store?id=5&x=1", "not-found"],
    ["/s a=:a /one/:a\n/s b=:b a=:a /two/:a/:b\n/s /none", "/s?a=1&b=2", "301 -> /two/1/2"],
    ["/s a=:a /one/:a\n/s b=:b a=:a /two/:a/:b\n/s /none", "/s?a=1&c=2", "301 -> /none?a=1&c=2"],
    ["/store id=:id /blog/:id 301", "/store", "not-found"],
    ["/store id=7 /blog/seven", "/store?id=8", "not-found"],
    ["/a /b\n/a /c", "/a", "301 -> /b"],
    ["https://old.example.com/* https://new.example.com/:splat 301!", "/about", "200 /about.html"],
  ])("%s: %s is %s", (line, target, expected) => {
    expect(ask(inRedirects(line), target)).toBe(expected);
  });

  test("a rule for a host", () => {
    const line = inRedirects("https://:shop.example.com/* https://example.com/:shop/:splat 301!");
    expect(ask(line, "/about", { host: "blue.example.com" })).toBe("301 -> https://example.com/blue/about");
    expect(ask(line, "/about", { host: "a.blue.example.com" })).toBe("200 /about.html");
  });

  test("a redirect to the address that was asked for is passed over", () => {
    const toHttps = inRedirects("http://example.com/* https://example.com/:splat 301!");
    expect(ask(toHttps, "/about", { host: "example.com" })).toBe("200 /about.html");
    expect(ask(inRedirects("/:a/:b /:b/:a"), "/x/x")).toBe("not-found");
    expect(ask(inRedirects("/:a/:b /:b/:a"), "/x/y")).toBe("301 -> /y/x");
    expect(ask(inRedirects("/s lang=:lang /s?lang=:lang"), "/s?lang=de")).toBe("not-found");
  });

  test("a redirect into a folder of its own path leads there once", () => {
    const rules = inRedirects("/docs/* /docs/latest%20one/:splat 302");
    expect(ask(rules, "/docs/x?y=1")).toBe("302 -> /docs/latest%20one/x?y=1");
    expect(ask(rules, "/docs/latest%20one/x")).toBe("not-found");
    expect(ask(rules, "/docs/latest%20one")).toBe("not-found");
    expect(ask(rules, "/docs/latest")).toBe("302 -> /docs/latest%20one/latest");
    expect(ask(inRedirects("/* /new/:splat 302\n/new/x /about"), "/new/x")).toBe("301 -> /about");
    const whole = inRedirects("https://a.example/g/* https://a.example/g/h/:splat 301!");
    expect(ask(whole, "/g/x", { host: "a.example" })).toBe("301 -> https://a.example/g/h/x");
    expect(ask(whole, "/g/h/x", { host: "a.example" })).toBe("not-found");
  });

  test("another port of the same host is another server", () => {
    const rule = inRedirects("/app https://a.example:8443/app");
    const askAt = (host: string) => ask(rule, "/app", { host: "a.example", headers: { host } });
    expect(askAt("a.example")).toBe("301 -> https://a.example:8443/app");
    expect(askAt("a.example:443")).toBe("301 -> https://a.example:8443/app");
    expect(askAt("a.example:8443")).toBe("not-found");
  });

  test("conditions", () => {
    const language = inRedirects("/ /zh 302! Language=zh,en-GB");
    expect(ask(language, "/", { headers: { "accept-language": "zh-CN,en;q=0.9" } })).toBe("302 -> /zh");
    expect(ask(language, "/", { headers: { "accept-language": "fr, zh;q=0.5" } })).toBe("200 /index.html");
    expect(ask(language, "/", { headers: { "accept-language": "fr", cookie: "nf_lang=en-gb" } })).toBe("302 -> /zh");
    const cookie = inRedirects("/* /legacy/:splat 302! Cookie=is_legacy,other");
    expect(ask(cookie, "/x", { headers: { cookie: "a=1; other=" } })).toBe("302 -> /legacy/x");
    expect(ask(cookie, "/x")).toBe("not-found");
  });

  test("a rewrite whose condition fails goes on to the next", () => {
    const lines = inRedirects("/* /new 200 Language=de\n/* /about 200");
    expect(ask(lines, "/x", { headers: { "accept-language": "de" } })).toBe("200 /new.html");
    expect(ask(lines, "/x")).toBe("200 /about.html");
  });

  test("the status of a line without one", () => {
    expect(ask({ redirects: "/a /b" }, "/a")).toStartWith("301");
    expect(ask({ redirects: "/a /b", cloudflare: true }, "/a")).toStartWith("302");
    expect(ask({ redirects: "/a /b\n/c /d 301!", cloudflare: true }, "/a")).toStartWith("301");
    expect(ask({ redirects: "/a /b", netlify: "", cloudflare: true }, "/a")).toStartWith("301");
  });

  test("a rule about the slash at the end alone is followed where the file is Cloudflare's", () => {
    const slash = { redirects: "/trailing /trailing/ 301\n/about /about/", cloudflare: true };
    expect(ask(slash, "/trailing")).toBe("301 -> /trailing/");
    expect(ask(slash, "/trailing/")).toBe("not-found");
    expect(ask(slash, "/about")).toBe("200 /about.html");
    expect(faultsOf({ redirects: "/trailing /trailing 301", cloudflare: true })).toEqual([
      expect.stringContaining("for ever"),
    ]);
  });

  test("a rule without a destination shows what is there", () => {
    const rules = { redirects: "/* 200! Cookie=beta\n/* /new 200!" };
    expect(ask(rules, "/about", { headers: { cookie: "beta=1" } })).toBe("200 /about.html");
    expect(ask(rules, "/about")).toBe("200 /new.html");
    expect(faultsOf({ redirects: "/admin/* 200! Role=admin" })).toEqual([expect.stringContaining("role")]);
    const netlify = '[[redirects]]\nfrom = "/*"\nstatus = 200\nforce = true\n[[redirects]]\nfrom = "/x"\nto = "/new"';
    expect(ask({ netlify }, "/x")).toBe("not-found");
  });

  test("a redirect holds for other methods; a rewrite to a file does not", () => {
    expect(ask(inRedirects("/a /b 308"), "/a", { method: "POST" })).toBe("308 -> /b");
    expect(ask(inRedirects("/* /index.html 200"), "/a", { method: "POST" })).toBe("method-not-allowed");
  });
});

test.each([
  ["/a", "there is no destination"],
  ["/a /b 300", "no status"],
  ["/a /b abc", "no status"],
  ["a /b", "begins neither"],
  ["/a b", "neither a path"],
  ["/a javascript:alert(1)", "neither a path"],
  ["/a //evil.example", "two slashes"],
  ["/a https:///b 302", "is no URL"],
  ["/a /b 302 Country=de", "country"],
  ["/a /b 200 Role=admin", "role"],
  ["/a https://x.example.com/ 200 Sign=KEY", "signature"],
  ["/a /b 302 Planet=mars", "no condition"],
  ["/a /.netlify/functions/x 200", "function"],
  ["* /.netlify/functions/render 200", "every path leads to the function '/.netlify/functions/render'"],
  ["/a /a", "for ever"],
  ["/a /a/", "a slash at the end alone"],
  ["/* /:splat 301", "for ever"],
  ["/blog/* /blog/:splat/", "a slash at the end alone"],
  ["/* /maintenance 302", "for ever"],
  ["/* /about 302!", "for ever"],
  ["/a/* /a/b/:splat 301!", "for ever"],
  ["/a/* /a/b/:splat?x=1#y 301!", "for ever"],
  ["/:a/:b /:b/:a 302!", "for ever"],
  ["/*/x/* /b", "more than one"],
  ["/%zz /b", "percent escape"],
  ["/go/* https://:splat 302", "visitor's choice"],
  ["/go/* https://:splat.com 302", "visitor's choice"],
  ["/a https://user:pass@example.com/", "user name"],
  ["https://example.com:8080/* /b", "has a port"],
  ["/caf\uFFFD /b", "not written in UTF-8"],
])("_redirects refuses '%s': %s", (line, reason) => {
  const faults = faultsOf({ redirects: `# one\n/ok /fine\n${line}\n` });
  expect(faults).toEqual([expect.stringContaining(reason)]);
  expect(faults[0]).toStartWith("_redirects:3 ");
});

describe("netlify.toml", () => {
  const rule = (text: string) => ({ netlify: `[build]\npublish = "x"\n[[redirects]]\n${text}` });
  test.each([
    ['from = "/a"\nto = "/b"', "/a", "301 -> /b"],
    ['from = "/a/*"\nto = "/b/:splat"\nstatus = 302', "/a/x", "302 -> /b/x"],
    ['from = "/about"\nto = "/new"\nstatus = 200\nforce = true', "/about", "200 /new.html"],
    ['from = "/s"\nto = "/p/:id"\nquery = {id = ":id"}', "/s?id=1", "301 -> /p/1"],
    [
      'from = "/api/*"\nto = "https://api.example.com/:splat"\nstatus = 200\nheaders = {X-From = "b"}',
      "/api/x",
      "proxy 200 https://api.example.com/x",
    ],
  ])("%s", (text, target, expected) => {
    expect(ask(rule(text), target)).toBe(expected);
  });

  test("_redirects goes first", () => {
    expect(ask({ redirects: "/a /one", ...rule('from = "/a"\nto = "/two"') }, "/a")).toBe("301 -> /one");
  });

  test("faults are told with the line of their table", () => {
    const text =
      'x = """\n[[redirects]]\n"""\n[[redirects]]\nfrom = "/a"\n\n[[redirects]]\nfrom = "/b"\nto = "/c"\nconditions = {Country = ["de"]}\n[[headers]]\nfor = "/x"';
    expect(faultsOf({ netlify: text })).toEqual([
      "netlify.toml:4 'to' is missing",
      expect.stringMatching(/^netlify\.toml:7 .*country/),
      "netlify.toml:11 it sets no header",
    ]);
  });

  test.each([
    ["[[redirects", 1],
    ["a = 1\n\n[b]\nc = 2\nd == 3\n\n[e]\nf = 4", 5],
    ['[a]\nx = """\n[b\n"""\ny = 1\n[c]\nz = \'open\nw = 2\n[d]\ne = 1', 7],
    ["[a]\nx = 1\n\n[b]\ny = 2\n\n[a]\nx = 3\n[c]\nz = 1", 7],
    ["[a]\nx = 1\nx = 2\ny = 3", 3],
    [`[a]\n${"# a line\n".repeat(600)}[b]\nx = 1\ny\n${"[c]\n# more\n".repeat(300)}`, 604],
  ])("the line at which %j is no TOML", (text, line) => {
    expect(faultsOf({ netlify: text })).toEqual([
      expect.stringMatching(new RegExp(`^netlify\\.toml:${line} the file is no TOML`)),
    ]);
  });

  test("a header outside of its values is refused", () => {
    const text = '[[headers]]\nfor = "/*"\nX-A = "1"\n[headers.values]\nX-B = "2"';
    expect(faultsOf({ netlify: text })).toEqual([
      "netlify.toml:1 'X-A' stands beside 'for' and outside of [headers.values]",
    ]);
  });

  test("a block that sets no header, all of them commented out, is told of and fails nothing", () => {
    for (const written of [
      { netlify: '[[headers]]\nfor = "/*"\n[headers.values]\n# X-A = "1"' },
      { netlify: '[[headers]]\nfor = "/*"' },
      { headers: "/*\n# X-A: 1\n/b\n  X-B: 1" },
    ]) {
      expect(compile(written).faults).toEqual([expect.objectContaining({ isHarmless: true })]);
    }
    expect(faultsOf({ netlify: '[[headers]]\nfor = "/*"\nvalues = 7' })).toEqual([expect.stringContaining("no table")]);
  });

  test("a name that is nearly right is refused", () => {
    expect(faultsOf({ netlify: '[build]\n[[redirect]]\nfrom = "/a"\n[[header]]\nfor = "/b"' })).toEqual([
      "netlify.toml:2 'redirect' is no key: write [[redirects]]",
      "netlify.toml:4 'header' is no key: write [[headers]]",
    ]);
  });

  test("rules of one context are told of and fail nothing", () => {
    const text =
      '[context.production]\ncommand = "x"\n[[context.production.redirects]]\nfrom = "/a"\nto = "/b"\n[[context.dev.headers]]\nfor = "/*"';
    expect(compile({ netlify: text }).faults.every(({ isHarmless }) => isHarmless)).toBe(true);
    expect(faultsOf({ netlify: text })).toEqual([
      "netlify.toml:3 'redirects' can't be of one context: write [[redirects]], which hold for all",
      "netlify.toml:6 'headers' can't be of one context: write [[headers]], which hold for all",
    ]);
  });
});

const redirect = (source: string, destination: string, more = {}) => ({
  vercel: { redirects: [{ source, destination, ...more }] },
});
const rewrite = (source: string, destination: string, more = {}) => ({
  vercel: { rewrites: [{ source, destination, ...more }] },
});

describe("vercel.json, as Vercel documents it", () => {
  test.each([
    [redirect("/me", "/profile.html"), "/me", "308 -> /profile.html"],
    [redirect("/me", "/profile.html"), "/me/", "not-found"],
    [redirect("/me", "/x", { permanent: false }), "/me?a=1", "307 -> /x?a=1"],
    [redirect("/me", "/x?a=2", { statusCode: 301 }), "/me?a=1&b=3", "301 -> /x?a=2&b=3"],
    [redirect("/about", "/new"), "/about", "308 -> /new"],
    [redirect("/blog/:path*", "/news/:path*"), "/blog/a/b", "308 -> /news/a/b"],
    [redirect("/blog/:path*", "/news/:path*"), "/blog", "308 -> /news/"],
    [redirect("/:path*", "https://example.com/:path*"), "/", "308 -> https://example.com/"],
    [redirect("/:a?/:b?", "https://example.com/:a"), "/", "308 -> https://example.com/"],
    [redirect("/:path+", "https://example.com/:path+"), "/", "200 /index.html"],
    [redirect("/blog/:path+", "/news/:path+"), "/blog", "not-found"],
    [redirect("/post/:path(\\d{1,})", "/news/:path*"), "/post/123", "308 -> /news/123"],
    [redirect("/post/:path(\\d{1,})", "/news/:path*"), "/post/abc", "not-found"],
    [redirect("/old/(.*)", "/to/$1"), "/old/a/b", "308 -> /to/a/b"],
    [redirect("/:lang(en|de)/:rest*", "https://:lang.example.com/:rest*"), "/de/x", "308 -> https://de.example.com/x"],
    [redirect("/((?!api/).*)", "https://example.com/$1"), "/x/y", "308 -> https://example.com/x/y"],
    [redirect("/((?!api/).*)", "https://example.com/$1"), "/api/y", "not-found"],
    [redirect("/a{-:b}?", "/c/:b"), "/a-x", "308 -> /c/x"],
    [redirect("{/:lang}?/home", "/h/:lang"), "/de/home", "308 -> /h/de"],
    [redirect("{/:lang}?/home", "/h/:lang"), "/home", "308 -> /h/"],
    [rewrite("/about", "/new"), "/about", "200 /about.html"],
    [rewrite("/(.*)", "/index.html"), "/x/y", "200 /index.html"],
    [rewrite("/((?!api/).*)", "/"), "/x/y", "200 /index.html"],
    [rewrite("(.*)", "/index.html"), "/x/y", "200 /index.html"],
    [redirect("(.*).php", "/php?from=$1"), "/a/b.php", "308 -> /php?from=%2Fa%2Fb"],
    [redirect("(/a|/b)/old", "https://example.com/$1"), "/b/old", "308 -> https://example.com//b"],
    [rewrite("/p/:match*", "https://example.com/:match*"), "/p/a/b?c=1", "proxy 200 https://example.com/a/b?c=1"],
    [rewrite("/p/:m*", "https://example.com/:m*"), "/p/@a%2Fb/c%2B+", "proxy 200 https://example.com/@a%2Fb/c%2B+"],
    [rewrite("/u/:id/:k", "https://a.example/u"), "/u/5/b?q=1", "proxy 200 https://a.example/u?id=5&k=b&q=1"],
    [rewrite("/u/:id", "https://a.example/u?z=1"), "/u/5", "proxy 200 https://a.example/u?z=1&id=5"],
    [rewrite("/u/:id/:k", "https://a.example/u?id=:k"), "/u/5/b", "proxy 200 https://a.example/u?id=b&k=b"],
    [rewrite("/x(\\d)/:k", "https://s$1.a.example/u"), "/x5/b", "proxy 200 https://s5.a.example/u?k=b"],
    [rewrite("/p/:m", "https://example.com/:m"), "/p/%EF%9C%AFa", "proxy 200 https://example.com/%EF%9C%AFa"],
    [rewrite("/u/:id/:k", "https://a.example/:k"), "/u/5/b", "proxy 200 https://a.example/b"],
    [rewrite("/u/(.*)", "https://a.example/u"), "/u/5", "proxy 200 https://a.example/u"],
    [rewrite("/u/:p*", "https://a.example/$1"), "/u/5/b", "proxy 200 https://a.example/5/b"],
    [
      {
        vercel: {
          rewrites: [{ source: "/(.*)", destination: "https://a.example/$1", respectOriginCacheControl: true }],
        },
      },
      "/x",
      "proxy 200 https://a.example/x",
    ],
    [redirect("/r/(.*)", "/$1?v=$1"), "/r/a%40%2F%2Fb", "308 -> /a%40/b?v=a%40%2Fb"],
    [redirect("/r/:a(a\\+b)", "/x/:a"), "/r/a%2Bb", "308 -> /x/a+b"],
    [{ vercel: { cleanUrls: true } }, "/about", "200 /about.html"],
    [{ vercel: { cleanUrls: true } }, "/about.html", "308 -> /about"],
    [{ vercel: { cleanUrls: true } }, "/folder/index.html", "308 -> /folder"],
    [{ vercel: { cleanUrls: true } }, "/index", "308 -> /"],
    [{ vercel: { cleanUrls: true, trailingSlash: true } }, "/about.html", "308 -> /about/"],
    [{ vercel: { cleanUrls: true, trailingSlash: true } }, "/about/", "200 /about.html"],
    [{ vercel: { trailingSlash: true } }, "/folder?a=1", "308 -> /folder/?a=1"],
    [{ vercel: { trailingSlash: true } }, "/logo.png", "200 /logo.png"],
    [{ vercel: { trailingSlash: true } }, "/logo.png/", "308 -> /logo.png"],
    [{ vercel: { trailingSlash: false } }, "/folder/", "308 -> /folder"],
    [{ vercel: { trailingSlash: false } }, "/folder", "200 /folder/index.html"],
    [{ vercel: { cleanUrls: false } }, "/about", "not-found"],
  ] as [Written, string, string][])("%j: %s is %s", (written, target, expected) => {
    expect(ask(written, target)).toBe(expected);
  });

  test.each([
    [{ src: "/(.*)", dest: "/about.html" }, "/x/y", "200 /about.html"],
    [{ src: "/(.*)", dest: "/about.html" }, "/logo.png", "200 /logo.png"],
    [{ src: "/.*", dest: "index.html" }, "/x/y", "200 /index.html"],
    [{ src: "^/old/([^/]+)/(\\d+)$", dest: "/new.html?a=$1&b=$2" }, "/old/a/12", "200 /new.html"],
    [{ src: "/old/(\\d+)", dest: "/new.html" }, "/old/a", "not-found"],
    [{ src: "/[^.]+", dest: "/", status: 200 }, "/x/y", "200 /index.html"],
    [{ src: "/[^.]+", dest: "/", status: 200 }, "/x.png", "not-found"],
    [{ src: "/logo\\.svg|/icon.svg", dest: "/logo.png" }, "/icon.svg", "200 /logo.png"],
    [{ src: "/((?!api/).*)", dest: "/new.html" }, "/x", "200 /new.html"],
    [{ src: "/((?!api/).*)", dest: "/new.html" }, "/api/x", "not-found"],
    [{ src: "/a.b", dest: "/new.html" }, "/a.b", "200 /new.html"],
    [{ src: "/a.b", dest: "/new.html" }, "/axb", "not-found"],
    [{ src: "/blog/(?<slug>.+)?", status: 301, headers: { Location: "/posts/$1" } }, "/blog/a", "301 -> /posts/a"],
    [{ src: "/users/(?<id>[^/]*)", headers: { Location: "/u?id=$id&cost=$x" } }, "/users/7", "308 -> /u?id=7&cost=$x"],
    [{ src: "/go", headers: { location: "https://b.example/" } }, "/go", "308 -> https://b.example/"],
    [{ src: "/.*", status: 404, dest: "/404.html" }, "/x", "404 /404.html"],
    [{ src: "/legacy", status: 404 }, "/legacy", "404 /404.html"],
    [{ src: "/about", status: 410 }, "/about", "200 /about.html"],
    [{ src: "/api/(.*)", dest: "https://api.example/$1" }, "/api/x", "proxy 200 https://api.example/x"],
  ])("routes, the older form: %j at %s is %s", (route, target, expected) => {
    expect(ask({ vercel: { version: 2, routes: [{ handle: "filesystem" }, route] } }, target)).toBe(expected);
  });

  test("headers of routes, and what of them can't be held", () => {
    const route = { src: "/static/(.*)", headers: { "X-A": "n $1" }, continue: true };
    const { routes, faults } = compile({ vercel: { routes: [route] } });
    expect([routes?.headers.map(({ headers }) => headers), faults]).toEqual([[[["x-a", ["n ", { use: "0" }]]]], []]);
    for (const [bad, reason] of [
      [{ handle: "miss" }, "only 'filesystem'"],
      [{ src: "/(a(b))", dest: "/" }, "a group in a group"],
      [{ src: "/(a)|/b", dest: "/" }, "an alternative to a group"],
      [{ src: "/(a)\\1", dest: "/" }, "can't be used"],
      [{ src: "/(a", dest: "/" }, "does not begin or end"],
      [{ src: "/a)", dest: "/" }, "does not begin or end"],
      [{ src: "/[a", dest: "/" }, "does not end"],
      [{ src: "/a", dest: "/", continue: true }, "'continue'"],
      [{ src: "/a", methods: ["POST"], dest: "/" }, "other methods than GET, and functions"],
      [{ src: "/a", methods: ["POST"], dest: "https://b.example/" }, "other methods"],
      [{ src: "/a" }, "neither 'dest' nor 'headers'"],
      [{ src: "/a", status: 200 }, "neither 'dest' nor 'headers'"],
      [{ src: "/a", status: 308 }, "neither 'dest' nor 'headers'"],
    ] as const) {
      expect(faultsOf({ vercel: { routes: [bad] } })).toEqual([expect.stringContaining(reason)]);
    }
  });

  test("has and missing", () => {
    const has = redirect("/start", "/:lang/home", {
      has: [{ type: "header", key: "X-Lang", value: "(?<lang>en|de)" }],
    });
    expect(ask(has, "/start", { headers: { "x-lang": "de" } })).toBe("308 -> /de/home");
    expect(ask(has, "/start", { headers: { "x-lang": "deu" } })).toBe("not-found");
    const query = redirect("/s", "/p/:page", { has: [{ type: "query", key: "page" }] });
    expect(ask(query, "/s?page=a/b")).toBe("308 -> /p/a/b?page=a/b");
    const missing = redirect("/s", "/login", { missing: [{ type: "cookie", key: "session" }] });
    expect(ask(missing, "/s")).toBe("308 -> /login");
    expect(ask(missing, "/s", { headers: { cookie: "session=1" } })).toBe("not-found");
    const host = redirect("/:path*", "https://:sub.example.org/:path*", {
      has: [{ type: "host", value: "(?<sub>\\w+)\\.example\\.com" }],
    });
    expect(ask(host, "/x", { host: "a.example.com" })).toBe("308 -> https://a.example.org/x");
    const compared = redirect("/s", "/t", { has: [{ type: "query", key: "n", value: { gte: 5, lt: 9 } }] });
    expect([ask(compared, "/s?n=5"), ask(compared, "/s?n=9")]).toEqual(["308 -> /t?n=5", "not-found"]);
  });

  test.each([
    [redirect("/a", "/b", { basePath: false }), "no key of a rule"],
    [redirect("/a/(?!x)", "/b"), "begins with '?'"],
    [redirect("/a/((b)c)", "/b"), "captures"],
    [redirect("/a/([)", "/b"), "has no ']'"],
    [redirect("/a/(.*(?<=x))", "/b"), "with a name"],
    [redirect("/a", "/b/:c"), "does not capture"],
    [redirect("/:a", "https://:a/"), "visitor's choice"],
    [redirect("/a", "/b", { has: [{ type: "country", key: "de" }] }), "no type"],
    [redirect("/a", "/a"), "for ever"],
    [{ vercel: { bulkRedirectsPath: "a.csv" } }, "not supported"],
    [{ vercel: { cleanUrls: "yes" } }, "neither true nor false"],
    [{ vercel: '{"redirects": [\n}' }, "no JSON"],
  ] as [Written, string][])("%j is refused: %s", (written, reason) => {
    expect(faultsOf(written)).toEqual([expect.stringContaining(reason)]);
  });

  test("a rewrite whose target is not there is told of and fails nothing", () => {
    const rewrites = [
      { source: "/user", destination: "/api/user?x=1" },
      { source: "/n", destination: "/new" },
      { source: "/p/:x", destination: "/p/:x.html" },
    ];
    const { routes, faults } = compile({ vercel: { rewrites } });
    expect(routes?.rewrites.length).toBe(2);
    expect(faults).toEqual([expect.objectContaining({ line: 3, isHarmless: true })]);
    expect(faults[0]?.reason).toContain("'/api/user' is no file of the site");
  });

  test.each(["old", "old/(.*)", ":path", ":path+", "{old/:path}", "{old}"])(
    "no path matches the source %j",
    (source) => {
      const { routes, faults } = compile(redirect(source, "/x"));
      expect(routes?.redirects ?? []).toEqual([]);
      expect(faults).toEqual([expect.objectContaining({ isHarmless: true })]);
      expect(faults[0]?.reason).toContain("does not begin with '/'");
    },
  );

  test("faults are told with their line", () => {
    const text =
      '{"x": {"redirects": [1]},\n"redirects": [\n {"source": "/a", "destination": "/b"},\n\n {"source": "/b/:b",\n "destination": "/:c"}]}';
    expect(faultsOf({ vercel: text })).toEqual([expect.stringMatching(/^vercel\.json:5 /)]);
  });
});

describe("headers", () => {
  const changes = (written: Written, path: string, headers = {}) => {
    const { routes, faults } = compile(written);
    expect(faults).toEqual([]);
    const found = headerChanges(routes && siteRules(routes), {
      method: "GET",
      path,
      query: "",
      host: "a.example.dev",
      headers: new Headers(headers),
    });
    return found && { set: found.set, append: found.append, detach: found.detach };
  };
  test.each([
    ["/*\n  X-A: 1", "/x", { set: [["x-a", "1"]] }],
    ["/a/*\n  X-A: 1\n/*\n  x-a: 2", "/a/b", { set: [["x-a", "1, 2"]] }],
    [
      "/*\n  Cache-Control: max-age=0\n  Cache-Control: no-cache",
      "/",
      { set: [["cache-control", "max-age=0, no-cache"]] },
    ],
    [
      "/*\n  Set-Cookie: a=1\n  Set-Cookie: b=2",
      "/",
      {
        append: [
          ["set-cookie", "a=1"],
          ["set-cookie", "b=2"],
        ],
      },
    ],
    ["/*\n  X-A: 1\n/b\n  ! X-A", "/b", { detach: ["x-a"] }],
    ["/*\n  X-A: 1\n/b\n  ! X-A\n  X-A: 2", "/b", { set: [["x-a", "2"]] }],
    ['/movies/:title\n  X-Name: You are on ":title"', "/movies/up", { set: [["x-name", 'You are on "up"']] }],
    ["https://:project.example.dev/*\n  X-P: :project", "/x", { set: [["x-p", "a"]] }],
    ["https://other.example.dev/*\n  X-P: 1", "/x", undefined],
    ["/b\n  X-A: 1", "/b/", undefined],
  ] as [string, string, Record<string, unknown> | undefined][])("_headers %j at %s", (text, path, expected) => {
    expect(changes({ headers: text }, path)).toEqual(
      expected && ({ set: [], append: [], detach: [], ...expected } as never),
    );
  });

  test("of a netlify.toml, and of a vercel.json where the later replaces", () => {
    expect(
      changes({ netlify: '[[headers]]\nfor = "/a"\n[headers.values]\nX-A = "1"\nX-B = ["2", "3"]' }, "/a/")?.set,
    ).toEqual([
      ["x-a", "1"],
      ["x-b", "2, 3"],
    ]);
    const vercel = {
      headers: [
        { source: "/(.*)", headers: [{ key: "X-A", value: "1" }] },
        { source: "/b/:n", headers: [{ key: "x-a", value: "n :n" }] },
        { source: "/d/(.*)/(\\d+)", headers: [{ key: "x-a", value: "$2 of $1 for $5" }] },
      ],
    };
    expect(changes({ vercel }, "/b/5")?.set).toEqual([["x-a", "n 5"]]);
    expect(changes({ vercel }, "/d/e/5")?.set).toEqual([["x-a", "5 of e for $5"]]);
    expect(changes({ vercel }, "/c")?.set).toEqual([["x-a", "1"]]);
  });

  test("a path of a netlify.toml can have several wildcards", () => {
    const netlify = '[[headers]]\nfor = "/*/img/*.png"\n[headers.values]\nX-A = "1"';
    expect(changes({ netlify }, "/a/b/img/c/d.png")?.set).toEqual([["x-a", "1"]]);
    expect(changes({ netlify }, "/img/d.png")?.set).toEqual([["x-a", "1"]]);
    expect(changes({ netlify }, "/aimg/d.png")).toBeUndefined();
    expect(changes({ netlify }, "/a/img/d.jpg")).toBeUndefined();
  });

  test("a path of a netlify.toml needs no slash at its front", () => {
    const netlify = (path: string) => `[[headers]]\nfor = "${path}"\n[headers.values]\nX-A = "1"`;
    for (const path of ["/", "/a/b.avif"])
      expect(changes({ netlify: netlify("*") }, path)?.set).toEqual([["x-a", "1"]]);
    expect(changes({ netlify: netlify("*.avif") }, "/a/b.avif")?.set).toEqual([["x-a", "1"]]);
    expect(changes({ netlify: netlify("*.avif") }, "/a/b.png")).toBeUndefined();
  });

  test("the same rules give the same object, and a value never breaks out of its line", () => {
    const { routes } = compile({ headers: "/a/*\n  X-A: 1\n/b/:n\n  X-N: :n" });
    const rules = siteRules(routes!);
    const at = (path: string) => headerChanges(rules, { method: "GET", path, query: "", headers: new Headers() });
    expect(at("/a/x")).toBe(at("/a/y"));
    expect(at("/b/%C3%A9")?.set).toEqual([["x-n", "%C3%A9"]]);
    expect(at("/b/x%0d%0aSet-Cookie:1")).toBeUndefined();
  });

  test.each([
    ["  X-A: 1", 1, "below no path"],
    ["/a\n  X-A 1", 2, "no ':'"],
    ["/a\n  X-A:", 2, "no value"],
    ["/a\n  X A: 1", 2, "no name"],
    ["/a\n  Content-Length: 5", 2, "set by the platform"],
    ["/a\n  Basic-Auth: a:b", 2, "protection"],
    ["/a\n  X-Accel-Redirect: /b", 2, "a server in front"],
    ["/a\n/b\n  X-A: 1", 1, "no header follows"],
    ["http://example.com/*\n  X-A: 1", 1, "https://"],
    ["https://example.com:8080/*\n  X-A: 1", 1, "has a port"],
  ])("_headers refuses %j at line %d: %s", (headers, line, reason) => {
    const faults = faultsOf({ headers }).filter((fault) => fault.includes(reason));
    expect(faults).toEqual([expect.stringMatching(new RegExp(`^_headers:${line} `))]);
  });
});

const word = fc.constantFrom(
  "a",
  "b",
  ":x",
  "*",
  "/",
  "//",
  "evil.com",
  "https://",
  "%2f",
  "%0a",
  "\\",
  "..",
  "@",
  ":splat",
  "?",
  "#",
  "=",
  " ",
  "200",
  "301!",
  "\t",
  "é",
);
const text = fc
  .array(
    fc.array(word, { maxLength: 8 }).map((words) => words.join("")),
    { maxLength: 4 },
  )
  .map((lines) => lines.join("\n"));

test("no text makes a parser throw", () => {
  fc.assert(
    fc.property(fc.oneof(text, fc.string()), (written) => {
      for (const key of ["redirects", "headers", "netlify", "vercel"] as const) compile({ [key]: written });
      compile(redirect(`/${written}`, written, { has: [{ type: "host", value: written }] }));
    }),
    { numRuns: 1000 },
  );
});

test("whatever is asked for, a redirect of the site's own stays on it, and a header holds one line", () => {
  const rules = [
    "/a* /:splat 302",
    "/b/* /:splat/x 302",
    "/c/:x /:x 302",
    "/d x=:x /:x 302",
    "/e/* https://example.org/:splat 302",
  ];
  const { routes } = compile({ redirects: rules.join("\n") });
  const site = {
    files: new Map<string, string>(),
    htmlHandling: "none" as const,
    notFoundHandling: "none" as const,
    routes: siteRules(routes!),
  };
  const start = fc.constantFrom("/a", "/b/", "/c/", "/d", "/e/");
  fc.assert(
    fc.property(start, text, text, (path, rest, query) => {
      const asked = {
        method: "GET",
        path: path + rest.replace(/[\s?#]/g, ""),
        query: `?x=${encodeURIComponent(query)}&${query}`,
        headers: new Headers(),
      };
      const decision = resolve(site, asked);
      if (decision.kind !== "redirect") return;
      expect(decision.location).toMatch(/^[\x21-\x7e]+$/);
      expect(["site.example", "example.org"]).toContain(new URL(decision.location, "http://site.example/").host);
      if (path !== "/e/") expect(new URL(decision.location, "http://site.example/").host).toBe("site.example");
    }),
    { numRuns: 2000 },
  );
});

test("a rule that leaves every page to a server's function comes with the framework's way to files, others do not", async () => {
  const hintFor = async (text: string) => {
    const bytes = new TextEncoder().encode(text);
    const output = { has: () => false, blobOf: () => ({ hash: sha256(bytes), size: 1 }), bytesOf: async () => bytes };
    const source = { netlify: { file: "netlify.toml", text: "" }, vercel: undefined, hasCloudflareMark: false };
    const thrown = await rulesOf(source, output, {}, "Write files.").catch((error: unknown) => error);
    return thrown instanceof BerthError ? thrown.hint : undefined;
  };
  expect(await hintFor("/* /.netlify/functions/render 200\n")).toMatch(/^Write files\. Mend or remove/);
  expect(await hintFor("/api/* /.netlify/functions/api 200\n")).toMatch(/^Mend or remove/);
});

test("a rule about the slash at the end alone is told of and fails nothing, beside one that is wrong it does not hide that", async () => {
  const published = (text: string) => {
    const bytes = new TextEncoder().encode(text);
    const file = { hash: sha256(bytes), size: bytes.byteLength };
    const output = {
      has: (path: string) => path === "_redirects",
      blobOf: (path: string) => (path === "_redirects" ? file : undefined),
      bytesOf: async () => bytes,
    };
    return rulesOf({ netlify: undefined, vercel: undefined, hasCloudflareMark: false }, output, {});
  };
  const { routes, warnings } = await published("/docs /docs/\n/old /new\n");
  expect(routes?.rules.map(({ origin }) => origin.line)).toEqual([2]);
  expect(warnings).toEqual([expect.stringContaining("_redirects line 1: it adds or removes a slash at the end alone")]);
  await expect(published("/docs /docs/\n/same /same\n")).rejects.toThrow(
    "line 2: it redirects to a path that it matches",
  );
});

test("a vercel.ts and its like, and files with almost the right name, are told of: what they say is not read", async () => {
  const source = new SourceFiles(sourceOf({ "web/vercel.ts": "", "web/vercel.toml": "", "vercel.mjs": "" }));
  const read = await readSourceRules(source, "web");
  const has = (path: string) => path === "_redirects.txt" || path === "_header";
  const output = { has, blobOf: () => undefined, bytesOf: async () => new Uint8Array() };
  const { warnings } = await rulesOf(read, output, {});
  expect(warnings).toEqual([
    expect.stringContaining("web/vercel.ts line 1: the file is not read"),
    expect.stringContaining("web/vercel.toml line 1: the file is not read"),
    expect.stringContaining("_redirects.txt line 1: the file is not read"),
    expect.stringContaining("have to stand in a _headers"),
  ]);
});

test("a file of more lines than anybody writes is not read to its end", () => {
  const redirects = `/a /b\n${"#\n".repeat(100_000)}x\n`;
  expect(compile({ redirects }).faults).toEqual([
    { file: "_redirects", line: 100_001, reason: "the file has more than 100000 lines" },
  ]);
});

test("what is wrong with the source's own rules whatever a build writes is told before it", () => {
  const check = (text: string, settings = {}) =>
    assertUsable({ netlify: { file: "netlify.toml", text }, vercel: undefined, hasCloudflareMark: false }, settings);
  const service = '[[redirects]]\nfrom = "/api/*"\nto = "/.netlify/functions/:splat"\nstatus = 200\n';
  expect(() => check(service)).toThrow("netlify.toml line 1");
  expect(() => check(service, { rules: "warn" })).not.toThrow();
  expect(() => check('[[redirects]]\nfrom = "/a"\nto = "/b"\nstatus = 200\n')).not.toThrow();
});

test("headers for a page's file, which leads to the page, are told of with the path to write", async () => {
  const text =
    "/docs/index.html\n  X-A: 1\n/about.html\n  X-A: 2\n/about\n  X-A: 3\n/none.html\n  X-A: 4\n/*.html\n  X-A: 5\n";
  const bytes = new TextEncoder().encode(text);
  const files = ["_headers", "index.html", "docs/index.html", "about.html"];
  const output = {
    has: (path: string) => files.includes(path),
    blobOf: (path: string) => (path === "_headers" ? { hash: sha256(bytes), size: bytes.byteLength } : undefined),
    bytesOf: async () => bytes,
  };
  const headers = ["/about/", "/docs", "/about.html"].map(
    (path) => `[[headers]]\nfor = "${path}"\nvalues = {X-B = "1"}\n`,
  );
  const netlify = { file: "netlify.toml", text: headers.join("") };
  const source = { netlify, vercel: undefined, hasCloudflareMark: false };
  const linesLeft = async (settings: { html_handling?: "none" }) => {
    const { routes, warnings } = await rulesOf(source, output, settings);
    return [routes?.headers.map(({ origin }) => origin.line), warnings];
  };
  expect(await linesLeft({})).toEqual([
    [5, 7, 9, 1, 4],
    [
      expect.stringContaining(
        "_headers line 1: its headers would reach nobody, as '/docs/index.html' leads to '/docs/'",
      ),
      expect.stringContaining("_headers line 3: its headers would reach nobody, as '/about.html' leads to '/about'"),
      expect.stringContaining(
        "netlify.toml line 7: its headers would reach nobody, as '/about.html' leads to '/about'",
      ),
    ],
  ]);
  expect(await linesLeft({ html_handling: "none" })).toEqual([[1, 3, 5, 7, 9, 1, 4, 7], []]);
  netlify.text += '[[redirects]]\nfrom = "/about.html"\nto = "/docs/"\nstatus = 200\nforce = true\n';
  expect(await linesLeft({})).toEqual([[1, 3, 5, 7, 9, 1, 4, 7], []]);
});

test("headers for a path that a vercel.json moves are told of with the path to write", async () => {
  const bytes = new TextEncoder().encode("/about/\n  X-A: 1\n/about\n  X-A: 2\n");
  const output = {
    has: (path: string) => ["_headers", "index.html", "about.html"].includes(path),
    blobOf: (path: string) => (path === "_headers" ? { hash: sha256(bytes), size: bytes.byteLength } : undefined),
    bytesOf: async () => bytes,
  };
  const header = (source: string) => ({ source, headers: [{ key: "X-B", value: "1" }] });
  const config = { cleanUrls: true, trailingSlash: false, headers: [header("/about.html"), header("/about")] };
  const vercel = { file: "vercel.json", text: JSON.stringify(config) };
  const { routes, warnings } = await rulesOf({ netlify: undefined, vercel, hasCloudflareMark: false }, output, {});
  expect(routes?.headers.map(({ path }) => path)).toEqual([["/about"], ["/about"]]);
  expect(warnings).toEqual([
    expect.stringContaining("_headers line 1: its headers would reach nobody, as '/about/' leads to '/about'"),
    expect.stringContaining("vercel.json line 1: its headers would reach nobody, as '/about.html' leads to '/about'"),
  ]);
});
