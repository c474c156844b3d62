import { expect, test } from "bun:test";
import fc from "fast-check";
import { decodePath, encodePath } from "../request-path.ts";
import { encodeMarkedPath, markedPath, unmarked } from "./escapes.ts";

test.each([
  ["/a%2Bb", true, "/a%2Bb"],
  ["/a%2bb+c", false, "/a%2Bb+c"],
  ["/@scope%2Fname", true, "/@scope%2Fname"],
  ["/%40scope%2Fname%3A1", false, "/%40scope/name%3A1"],
  ["/a%3Bb%3Dc%26d%24e%2C", false, "/a%3Bb%3Dc%26d%24e%2C"],
  ["/https%3A%2F%2Fx.example%2F", true, "/https%3A%2F%2Fx.example%2F"],
  ["/%252F%20ü%2B%F0%9F%98%80", true, "/%252F%20%C3%BC%2B%F0%9F%98%80"],
])("of %s, for a URL %p, is kept %s", (rawPath, isForUrl, kept) => {
  expect(encodeMarkedPath(markedPath(rawPath, isForUrl)!)).toBe(kept);
});

test.each(["/", "/a+b", "/a%20b", "/%3F%23%5B", "/%F0%9F%98%80", "/%2B%EF%9C%AF"])(
  "in %s nothing is marked",
  (rawPath) => {
    expect(markedPath(rawPath, true)).toBeUndefined();
  },
);

const raw = fc
  .array(fc.constantFrom("/", "a", "%2F", "%2b", "%40", "%3A", "%25", "%20", "+", "@", "ü", "%C3%BC", "😀"), {
    maxLength: 12,
  })
  .map((pieces) => `/${pieces.join("")}`);

test("marks change nothing of what a path means", () => {
  fc.assert(
    fc.property(raw, fc.boolean(), (rawPath, isForUrl) => {
      const decoded = decodePath(rawPath);
      const marked = markedPath(rawPath, isForUrl);
      if (marked === undefined || decoded.kind !== "path") return;
      const written = encodeMarkedPath(marked);
      for (const text of [unmarked(marked), decodeURIComponent(written)]) {
        expect(text.replace(/\/{2,}/g, "/")).toBe(decoded.path);
      }
      expect(decodeURIComponent(encodePath(decoded.path))).toBe(decoded.path);
      // Nothing more begins a host, a query or a fragment than without marks.
      expect(written).not.toMatch(/^\/\/|[?#\\]/);
    }),
    { numRuns: 2000 },
  );
});
