import { expect, test } from "bun:test";
import fc from "fast-check";
import { type PackageRequest, parsePackagePath, tarballPath } from "./registry-path.ts";

test.each<[string, PackageRequest]>([
  ["/vite", { kind: "packument", name: "vite" }],
  ["/@scope/name", { kind: "packument", name: "@scope/name" }],
  ["/@scope%2fname", { kind: "packument", name: "@scope/name" }],
  ["/@scope%2Fname", { kind: "packument", name: "@scope/name" }],
  ["/JSONStream", { kind: "packument", name: "JSONStream" }],
  ["/vite/7.1.0", { kind: "version", name: "vite", version: "7.1.0" }],
  ["/@scope/name/latest", { kind: "version", name: "@scope/name", version: "latest" }],
  ["/vite/-/vite-7.1.0-beta.1+2.tgz", { kind: "tarball", name: "vite", version: "7.1.0-beta.1+2" }],
  ["/@scope/name/-/name-1.0.0.tgz", { kind: "tarball", name: "@scope/name", version: "1.0.0" }],
  ["/@scope%2fname/-/name-1.0.0.tgz", { kind: "tarball", name: "@scope/name", version: "1.0.0" }],
  ["/@scope/name/-/@scope/name-1.0.0.tgz", { kind: "tarball", name: "@scope/name", version: "1.0.0" }],
])("%s", (path, request) => {
  expect(parsePackagePath(path)).toEqual(request);
});

test.each([
  ["/"],
  ["/@scope"],
  ["/.hidden"],
  ["/../../etc/passwd"],
  ["/%2e%2e/x"],
  ["/a/b/c"],
  ["/a/-/b-1.0.0.tgz"],
  ["/a/-/a-1.0.0.zip"],
  ["/a/-/x/a-1.0.0.tgz"],
  ["/-/v1/search"],
  ["/%E0%A4%A"],
  ["/a%00b"],
  [`/${"a".repeat(300)}`],
])("%s is no package's", (path) => {
  expect(parsePackagePath(path)).toBeUndefined();
});

test("an archive's path leads back to its version", () => {
  const word = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/);
  const version = fc.stringMatching(/^\d{1,3}\.\d{1,3}\.\d{1,3}(-[a-z0-9.]{1,10})?$/);
  fc.assert(
    fc.property(word, word, fc.boolean(), version, (scope, bare, isScoped, number) => {
      const name = isScoped ? `@${scope}/${bare}` : bare;
      const request = parsePackagePath(`/${tarballPath(name, number)}`);
      expect(request).toEqual({ kind: "tarball", name, version: number });
    }),
  );
});
