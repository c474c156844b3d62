import { expect, test } from "bun:test";
import { sha256 } from "../model/ids.ts";
import { assertSourceFits, sourceFault } from "./slot-space.ts";

const MIB = 1024 ** 2;
const tree = (...sizes: number[]) => ({
  entries: sizes.map((size, at) => ({ path: `${at}`, mode: "100644" as const, hash: sha256(`${at}`), size })),
});

test("a source takes whole blocks of a slot's space", () => {
  expect(() => assertSourceFits(tree(3 * MIB, MIB), { diskBytes: 4 * MIB })).not.toThrow();
  expect(() => assertSourceFits(tree(3 * MIB, MIB, 1), { diskBytes: 4 * MIB })).toThrow(
    "The source takes 5 MiB, and a build has 4 MiB of disk space.",
  );
  expect(() => assertSourceFits(tree(...Array(1024).fill(1)), { diskBytes: 4 * MIB })).not.toThrow();
  expect(() => assertSourceFits(tree(...Array(1025).fill(1)), { diskBytes: 4 * MIB })).toThrow(/takes 5 MiB/);
});

test("a full volume is the source's fault, a full machine the platform's", () => {
  const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  const broken = Object.assign(new Error("i/o error"), { code: "EIO" });
  expect(sourceFault(full, { diskBytes: 64 * MIB, hasVolume: true })).toMatchObject({ code: "build_limit" });
  expect(sourceFault(full, { diskBytes: 64 * MIB, hasVolume: false })).toBe(full);
  expect(sourceFault(broken, { diskBytes: 64 * MIB, hasVolume: true })).toBe(broken);
});
