import { expect, test } from "bun:test";
import { IntegrityCheck } from "./integrity.ts";

const hash = (name: "sha512" | "sha256" | "sha1", text: string, form: "base64" | "hex" = "base64") =>
  new Bun.CryptoHasher(name).update(text).digest(form);

test.each([
  ["the strongest hash decides", { integrity: `sha1-${hash("sha1", "no")} sha512-${hash("sha512", "yes")}` }, true],
  ["a weaker one saves nothing", { integrity: `sha1-${hash("sha1", "yes")} sha512-${hash("sha512", "no")}` }, false],
  ["one of several of a kind", { integrity: `sha512-${hash("sha512", "no")} sha512-${hash("sha512", "yes")}` }, true],
  ["an old version's shasum", { shasum: hash("sha1", "yes", "hex") }, true],
  ["another shasum", { shasum: hash("sha1", "no", "hex") }, false],
  [
    "a shasum beside an integrity",
    { integrity: `sha256-${hash("sha256", "no")}`, shasum: hash("sha1", "yes", "hex") },
    false,
  ],
  ["no hash at all", {}, false],
  ["an unknown kind", { integrity: "md5-AAAA" }, false],
])("%s", (_, dist, expected) => {
  const check = new IntegrityCheck();
  for (const part of ["y", "es"]) check.update(Buffer.from(part));
  expect(check.matches(dist)).toBe(expected);
});
