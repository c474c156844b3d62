import { expect, test } from "bun:test";
import { QuickerWay } from "./quicker-way.ts";

/** The ways that are taken in so many uses, when each use takes as long as its way does. */
function taken(way: QuickerWay, uses: number, timeOf: (way: 0 | 1, use: number) => number): (0 | 1)[] {
  return Array.from({ length: uses }, (_, use) => {
    const next = way.next();
    way.took(timeOf(next, use));
    return next;
  });
}

test.each([0, 1] as const)("way %d is taken when it takes less time, after both had their turns", (quick) => {
  const ways = taken(new QuickerWay(), 1024, (way) => (way === quick ? 1 : 2));
  expect(ways.slice(0, 32).filter((way) => way === 0)).toHaveLength(16);
  expect(new Set(ways.slice(32))).toEqual(new Set([quick]));
});

test("a few slow turns decide nothing", () => {
  const ways = taken(new QuickerWay(), 100, (way, use) => (way === 1 && use < 12 ? 1_000 : 2 - way));
  expect(new Set(ways.slice(32))).toEqual(new Set([1]));
});

test.each([2, 3, 4, 5])("nor does it what is worked on by turns of %d", (turns) => {
  const ways = taken(new QuickerWay(), 200, (way, use) => (use % turns === 0 ? 100 : 10) - way);
  expect(new Set(ways.slice(32))).toEqual(new Set([1]));
});

test("when the other one has become quicker, that is found out", () => {
  const way = new QuickerWay();
  taken(way, 1024, (used) => used);
  const ways = taken(way, 1024, (used) => 1 - used);
  expect(new Set(ways.slice(32))).toEqual(new Set([1]));
});

test("a use whose time was not taken is no turn", () => {
  const way = new QuickerWay();
  expect([way.next(), way.next(), way.next()]).toEqual([0, 0, 0]);
});
