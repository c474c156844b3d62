import { expect, test } from "bun:test";
import { parsePointer } from "./large-files.ts";
import { parseModules, resolveSubmoduleUrl } from "./submodules.ts";

test("where a submodule may come from", () => {
  const cases: [string, string, string | undefined][] = [
    ["https://host.example/a.git", "https://other.example/b", "https://host.example/a.git"],
    ["../a.git", "https://host.example/owner/b.git", "https://host.example/owner/a.git"],
    ["./a", "https://host.example/owner/b.git/", "https://host.example/owner/b.git/a"],
    ["../../x/a", "https://host.example/owner/b", "https://host.example/x/a"],
    ["../../..", "https://host.example/owner/b", undefined],
    ["../a", "http://host.example:81/owner/b", "http://host.example:81/owner/a"],
    ["http://host.example/a", "https://host.example/b", "https://host.example/a"],
    ["http://host.example:82/a", "http://host.example:81/b", undefined],
    ["git@host.example:a/b.git", "https://other.example/b", "https://host.example/a/b.git"],
    ["../a", "git@host.example:owner/b", "https://host.example/owner/a"],
    ["ssh://git@host.example/a", "https://host.example/b", "https://host.example/a"],
    ["git://host.example/a/b", "https://host.example/b", "https://host.example/a/b"],
    ["ssh://git@host.example:2222/a", "https://host.example/b", undefined],
    ["ssh://me@host.example/a", "https://host.example/b", undefined],
    ["me@host.example:a", "https://host.example/b", undefined],
    ["git@host.example:~me/a", "https://host.example/b", undefined],
    ["git@host.example:2222/a", "https://host.example/b", undefined],
    ["https://user:secret@host.example/a", "https://host.example/b", undefined],
    ["file:///srv/a", "https://host.example/b", undefined],
    ["/srv/a", "https://host.example/b", undefined],
    ["/srv/a", "/srv/b", "/srv/a"],
    ["../a", "/srv/b", "/srv/a"],
    ["ext::sh -c id", "https://host.example/b", undefined],
    ["--upload-pack=id", "https://host.example/b", undefined],
    ["-u", "/srv/b", undefined],
  ];
  for (const [url, parent, expected] of cases) {
    const resolved = resolveSubmoduleUrl(url, parent);
    expect([url, "url" in resolved ? resolved.url : undefined]).toEqual([url, expected]);
  }
});

test(".gitmodules is read as git lists it", () => {
  const listing = [
    "submodule.a.b.path\nlib/a",
    "submodule.a.b.url\nhttps://host.example/a",
    "submodule.only.path\nx",
    "core.pager\nless",
    "",
  ];
  expect([...parseModules(listing.join("\0"))]).toEqual([["lib/a", "https://host.example/a"]]);
});

test("a pointer of Git LFS", () => {
  const oid = "a".repeat(64);
  const text = `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize 12345\n`;
  expect(parsePointer(text)).toEqual({ oid, size: 12345 });
  expect(parsePointer(text.replace("sha256", "sha1"))).toBeUndefined();
  expect(parsePointer("a file")).toBeUndefined();
});
