import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Access, Protection } from "../model/access.ts";
import { hasValidCookie, signCookie, withoutOwnCookies } from "./access-cookie.ts";

const key: Protection = { id: "key1", scope: "all", kind: "password", hash: "", createdAt: "" };
const access: Access = { version: 1, cookieKey: Buffer.alloc(32, 7).toString("base64"), protections: [key] };
const given = { access, host: "a.localhost", nowMs: 1_000_000, isSecure: false };
const cookie = (changes: Partial<typeof given> = {}) => signCookie(key, { ...given, ...changes }).split(";")[0]!;

test("what is signed holds for a week", () => {
  expect(signCookie(key, given)).toMatch(/^berth_access=[\w.-]+; Path=\/; Max-Age=604800; HttpOnly; SameSite=Lax$/);
  expect(signCookie(key, { ...given, isSecure: true })).toMatch(/^__Host-berth_access=.*; Path=\/;.*; Secure$/);
  expect(hasValidCookie(`x=1; ${cookie()}`, [key], given)).toBe(true);
  const week = 7 * 24 * 3_600_000;
  expect(hasValidCookie(cookie(), [key], { ...given, nowMs: given.nowMs + week - 1000 })).toBe(true);
  expect(hasValidCookie(cookie(), [key], { ...given, nowMs: given.nowMs + week })).toBe(false);
});

test("one that a sibling host set beside it does no harm", () => {
  expect(hasValidCookie(`berth_access=key1.99999999999.forged; ${cookie()}`, [key], given)).toBe(true);
});

test.each([
  ["of another host", cookie({ host: "b.localhost" })],
  ["of another project's key", cookie({ access: { ...access, cookieKey: Buffer.alloc(32, 8).toString("base64") } })],
  ["of a later end", cookie().replace(/\.(\d+)\./, ".99999999999.")],
  ["without signature", "berth_access=key1.99999999999."],
  ["of plain HTTP under the name of HTTPS", cookie({ isSecure: true })],
])("a cookie %s does not count", (_, header) => {
  expect(hasValidCookie(header, [key], given)).toBe(false);
});

test("a new password ends what the old one gave", () => {
  expect(hasValidCookie(cookie(), [{ ...key, id: "key2" }], given)).toBe(false);
});

test("nothing that was not signed gets in", () => {
  const value = cookie().slice("berth_access=".length);
  fc.assert(
    fc.property(fc.nat(value.length - 1), fc.constantFrom("A", "b", "0", "9", ".", "-"), (at, character) => {
      const changed = value.slice(0, at) + character + value.slice(at + 1);
      expect(hasValidCookie(`berth_access=${changed}`, [key], given)).toBe(changed === value);
    }),
  );
});

test("the platform's own cookies go to no other server", () => {
  expect(withoutOwnCookies(`a=1;berth_access=x; __Host-berth_access=y;b=2`)).toBe("a=1; b=2");
  expect(withoutOwnCookies("berth_access=x")).toBeUndefined();
});
