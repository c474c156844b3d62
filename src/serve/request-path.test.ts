import { expect, test } from "bun:test";
import fc from "fast-check";
import { decodePath, encodePath, splitTarget } from "./request-path.ts";

test.each([
  ["/", "/"],
  ["/a/b.html", "/a/b.html"],
  ["/%C3%A4%20b", "/ä b"],
  ["/a%2Fb", "/a/b"],
  ["/.well-known/x", "/.well-known/x"],
  ["/%2541", "/%41"],
])("%s is read as %s", (raw, path) =>
  expect(decodePath(raw)).toEqual({ kind: "path", path, hadRepeatedSlashes: false }),
);

test.each(["//a", "/a//b/", "/%2Fevil.example"])("%s has repeated slashes", (raw) =>
  expect(decodePath(raw)).toMatchObject({ kind: "path", hadRepeatedSlashes: true }),
);

test.each([
  "",
  "a",
  "/%",
  "/%4",
  "/%ff",
  "/%C3",
  "/a%00",
  "/%0d%0aX:1",
  "/\\a",
  "/%5Cevil.example",
  "/../a",
  "/%2e%2e/a",
  "/a/..%2fb",
  "/a/.",
  "/\ud800",
])("%p is refused", (raw) => expect(decodePath(raw).kind).toBe("bad-path"));

test("what is decoded can be written again and read back the same", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const decoded = decodePath(`/${text}`);
      if (decoded.kind === "bad-path") return;
      const written = encodePath(decoded.path);
      expect(written).toMatch(/^\/(?![/\\])[!-~]*$/);
      expect(decodePath(written)).toMatchObject({ kind: "path", path: decoded.path });
    }),
  );
});

test.each([
  ["http://a/b?c=d?e#f", "/b", "?c=d?e"],
  ["http://a", "/", ""],
  ["http://a/#?x", "/", ""],
  ["/b?c", "/b", "?c"],
  ["/b?", "/b", ""],
  ["http://a/b?#c", "/b", ""],
  ["/x?u=http://y", "/x", "?u=http://y"],
])("%s is split", (url, path, query) => expect(splitTarget(url)).toEqual({ path, query }));
