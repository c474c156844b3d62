import { expect, test } from "bun:test";
import fc from "fast-check";
import { localPath } from "./local-path.ts";

test.each([
  ["/", "/"],
  ["/a/b?c=d&e", "/a/b?c=d&e"],
  ["", "/"],
  ["a", "/"],
  ["https://evil.example/", "/"],
  ["//evil.example/x", "/"],
  ["/\\evil.example", "/"],
  ["/\t/evil.example", "/"],
  ["/.//evil.example", "/evil.example"],
  ["/a/..//evil.example", "/evil.example"],
  ["/%2e//evil.example", "/evil.example"],
  ["/a\r\nSet-Cookie: x", "/aSet-Cookie:%20x"],
])("%j leads to %j", (target, path) => {
  expect(localPath(target)).toBe(path);
});

test("whatever is given, a browser stays on the host", () => {
  const pieces = fc.constantFrom(
    "/",
    "\\",
    ".",
    "..",
    "%2f",
    "%5c",
    "evil.example",
    "@",
    ":",
    "?",
    "#",
    "\t",
    "\n",
    "http:",
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string({ maxLength: 3 })), { maxLength: 8 }), (parts) => {
      const path = localPath(parts.join(""));
      expect(path).toMatch(/^\/(?![/\\])/);
      expect(path).not.toMatch(/[\r\n\t]/);
      expect(new URL(path, "http://site.example:81").host).toBe("site.example:81");
    }),
  );
});
