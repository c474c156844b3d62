import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { HTML_HANDLING, type HtmlHandling, type NotFoundHandling } from "../model/manifest.ts";
import { type RoutedRequest, resolve } from "./resolve.ts";

type Options = { html?: HtmlHandling; notFound?: NotFoundHandling; headers?: Record<string, string> } & Partial<
  Omit<RoutedRequest, "headers">
>;

/** One word for a decision: the file, `-> location`, or the kind. */
function decide(files: readonly string[], path: string, options: Options = {}): string {
  const { html = "auto-trailing-slash", notFound = "none", headers, ...request } = options;
  const site = {
    files: new Map(files.map((f) => [f, f])),
    htmlHandling: html,
    notFoundHandling: notFound,
    singlePage: files.find((file) => file === "/index.html"),
  };
  const decision = resolve(site, { method: "GET", path, query: "", ...request, headers: new Headers(headers) });
  if (decision.kind === "serve") return decision.status === 200 ? decision.file : `${decision.status} ${decision.file}`;
  return decision.kind === "redirect" ? `-> ${decision.location}` : decision.kind;
}

const FILES = ["/index.html", "/file.html", "/folder/index.html", "/logo.png"];
const X = "not-found";

// The tables of https://developers.cloudflare.com/workers/static-assets/routing/advanced/html-handling/
describe.each([
  [
    "auto-trailing-slash",
    [
      "/file.html",
      "-> /file",
      "-> /file",
      "-> /file",
      "-> /file",
      "-> /folder/",
      "-> /folder/",
      "-> /folder/",
      "-> /folder/",
      "/folder/index.html",
    ],
  ],
  [
    "force-trailing-slash",
    [
      "-> /file/",
      "-> /file/",
      "/file.html",
      "-> /file/",
      "-> /file/",
      "-> /folder/",
      "-> /folder/",
      "-> /folder/",
      "-> /folder/",
      "/folder/index.html",
    ],
  ],
  [
    "drop-trailing-slash",
    [
      "/file.html",
      "-> /file",
      "-> /file",
      "-> /file",
      "-> /file",
      "/folder/index.html",
      "-> /folder",
      "-> /folder",
      "-> /folder",
      "-> /folder",
    ],
  ],
  ["none", [X, "/file.html", X, X, X, X, X, X, "/folder/index.html", X]],
] as const)("%s", (html, expected) => {
  const paths = [
    "/file",
    "/file.html",
    "/file/",
    "/file/index",
    "/file/index.html",
    "/folder",
    "/folder.html",
    "/folder/index",
    "/folder/index.html",
    "/folder/",
  ];
  test.each(paths.map((path, n) => [path, expected[n]!]))("%s: %s", (path, result) => {
    expect(decide(FILES, path, { html })).toBe(result);
  });
  test("a file that is no page", () => {
    expect(decide(FILES, "/logo.png", { html })).toBe("/logo.png");
    expect(decide(FILES, "/logo.png/", { html })).toBe(X);
  });
});

test("a redirect keeps the query and stays on the host", () => {
  expect(decide(FILES, "/file.html", { query: "?a=b&c" })).toBe("-> /file?a=b&c");
  expect(decide(FILES, "//file", {})).toBe("-> /file");
  expect(decide(["/evil.com/index.html"], "//evil.com", {})).toBe("-> /evil.com/");
  expect(decide(["/evil.com/index.html"], "/%2Fevil.com/", {})).toBe("-> /evil.com/");
  expect(decide(["/a?#b.html"], "/a%3F%23b.html", {})).toBe("-> /a%3F%23b");
});

test("the nearest 404.html answers", () => {
  const files = ["/404.html", "/docs/404.html"];
  const notFound = "404-page";
  expect(decide(files, "/x", { notFound })).toBe("404 /404.html");
  expect(decide(files, "/docs/a/b", { notFound })).toBe("404 /docs/404.html");
  expect(decide(files, "/docsx/b", { notFound })).toBe("404 /404.html");
  expect(decide([], "/x/y", { notFound })).toBe(X);
});

test.each([
  ["/route/deep", {}, "/index.html"],
  ["/john.doe", {}, "/index.html"],
  ["/app.js", {}, X],
  ["/app.js", { headers: { accept: "text/html" } }, X],
  ["/route", { headers: { accept: "application/json" } }, X],
  ["/route", { headers: { accept: "text/*" } }, "/index.html"],
  ["/route", { headers: { accept: "image/png, */*;q=0.1" } }, "/index.html"],
  ["/route", { headers: { accept: "text/html;q=0, */*" } }, X],
  ["/route", { headers: { accept: "text/html;q=0.1" } }, "/index.html"],
  ["/route", { headers: { "sec-fetch-mode": "cors" } }, X],
  ["/x.png", { headers: { "sec-fetch-mode": "navigate" } }, "/index.html"],
] as const)("single-page %s %p: %s", (path, request, result) => {
  expect(decide(["/index.html"], path, { notFound: "single-page-application", ...request })).toBe(result);
});

test("methods and bad paths", () => {
  expect(decide(FILES, "/", { method: "HEAD" })).toBe("/index.html");
  expect(decide(FILES, "/", { method: "OPTIONS" })).toBe("options");
  expect(decide(FILES, "/", { method: "POST" })).toBe("method-not-allowed");
  expect(decide(FILES, "/%00")).toBe("bad-path");
});

const name = fc.constantFrom("a", "b", "index", "index.html", "a.html", "b.html", ".html", "a.html.html", "x.png");
const file = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => `/${parts.join("/")}`);
const mode = fc.constantFrom(...HTML_HANDLING);

test("every file can be reached by its own path, over one redirect at most", () => {
  fc.assert(
    fc.property(fc.uniqueArray(file, { minLength: 1, maxLength: 8 }), mode, (files, html) => {
      for (const path of files) {
        const first = decide(files, path, { html });
        const last = first.startsWith("-> ") ? decide(files, first.slice(3), { html }) : first;
        expect(last).toBe(path);
      }
    }),
    { numRuns: 500 },
  );
});

test("a redirect leads to a file of this host, whatever was asked for", () => {
  const part = fc.oneof(name, fc.constantFrom("", "..", "%2e", "\\", "%5c", "evil.com", "%2F", "@"), fc.string());
  const paths = fc.array(part, { maxLength: 5 }).map((parts) => `/${parts.join("/")}`);
  fc.assert(
    fc.property(fc.uniqueArray(file, { maxLength: 8 }), paths, mode, (files, path, html) => {
      const decision = decide(files, path, { html });
      if (!decision.startsWith("-> ")) return;
      const url = new URL(decision.slice(3), "http://site.example/");
      expect(url.host).toBe("site.example");
      expect(files).toContain(decide(files, url.pathname, { html }));
    }),
    { numRuns: 500 },
  );
});
