import { expect, test } from "bun:test";
import fc from "fast-check";
import { type ByteRange, rangesOf } from "./byte-ranges.ts";

const parts = (...ranges: [number, number][]) => ({
  kind: "parts" as const,
  parts: ranges.map(([first, last]) => ({ first, last })),
});
const whole = { kind: "whole" as const };
const unsatisfiable = { kind: "unsatisfiable" as const };

test.each([
  ["bytes=0-3", parts([0, 3])],
  ["Bytes=0-3", parts([0, 3])],
  ["bytes=5-", parts([5, 9999])],
  ["bytes=-3", parts([9997, 9999])],
  ["bytes=-30000", parts([0, 9999])],
  ["bytes=9998-99999", parts([9998, 9999])],
  ["bytes=0-99999999999999999999", parts([0, 9999])],
  ["bytes=10000-", unsatisfiable],
  ["bytes=-0", unsatisfiable],
  ["bytes=10000-, -0", unsatisfiable],
  ["bytes=0-0, -1", parts([0, 0], [9999, 9999])],
  ["bytes=5000-5001, 0-1,", parts([5000, 5001], [0, 1])],
  ["bytes=-5, 500-501, 9990-9995, 2-3", parts([9990, 9999], [500, 501], [2, 3])],
  ["bytes=411-501, 0-1, 400-410", parts([400, 501], [0, 1])],
  ["bytes=0-1, 20000-", parts([0, 1])],
  ["bytes=0-9, 5-20, 21-30", parts([0, 30])],
  ["bytes=0-9, 10-19", parts([0, 19])],
  ["bytes=0-9, 11-19", parts([0, 9], [11, 19])],
  ["bytes=0-9, 100-109", parts([0, 9], [100, 109])],
  ["bytes=0-, 0-, 0-", parts([0, 9999])],
  ["bytes=0-5000, 5300-", parts([0, 5000], [5300, 9999])],
  [`bytes=${Array.from({ length: 17 }, (_, n) => `${n * 500}-${n * 500}`)}`, whole],
  [`bytes=${"0-0,".repeat(65)}`, whole],
  [`bytes=${" ".repeat(3000)}0-0`, whole],
  ["bytes=5-2", whole],
  ["bytes=0-1, 5-2", whole],
  ["bytes=-", whole],
  ["bytes=", whole],
  ["bytes=a-b", whole],
  ["bytes=0x1-5", whole],
  ["lines=0-1", whole],
  ["0-1", whole],
])("%s of 10,000 bytes", (range, result) => {
  expect(rangesOf(range, 10_000)).toEqual(result);
});

test("an empty file has no range, and several parts stay below a mebibyte", () => {
  expect(rangesOf("bytes=0-", 0)).toEqual(unsatisfiable);
  expect(rangesOf("bytes=0-600000, 700000-1300000", 2_000_000)).toEqual(whole);
  expect(rangesOf("bytes=0-1999999", 2_000_000)).toEqual(parts([0, 1_999_999]));
});

test("whatever is asked, parts lie apart in the file, cover what was asked and are bounded", () => {
  const bound = fc.nat({ max: 4000 });
  const asked = fc.array(fc.tuple(bound, bound), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(asked, fc.integer({ min: 1, max: 5000 }), (pairs, sizeBytes) => {
      const ranges = pairs.map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) }));
      const decision = rangesOf(`bytes=${ranges.map(({ first, last }) => `${first}-${last}`)}`, sizeBytes);
      if (decision.kind !== "parts") return;
      expect(decision.parts.length).toBeLessThanOrEqual(16);
      const covers = (byte: number) =>
        decision.parts.some(({ first, last }: ByteRange) => first <= byte && byte <= last);
      for (const { first, last } of ranges.filter(({ first }) => first < sizeBytes)) {
        expect([covers(first), covers(Math.min(last, sizeBytes - 1))]).toEqual([true, true]);
      }
      let end = -1;
      for (const { first, last } of decision.parts.toSorted((a, b) => a.first - b.first)) {
        expect(first).toBeGreaterThan(end);
        expect(last).toBeGreaterThanOrEqual(first);
        end = last;
      }
      expect(end).toBeLessThan(sizeBytes);
    }),
  );
});
