import { expect, test } from "bun:test";
import { ByteCache } from "./byte-cache.ts";

const of =
  (value: string, sizeBytes = 1) =>
  async () => ({ value, sizeBytes });

test("the oldest value goes first, one used meanwhile later, and bytes stay within the limit", async () => {
  const cache = new ByteCache<string, string>(2);
  await cache.load("a", of("A"));
  await cache.load("b", of("B"));
  cache.peek("a");
  await cache.load("c", of("C"));
  expect([cache.peek("a"), cache.peek("b"), cache.peek("c")]).toEqual(["A", undefined, "C"]);
  expect(cache.bytes).toBe(2);
  await cache.load("big", of("BIG", 3));
  expect([cache.peek("a"), cache.peek("c"), cache.peek("big")]).toEqual([undefined, undefined, "BIG"]);
  await cache.load("d", of("D"));
  expect([cache.peek("big"), cache.peek("d"), cache.bytes]).toEqual([undefined, "D", 1]);
});

test("who holds a place finds its value as long as it is kept, and counts as one who uses it", async () => {
  const cache = new ByteCache<string, string>(2);
  await cache.load("a", of("A"));
  await cache.load("b", of("B"));
  const held = cache.hold("a")!;
  expect([cache.take(held), cache.hits]).toEqual(["A", 1]);
  await cache.load("c", of("C"));
  expect(cache.take(held)).toBe("A");
  await cache.load("a", of("new A"));
  expect([cache.take(held), cache.peek("a"), cache.bytes]).toEqual([undefined, "new A", 2]);
  const again = cache.hold("a")!;
  cache.clear();
  expect([cache.take(again), cache.hold("a"), cache.bytes]).toEqual([undefined, undefined, 0]);
});

test("many askers make one load; a failure is not kept", async () => {
  const cache = new ByteCache<string, string>(9);
  let loads = 0;
  const failing = async () => {
    loads += 1;
    throw new Error("no");
  };
  const results = await Promise.allSettled([cache.load("a", failing), cache.load("a", failing)]);
  expect(results.map((r) => r.status)).toEqual(["rejected", "rejected"]);
  expect(loads).toBe(1);
  expect(await cache.load("a", of("A"))).toBe("A");
});
