import { expect, test } from "bun:test";
import { withoutHosts } from "./lockfile-hosts.ts";

const REGISTRY = "http://registry.example/npm/";

test.each([
  ['  resolved "https://yarn.example/ms/-/ms-2.1.3.tgz#574c"', '  resolved "ms/-/ms-2.1.3.tgz#574c"'],
  ['  resolved "https://yarn.example/@types/ms/-/ms-0.7.34.tgz#1096"', '  resolved "@types/ms/-/ms-0.7.34.tgz#1096"'],
  ['  resolved "https://git.example/a/b/tar.gz/0ab1"', '  resolved "https://git.example/a/b/tar.gz/0ab1"'],
  ['  resolved "https://x.example/npm/all/ms/-/ms-1.tgz#1"', '  resolved "https://x.example/npm/all/ms/-/ms-1.tgz#1"'],
  ['  resolved "git+https://git.example/a/b.git#1"', '  resolved "git+https://git.example/a/b.git#1"'],
  ['  version "https://yarn.example/ms/-/ms.tgz"', '  version "https://yarn.example/ms/-/ms.tgz"'],
])("%s", (line, expected) => {
  expect(withoutHosts(`ms@2:\n${line}\n  integrity sha512-x\n`, REGISTRY)).toBe(
    `ms@2:\n${expected}\n  integrity sha512-x\n`,
  );
});

test.each([
  ["https://mirror.example/ms/-/ms-2.1.3.tgz", ""],
  ["https://mirror.example/@types/ms/-/ms-0.7.34.tgz", ""],
  ["", ""],
  ["https://git.example/a/b/tar.gz/0ab1", "https://git.example/a/b/tar.gz/0ab1"],
  ["https://x.example/npm/all/ms/-/ms-1.tgz", "https://x.example/npm/all/ms/-/ms-1.tgz"],
])("bun.lock: %s", (url, expected) => {
  const lockfile = (at: string) => `{\n  "packages": {\n    "ms": ["ms@2.1.3", "${at}", {}, "sha512-x"],\n  }\n}\n`;
  expect(withoutHosts(lockfile(url), REGISTRY)).toBe(lockfile(expected));
});

test.each([
  ["https://mirror.example/ms/-/ms-2.1.3.tgz", "http://registry.example/npm/ms/-/ms-2.1.3.tgz"],
  ["http://mirror.example:4873/@types/ms/-/ms-0.7.34.tgz", "http://registry.example/npm/@types/ms/-/ms-0.7.34.tgz"],
  ["https://mirror.example/@types%2fms/-/ms-1.tgz", "http://registry.example/npm/@types%2fms/-/ms-1.tgz"],
  ["git+ssh://git@git.example/a/b.git#0ab1", "git+ssh://git@git.example/a/b.git#0ab1"],
  ["https://git.example/a/b/tar.gz/0ab1", "https://git.example/a/b/tar.gz/0ab1"],
  ["https://x.example/npm/all/ms/-/ms-1.tgz", "https://x.example/npm/all/ms/-/ms-1.tgz"],
  ["file:../ms", "file:../ms"],
])("package-lock.json: %s", (url, expected) => {
  const lockfile = (at: string) => ({ packages: { "node_modules/ms": { resolved: at, integrity: "sha512-x" } } });
  for (const indent of [0, 2]) {
    const text = (at: string) => JSON.stringify(lockfile(at), null, indent);
    expect(withoutHosts(text(url), REGISTRY)).toBe(text(expected));
  }
});
