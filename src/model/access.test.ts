import { expect, test } from "bun:test";
import {
  type Access,
  type Door,
  type Protection,
  parsePassword,
  parseScope,
  protectionsOf,
  type Scope,
  withoutProtection,
  withProtection,
} from "./access.ts";

const aProtection = (scope: Scope, changes: Partial<Protection> = {}): Protection => ({
  id: scope,
  scope,
  kind: "password",
  hash: "x",
  createdAt: "2026-01-02T03:04:05.000Z",
  ...changes,
});
const anAccess = (...protections: Protection[]): Access => ({ version: 1, cookieKey: "", protections });

const production: Door = { isProduction: true, branch: "main" };
const main: Door = { isProduction: false, branch: "main" };
const other: Door = { isProduction: false, branch: "fix" };
const folder: Door = { isProduction: false, branch: null };

test.each([
  ["all", [true, true, true, true]],
  ["previews", [false, true, true, true]],
  ["branch:main", [false, true, false, false]],
  ["branch:null", [false, false, false, false]],
] as [Scope, boolean[]][])(
  "what '%s' closes: production, its branch elsewhere, another branch, a folder",
  (scope, closed) => {
    const doors = [production, main, other, folder];
    expect(doors.map((door) => protectionsOf(anAccess(aProtection(scope)), door).length > 0)).toEqual(closed);
  },
);

test("every key whose scope holds the host opens it", () => {
  const access = anAccess(aProtection("all"), aProtection("previews"), aProtection("branch:fix"));
  expect(protectionsOf(access, other).map(({ id }) => id)).toEqual(["all", "previews", "branch:fix"]);
});

test("scopes", () => {
  for (const text of ["all", "previews", "branch:main", "branch:feature/a"])
    expect(parseScope(text)).toBe(text as Scope);
  for (const text of ["", "none", "branch:", "branch:a b", `branch:${"x".repeat(201)}`, "ALL"]) {
    expect(() => parseScope(text)).toThrow(expect.objectContaining({ code: "protection_invalid" }));
  }
});

test("a password that is refused is not in the error", () => {
  expect(parsePassword("long enough, cafe\u0301")).toBe("long enough, café");
  for (const password of ["short", "x".repeat(201), "with\nline end", " with a space"]) {
    try {
      parsePassword(password);
      expect.unreachable();
    } catch (error) {
      expect((error as Error).message).not.toContain(password);
    }
  }
});

test("a new password takes the old one's place, a token stands beside others", () => {
  let access = withProtection(anAccess(aProtection("all", { id: "old" })), aProtection("all", { id: "new" }));
  access = withProtection(access, aProtection("previews"));
  for (const id of ["t1", "t2"]) access = withProtection(access, aProtection("all", { id, kind: "token" }));
  expect(access.protections.map(({ id }) => id)).toEqual(["new", "previews", "t1", "t2"]);
  expect(withoutProtection(access, "t1").protections.map(({ id }) => id)).toEqual(["new", "previews", "t2"]);
  const missing = expect.objectContaining({ code: "protection_not_found" });
  expect(() => withoutProtection(access, "t3")).toThrow(missing);
  expect(() => withoutProtection(undefined, "t3")).toThrow(missing);
});

test("there is an end to it", () => {
  let access = anAccess();
  for (let n = 0; n < 40; n += 1) access = withProtection(access, aProtection("all", { id: `${n}`, kind: "token" }));
  expect(() => withProtection(access, aProtection("all"))).toThrow(
    expect.objectContaining({ code: "protection_invalid" }),
  );
});
