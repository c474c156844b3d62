import { expect, test } from "bun:test";
import { sha256 } from "../model/ids.ts";
import type { TreeEntry } from "../model/tree.ts";
import { filesBelow } from "./tree-files.ts";

/** A text that begins with `->` is a link. */
function look(contents: Record<string, string>, folder = ".") {
  const targets = new Map<string, string>();
  const entries = Object.entries(contents).map(([path, text]): TreeEntry => {
    if (text.startsWith("->")) targets.set(path, text.slice(2));
    return { path, mode: text.startsWith("->") ? "120000" : "100644", hash: sha256(text), size: text.length };
  });
  const { files, left } = filesBelow({ entries }, folder, targets);
  return { files: Object.fromEntries(files.map(({ path, entry }) => [path, entry.path])), left };
}

test("files are seen from the folder that is published", () => {
  expect(look({ "index.html": "x", "site/a.html": "a", "site/b/c.html": "c" }, "site")).toEqual({
    files: { "a.html": "site/a.html", "b/c.html": "site/b/c.html" },
    left: [],
  });
});

test("a link to a file, to a folder and through another link stands for what it leads to", () => {
  const tree = {
    "a/style.css": "s",
    "a/deep/x.html": "x",
    "link.css": "->a/style.css",
    b: "->a",
    "c.html": "->b/deep/x.html",
  };
  expect(look(tree)).toEqual({
    files: {
      "a/style.css": "a/style.css",
      "a/deep/x.html": "a/deep/x.html",
      "link.css": "a/style.css",
      "b/style.css": "a/style.css",
      "b/deep/x.html": "a/deep/x.html",
      "c.html": "a/deep/x.html",
    },
    left: [],
  });
});

test.each([
  ["->../secret", "leads out"],
  ["->/etc/passwd", "is absolute"],
  ["->nowhere", "leads nowhere"],
  ["->link", "leads to itself"],
  ["->.", "leads to the folder that it lies in"],
  ["->inner/../../secret", "leads out by a detour"],
  ["->page.html/..", "goes through a file"],
])("a link %s, which %s, is left out", (link) => {
  const tree = { secret: "s", "site/page.html": "p", "site/inner/x": "x", "site/link": link };
  const { files, left } = look(tree, "site");
  expect(left).toEqual(["link"]);
  expect(Object.values(files)).not.toContain("secret");
});

test("links that lead to each other's folders end", () => {
  const { left } = look({ "a/to-b": "->../b", "b/to-a": "->../a", "a/x": "x" });
  expect(left.length).toBeGreaterThan(0);
});
