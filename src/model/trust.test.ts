import { expect, test } from "bun:test";
import { isFork, repositoryName, trustOf } from "./trust.ts";

test.each([
  [{ fork: false, production: true }, "production"],
  [{ fork: false, production: false }, "preview"],
  [{ fork: true, production: false }, "fork"],
  [{ fork: true, production: true }, "fork"],
] as const)("%j is %s", (deployment, trust) => {
  expect(trustOf(deployment)).toBe(trust);
});

const git = (url: string) => ({ kind: "git", url, branch: null, commit: null }) as const;

test.each([
  ["https://a.example/me/site", "https://a.example/me/site.git", false],
  ["https://a.example/me/site", "https://a.example/me/site.git/", false],
  ["https://a.example/me/site.git", "https://a.example/me/site/", false],
  ["https://a.example/me/site", "https://a.example/you/site", true],
  ["https://a.example/me/site", "http://a.example/me/site", true],
  ["https://a.example/me/site", "https://a.example/me/site2", true],
  ["https://a.example/me/site", "/srv/site", true],
  ["/srv/site", "/srv/site/.git", false],
  ["/srv/site", "/srv/other", true],
  [null, "https://a.example/me/site", true],
])("of %p the source %p: a fork is %p", (repository, url, fork) => {
  expect(isFork(repository, git(url))).toBe(fork);
});

test("a plain folder is nobody's fork", () => {
  expect(isFork("https://a.example/me/site", { kind: "folder", path: "/srv/site" })).toBe(false);
});

test("the root folder keeps its name", () => {
  expect(repositoryName("/srv/site//")).toBe("/srv/site");
});
