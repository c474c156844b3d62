import fc from "fast-check";
import { HTML_HANDLING, NOT_FOUND_HANDLING } from "../../src/model/manifest.ts";

export interface GeneratedSite {
  htmlHandling: (typeof HTML_HANDLING)[number];
  notFoundHandling: (typeof NOT_FOUND_HANDLING)[number];
  /** Paths; the content of each is its path. */
  files: readonly string[];
  redirects: string;
  headers: string;
  /** Request targets. */
  targets: readonly string[];
}

const POOL = [
  "a.html",
  "a/index.html",
  "a/b.html",
  "b",
  "b.html",
  "c/index.html",
  "c/404.html",
  "404.html",
  "d.css",
  "d/e/f.html",
  "ü.html",
  "x y.html",
  "[z].html",
  "p+q.txt",
  "index/index.html",
  "q/index",
  "g.html.html",
  "C.html",
  "h.html/index.html",
];

const files = fc.subarray(POOL, { minLength: 4 }).map((chosen) => ["index.html", ...chosen]);

/** What a path of a file may be written like, right or wrong. */
const target = (names: readonly string[]) => {
  const name = fc.constantFrom(
    ...names,
    "r1",
    "r/x/y",
    "p/1",
    "p/1/2",
    "t",
    "t/",
    "w/any",
    "missing",
    "missing.js",
    "a/missing",
    "c/no",
  );
  const ending = fc.constantFrom("", "", "", "/", "/index", "/index.html", ".html", "//", "/.", "/..", "%2f", "/b");
  const query = fc.constantFrom("", "", "", "?x=1", "?", "?a=%C3%BC&b=/../c");
  const writing = fc.constantFrom<(path: string) => string>(
    (path) => encodeURI(path),
    (path) => encodeURI(path),
    (path) => encodeURI(path.replace(/(?:\/index)?\.html$/, "")),
    (path) => encodeURI(path.replace(/index\.html$/, "")),
    (path) => path.split("/").map(encodeURIComponent).join("/"),
    (path) => encodeURI(path).replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
    (path) => encodeURI(path).replaceAll("/", "//"),
    (path) => encodeURI(path).replaceAll("/", "%2F"),
    (path) => encodeURI(path).toUpperCase(),
    (path) => `/${encodeURI(path)}`,
    (path) => `./${encodeURI(path)}`,
    (path) => `../${encodeURI(path)}`,
    (path) => `%2e%2e/${encodeURI(path)}`,
    (path) => encodeURI(path).replaceAll("/", "\\"),
    (path) => `${encodeURI(path)}%`,
    (path) => `${encodeURI(path)}%00`,
  );
  return fc.tuple(name, ending, writing, query).map(([path, end, write, search]) => `/${write(path)}${end}${search}`);
};

const rule = fc.oneof(
  fc.tuple(
    fc.constantFrom("/r1", "/t/", "/a", "/b", "/missing", "/c/no"),
    fc.constantFrom("/c/", "/moved", "/q?x=2", "/f#part", "https://example.com/there"),
    fc.constantFrom("301", "302", "303", "307", "308"),
  ),
  fc.tuple(
    fc.constantFrom("/r/*", "/a/*", "/t/*"),
    fc.constantFrom("/moved/:splat", "https://example.com/:splat"),
    fc.constantFrom("301", "302"),
  ),
  fc.tuple(fc.constantFrom("/p/:x", "/p/:x/:y"), fc.constantFrom("/got/:x", "/q?id=:x"), fc.constantFrom("301", "308")),
  fc.tuple(
    fc.constantFrom("/w/*", "/r1", "/missing"),
    fc.constantFrom("/a", "/d.css", "/c/", "/not-there"),
    fc.constant("200"),
  ),
);
/** Cloudflare skips a second rule for one path with a warning. */
const redirects = fc
  .uniqueArray(rule, { selector: ([from]) => from, maxLength: 5 })
  .map((rules) => rules.map((parts) => `${parts.join(" ")}\n`).join(""));

const block = fc.tuple(
  fc.constantFrom("/*", "/a", "/d.css", "/:one", "/a/*", "/c/"),
  fc.uniqueArray(fc.constantFrom("X-One: 1", "X-Two: two", "X-One: other", "X-Got: :splat"), {
    minLength: 1,
    maxLength: 3,
  }),
);
const headers = fc
  .uniqueArray(block, { selector: ([path]) => path, maxLength: 3 })
  .map((blocks) => blocks.map(([path, lines]) => `${path}\n${lines.map((line) => `  ${line}\n`).join("")}`).join(""));

/** Every pair of the two settings once; the same sites for the same seed. */
export function generateSites(seed: number, targetsEach: number): GeneratedSite[] {
  const pairs = HTML_HANDLING.flatMap((html) => NOT_FOUND_HANDLING.map((notFound) => [html, notFound] as const));
  const parts = fc.sample(fc.tuple(files, redirects, headers), { seed, numRuns: pairs.length });
  return pairs.map(([htmlHandling, notFoundHandling], index) => {
    const [chosen, rules, headerRules] = parts[index]!;
    const targets = fc.sample(target(chosen), { seed: seed + index, numRuns: targetsEach });
    const files = [...chosen];
    return {
      htmlHandling,
      notFoundHandling,
      files,
      redirects: rules,
      headers: headerRules,
      targets: [...new Set(targets)],
    };
  });
}
