import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { basePathWarning } from "./base-path.ts";

const FILES = ["index.html", "assets/app.js", "assets/app.css", "img/a b.png", "favicon.ico"];
const warn = (text: string, framework: string | null = "vite", paths = FILES) =>
  basePathWarning({ text, has: (path) => paths.includes(path), framework });

describe("built for a folder", () => {
  test.each([
    ["a script", '<script type="module" src="/boats/assets/app.js"></script>', "/boats/"],
    ["a style without quotes", "<link rel=stylesheet href=/boats/assets/app.css?v=1>", "/boats/"],
    ["a folder in a folder", "<script src='/team/boats/assets/app.js'></script>", "/team/boats/"],
    ["an encoded name", '<img alt="x" src="/boats/img/a%20b.png">', "/boats/"],
    ["a base element", '<base href="/boats/"><script src="assets/app.js"></script>', "/boats/"],
    [
      "most of the page",
      '<link href="/favicon.ico"><script src="/boats/assets/app.js"></script><link href="/boats/assets/app.css">',
      "/boats/",
    ],
  ])("%s", (_, html, base) => {
    expect(warn(`<!doctype html><head>${html}</head>`)).toContain(`below '${base}' of its host`);
  });

  test.each([
    ["boats.github.io/assets/app.js", "https://boats.github.io/"],
    ["team.github.io/boats/assets/app.js", "https://team.github.io/boats/"],
    ["boats.pages.dev/assets/app.js", "https://boats.pages.dev/"],
  ])("for another host: %s", (address, place) => {
    expect(warn(`<link href="/favicon.png"><script src="https://${address}"></script>`)).toBe(
      `The site was built to lie at '${place}': index.html asks for '${place}assets/app.js', which is '/assets/app.js' here. Build it for '/': 'base' in vite.config, or '--base' in the build script says where it lies.`,
    );
    expect(warn(`<script src="https://${address}"></script><script src="/assets/app.js"></script>`)).toBeUndefined();
    expect(warn(`<script src="https://${address}/other.js"></script>`)).toBeUndefined();
  });

  test("a page that asks for no file of its host is told by its links", () => {
    const pages = ["index.html", "css/index.html", "about.html"];
    const links = '<a href="/">Top</a><a href="/boats/css/">CSS</a> <a href="/boats/about#x">About</a>';
    expect(warn(`<link href="https://cdn.example/boats/a.png">${links}`, "eleventy", pages)).toBe(
      "The site was built to lie below '/boats/' of its host: index.html links to '/boats/css/', which is '/css/' here. Its files are shown below '/boats/', too; build it for '/': 'pathPrefix' in Eleventy's configuration says where it lies.",
    );
    const own = '<a href="/css/">CSS</a><a href="about">About</a><a href="/boats/css">Boats</a>';
    expect(warn(own, "eleventy", pages)).toBeUndefined();
    expect(warn('<a href="/boats/">Boats</a><a href="/boats/other/">Other</a>', "eleventy", pages)).toBeUndefined();
  });

  test("the example and the framework's setting are named", () => {
    const html = '<script src="/boats/assets/app.js"></script>';
    expect(warn(html, "docusaurus")).toBe(
      "The site was built to lie below '/boats/' of its host: index.html asks for '/boats/assets/app.js', which is '/assets/app.js' here. Its files are shown below '/boats/', too; build it for '/': 'baseUrl' in docusaurus.config says where it lies.",
    );
    expect(warn(html, "solid-js")).toContain("vite.config");
    expect(warn(html, null)).toContain("look for that name");
  });
});

test.each([
  ["for the top", '<script src="/assets/app.js"></script><link href="assets/app.css">'],
  ["from another host", '<script src="https://cdn.example/boats/assets/app.js"></script>'],
  ["from another host without a scheme", '<script src="//cdn.example/boats/assets/app.js"></script>'],
  ["with a file that is nowhere", '<script src="/boats/other.js"></script>'],
  ["with links to pages", '<link rel="canonical" href="/boats/">'],
  [
    "mostly for the top",
    '<script src="/assets/app.js"></script><link href="/assets/app.css"><img src="/x/favicon.ico">',
  ],
  [
    "with broken addresses",
    '<script src="/%E0%A4%A/assets/app.js"></script><link href="http://["><base href="http://[">',
  ],
  ["without anything", ""],
])("no warning: a page %s", (_, html) => {
  expect(warn(html)).toBeUndefined();
});

test("any text is looked at without a fault", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom(
          "<script",
          "<base",
          " src=",
          ' href="',
          "/boats/",
          "assets/app.js",
          '"',
          ">",
          "<",
          "\n",
          "%",
          "é",
        ),
      ),
      (parts) => {
        warn(parts.join(""));
      },
    ),
  );
});
