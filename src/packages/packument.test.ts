import { expect, test } from "bun:test";
import { abbreviate, distsOf, pointTo } from "./packument.ts";

const full = {
  _id: "tool",
  name: "tool",
  readme: "x".repeat(100),
  "dist-tags": { latest: "1.0.0" },
  time: { modified: "2026-01-01T00:00:00.000Z", "1.0.0": "2025-01-01T00:00:00.000Z" },
  versions: {
    "1.0.0": {
      name: "tool",
      version: "1.0.0",
      dependencies: { other: "^1" },
      scripts: { postinstall: "node x", test: "y" },
      author: "somebody",
      dist: { tarball: "https://up.example/tool/-/tool-1.0.0.tgz", integrity: "sha512-AAAA", fileCount: 3 },
    },
  },
};

test("the short form holds what an install reads, and says that there is a script", () => {
  expect(abbreviate(full)).toEqual({
    name: "tool",
    modified: "2026-01-01T00:00:00.000Z",
    "dist-tags": { latest: "1.0.0" },
    versions: {
      "1.0.0": {
        name: "tool",
        version: "1.0.0",
        dependencies: { other: "^1" },
        hasInstallScript: true,
        dist: full.versions["1.0.0"].dist,
      },
    },
  });
});

test("archives are asked of the cache, whatever their registry calls them", () => {
  const packument = structuredClone(full);
  packument.versions["1.0.0"].dist.tarball = "https://elsewhere.example/download/tool/1.0.0/0a1b";
  expect([...distsOf(packument)]).toEqual([
    ["1.0.0", { tarball: "https://elsewhere.example/download/tool/1.0.0/0a1b", integrity: "sha512-AAAA" }],
  ]);
  pointTo("http://127.0.0.1:1/", packument);
  expect(packument.versions["1.0.0"].dist.tarball).toBe("http://127.0.0.1:1/tool/-/tool-1.0.0.tgz");
});
