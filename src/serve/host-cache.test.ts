import { expect, test } from "bun:test";
import { BerthError } from "../model/errors.ts";
import type { HostPointer } from "../model/host-pointer.ts";
import { HostCache } from "./host-cache.ts";

const pointer = (generation: number) => ({ version: 1, generation }) as HostPointer;

function setUp() {
  const world = { nowMs: 0, loads: 0, answer: async (): Promise<HostPointer | undefined> => pointer(1) };
  const load = () => {
    world.loads += 1;
    return world.answer();
  };
  return { world, cache: new HostCache(load, () => world.nowMs) };
}
const settle = () => new Promise((resolve) => setImmediate(resolve));

test("after a second the old pointer is served while the new one is read", async () => {
  const { world, cache } = setUp();
  await cache.read("h");
  world.answer = async () => pointer(2);
  world.nowMs = 1_000;
  expect(cache.peek("h")?.generation).toBe(1);
  expect(world.loads).toBe(1);
  world.nowMs = 1_001;
  expect(cache.peek("h")?.generation).toBe(1);
  await settle();
  expect(cache.peek("h")?.generation).toBe(2);
});

test("after a pause the pointer is read before it is used", async () => {
  const { world, cache } = setUp();
  await cache.read("h");
  world.nowMs = 10_000;
  world.answer = async () => pointer(2);
  expect(cache.peek("h")).toBeUndefined();
  expect((await cache.read("h"))?.generation).toBe(2);
});

test("an invalidated pointer is read anew, and a read that began before it is not kept", async () => {
  const { world, cache } = setUp();
  await cache.read("h");
  world.nowMs = 2_000;
  const { promise, resolve } = Promise.withResolvers<HostPointer>();
  world.answer = () => promise;
  cache.peek("h");
  cache.invalidate("h");
  world.answer = async () => pointer(2);
  expect(cache.peek("h")).toBeUndefined();
  expect((await cache.read("h"))?.generation).toBe(2);
  resolve(pointer(1));
  await settle();
  expect(cache.peek("h")?.generation).toBe(2);
});

test("an unknown host is remembered for a second, and read once for many", async () => {
  const { world, cache } = setUp();
  world.answer = async () => undefined;
  await Promise.all([cache.read("h"), cache.read("h")]);
  await cache.read("h");
  expect(world.loads).toBe(1);
  world.nowMs = 1_001;
  world.answer = async () => pointer(1);
  expect((await cache.read("h"))?.generation).toBe(1);
});

test("what is known outlives a store that is down, and comes back with it", async () => {
  const { world, cache } = setUp();
  await cache.read("h");
  world.nowMs = 60_000;
  world.answer = async () => {
    throw new BerthError("store_unavailable", "down", { hint: "wait" });
  };
  expect((await cache.read("h"))?.generation).toBe(1);
  expect(cache.peek("h")?.generation).toBe(1);
  await expect(cache.read("other")).rejects.toThrow("down");
  world.nowMs = 70_000;
  world.answer = async () => pointer(2);
  expect((await cache.read("h"))?.generation).toBe(2);
});
