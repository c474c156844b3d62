import { expect, test } from "bun:test";
import { join } from "node:path";
import { CLASSES, classOf } from "./classes.ts";

test("docs/differences.md argues every class of differences, and no other", async () => {
  const text = await Bun.file(join(import.meta.dir, "../../docs/differences.md")).text();
  const argued = [...text.matchAll(/^### (.+)\n`([\w-]+)`\./gm)].map(([, title, name]) => [name, title]);
  expect(argued.sort()).toEqual(
    Object.entries(CLASSES)
      .map(([name, { title }]) => [name, title])
      .sort(),
  );
});

test("what no class explains is unexplained", () => {
  const site = {
    htmlHandling: "auto-trailing-slash",
    notFoundHandling: "none",
    files: ["index.html"],
    redirects: "",
    headers: "",
    targets: [],
  } as const;
  const theirs = { status: 200, location: undefined, body: "index.html", headers: "||" };
  expect(classOf({ site, target: "/", theirs, ours: { ...theirs, status: 404, body: "" } })).toBe("unexplained");
  expect(classOf({ site, target: "/%zz", theirs, ours: { ...theirs, status: 400, body: "" } })).toBe("bad-path");
});
