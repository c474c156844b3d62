import { expect, test } from "bun:test";
import { BerthError } from "../model/errors.ts";
import { refusalOf } from "./output-fault.ts";

const errno = (code: string) => Object.assign(new Error(`${code}: it failed`), { code });

test.each(["EACCES", "ENAMETOOLONG", "ELOOP", "ENOTDIR", "ENXIO", "ENOENT"])("%s is the build's", (code) => {
  expect(refusalOf(errno(code), "dist/a")).toMatchObject({
    code: "output_refused",
    message: `"dist/a" can't be read (${code}).`,
  });
});

test.each(["EMFILE", "ENFILE", "ENOMEM", "EIO", "ENOSPC"])("%s is the platform's", (code) => {
  const thrown = errno(code);
  expect(refusalOf(thrown, "dist/a")).toBe(thrown);
});

test("what is told already, and what is no fault of a file, stays", () => {
  const told = new BerthError("output_empty", "It is empty.", { hint: "Fill it." });
  expect(refusalOf(told, "x")).toBe(told);
  const other = new TypeError("a bug");
  expect(refusalOf(other, "x")).toBe(other);
});
