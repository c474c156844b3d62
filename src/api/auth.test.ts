import { expect, test } from "bun:test";
import { cookieName, isOwnOrigin } from "./auth.ts";

test.each([
  ["the website", "https://berth.example", "berth.example", true],
  ["the same name in clear", "http://berth.example", "berth.example", false],
  ["another name of the machine", "http://127.0.0.1:3000", "127.0.0.1:3000", true],
  ["a site", "https://blog.berth.example", "berth.example", false],
  ["another port", "https://berth.example:8443", "berth.example", false],
  ["a page without an origin", "null", "berth.example", false],
  ["nobody", undefined, "berth.example", false],
])("%s may change something by the cookie of https://berth.example: %p", (_, origin, host, expected) => {
  expect(isOwnOrigin({ origin, host, baseUrl: "https://berth.example" })).toBe(expected);
});

test("a website without HTTPS is itself", () => {
  const baseUrl = "http://localhost:3000";
  expect(isOwnOrigin({ origin: "http://localhost:3000", host: "localhost:3000", baseUrl })).toBe(true);
  // Whoever stands in front has the certificate.
  expect(isOwnOrigin({ origin: "https://localhost:3000", host: "localhost:3000", baseUrl })).toBe(true);
});

test("over HTTPS the session's cookie is of a kind that no host beside it can set", () => {
  expect(cookieName({ baseUrl: "https://berth.example" })).toStartWith("__Host-");
  expect(cookieName({ baseUrl: "http://localhost:3000" })).not.toContain("__");
});
