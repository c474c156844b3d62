import { expect, test } from "bun:test";
import { isProductionHost, parseHost } from "./request-host.ts";

test.each([
  ["Site.LOCALHOST:3000", "site.localhost"],
  ["site.localhost.", "site.localhost"],
  ["main--site.localhost", "main--site.localhost"],
  ["a_b.example", "a_b.example"],
  ["site.localhost.:80", "site.localhost"],
])("%s is the host %s", (header, host) => expect(parseHost(header)).toBe(host));

test.each([
  null,
  "",
  ".",
  "a..b",
  ".a",
  "u@a.b",
  "a.b/c",
  "a, b",
  "a b",
  "a:b",
  "a:1:2",
  "[::1]:3",
  "a\u0000b",
  "ä.de",
  "-a.b",
  `${"a".repeat(254)}`,
])("%p is none", (header) => expect(parseHost(header)).toBeUndefined());

test("search engines list production hosts alone", () => {
  const shown = (host: string) => isProductionHost(host, "localhost");
  expect(shown("site.localhost")).toBe(true);
  expect(shown("xn--bcher-kva.example")).toBe(true);
  expect(shown("main--site.localhost")).toBe(false);
  expect(shown("a0000000000000000001.localhost")).toBe(false);
});
