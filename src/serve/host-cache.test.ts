import { expect, test } from "bun:test";
import fc from "fast-check";
import { BerthError } from "../model/errors.ts";
import type { HostPointer } from "../model/host-pointer.ts";
import { FRESH_MS, HostCache, STALE_MS } from "./host-cache.ts";
import type { HostState } from "./sources.ts";

const pointer = (generation: number, move = 1) => ({ version: 1, generation, move }) as HostPointer;
const removed = (generation: number) => ({ version: 1, removed: true, generation, move: 9 }) as const;
const down = async () => {
  throw new BerthError("store_unavailable", "down", { hint: "wait" });
};

function setUp({ hasVersions = false } = {}) {
  const world = {
    nowMs: 1_000_000,
    random: 0,
    loads: 0,
    answer: async (_host: string): Promise<HostState | undefined> => pointer(1),
    version: async (): Promise<string | undefined> => "1",
    learned: [] as string[],
    remembered: async (_host: string): Promise<HostState | undefined> => undefined,
  };
  const source = {
    load(host: string) {
      world.loads += 1;
      return world.answer(host);
    },
    ...(hasVersions && { version: () => world.version() }),
    learned: (host: string, { generation }: HostState) => world.learned.push(`${host} ${generation}`),
    remembered: (host: string) => world.remembered(host),
  };
  return {
    world,
    cache: new HostCache(
      source,
      () => world.nowMs,
      () => world.random,
    ),
  };
}
const settle = () => new Promise((resolve) => setTimeout(resolve, 1));

test("an old pointer is served while the new one is read, and none that is older than ten seconds", async () => {
  const { world, cache } = setUp();
  await cache.read("h");
  world.answer = async () => pointer(2);
  world.nowMs += FRESH_MS - 1;
  expect([cache.peek("h")?.generation, world.loads]).toEqual([1, 1]);
  world.nowMs += 1;
  expect(cache.peek("h")?.generation).toBe(1);
  await settle();
  expect(cache.peek("h")?.generation).toBe(2);
  expect(STALE_MS).toBe(10_000);
  world.nowMs += STALE_MS;
  world.answer = async () => pointer(3);
  expect(cache.peek("h")).toBeUndefined();
  expect((await cache.read("h"))?.generation).toBe(3);
  expect(cache.stale).toBe(0);
});

test("hosts that were asked together are read again one after the other", async () => {
  const { world, cache } = setUp();
  for (const random of [0, 0.5, 1]) {
    world.random = random;
    await cache.read(`h${random}`);
  }
  const readAgain: number[] = [];
  for (const ageMs of [4_000, 5_500, 7_000]) {
    world.nowMs = 1_000_000 + ageMs;
    const before = world.loads;
    for (const random of [0, 0.5, 1]) expect(cache.peek(`h${random}`)?.generation).toBe(1);
    await settle();
    readAgain.push(world.loads - before);
  }
  expect(readAgain).toEqual([1, 1, 1]);
});

test("the age of a pointer counts from the beginning of its read", async () => {
  const { world, cache } = setUp();
  world.answer = async () => {
    world.nowMs += 2_000;
    return pointer(1);
  };
  await cache.read("h");
  world.nowMs += STALE_MS - 2_000;
  expect(cache.peek("h")).toBeUndefined();
});

test("whatever order reads answer in, what is shown never goes back", async () => {
  const states = fc.oneof(
    fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 3 })).map(([g, m]) => pointer(g, m)),
    fc.integer({ min: 1, max: 5 }).map(removed),
    fc.constant(undefined),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(states, { minLength: 1, maxLength: 12 }), async (answers) => {
      const { world, cache } = setUp();
      let highest = 0;
      for (const answer of answers) {
        world.answer = async () => answer;
        world.nowMs += STALE_MS;
        const shown = await cache.read("h");
        const rank = answer === undefined ? 0 : answer.generation * 10 + answer.move!;
        highest = Math.max(highest, rank);
        if (shown !== undefined) expect(shown.generation * 10 + shown.move!).toBe(highest);
        else expect(highest === 0 || highest % 10 === 9).toBe(true);
      }
    }),
  );
});

test("an invalidated pointer is read anew at once, and a read that began before it does not make it fresh", async () => {
  const { world, cache } = setUp();
  await cache.read("h");
  world.nowMs += FRESH_MS;
  const { promise, resolve } = Promise.withResolvers<HostPointer>();
  world.answer = () => promise;
  cache.peek("h");
  world.answer = async () => pointer(2);
  cache.invalidate("h");
  expect(cache.peek("h")).toBeUndefined();
  expect(world.loads).toBe(3);
  expect((await cache.read("h"))?.generation).toBe(2);
  resolve(pointer(1));
  await settle();
  expect(cache.peek("h")?.generation).toBe(2);
});

test("when notifications may have been lost, every pointer is read again beside the request that it answers", async () => {
  const { world, cache } = setUp();
  await cache.read("h");
  world.answer = async () => pointer(2);
  cache.invalidateAll();
  expect(cache.peek("h")?.generation).toBe(1);
  await settle();
  expect(cache.peek("h")?.generation).toBe(2);
});

test("an unknown host is remembered for seconds, read once for many, and forgotten when it is announced", async () => {
  const { world, cache } = setUp();
  world.answer = async () => undefined;
  await Promise.all([cache.read("h"), cache.read("h")]);
  await cache.read("h");
  expect(world.loads).toBe(1);
  world.answer = async () => pointer(1);
  world.nowMs += 4_999;
  expect(await cache.read("h")).toBeUndefined();
  world.nowMs += 1;
  expect((await cache.read("h"))?.generation).toBe(1);
  world.answer = async () => undefined;
  await cache.read("new");
  world.answer = async () => pointer(1);
  cache.invalidate("new");
  expect((await cache.read("new"))?.generation).toBe(1);
});

test("100,000 unknown hosts are bounded and drive out no known one", async () => {
  const { world, cache } = setUp();
  await cache.read("known");
  world.answer = async () => undefined;
  for (let n = 0; n < 100_000; n += 500) {
    await Promise.all(Array.from({ length: 500 }, (_, i) => cache.read(`unknown-${n + i}`)));
  }
  expect([cache.size, cache.unknownSize]).toEqual([1, 10_000]);
  expect(cache.peek("known")?.generation).toBe(1);
});

test("more first reads than the store can bear are refused, and those of known hosts go on", async () => {
  const { world, cache } = setUp();
  await cache.read("known");
  const hang = Promise.withResolvers<undefined>();
  world.answer = (host) => (host === "known" ? Promise.resolve(pointer(2)) : hang.promise);
  const asked = Array.from({ length: 1_001 }, (_, n) => cache.read(`unknown-${n}`));
  await expect(asked.at(-1)).rejects.toMatchObject({ code: "store_unavailable" });
  cache.invalidate("known");
  expect((await cache.read("known"))?.generation).toBe(2);
  hang.resolve(undefined);
  expect(await Promise.all(asked.slice(0, -1))).toEqual(Array(1_000).fill(undefined));
});

test("a removed host shows nothing, and a late read does not bring it back", async () => {
  const { world, cache } = setUp();
  await cache.read("h");
  world.answer = async () => removed(1);
  cache.invalidate("h");
  expect(await cache.read("h")).toBeUndefined();
  world.answer = async () => pointer(1);
  world.nowMs += STALE_MS;
  expect(await cache.read("h")).toBeUndefined();
  world.answer = async () => pointer(2);
  world.nowMs += STALE_MS;
  expect((await cache.read("h"))?.generation).toBe(2);
});

test("what is known outlives a store that is down, is counted as stale, and is read again when the store is back", async () => {
  const { world, cache } = setUp();
  await cache.read("h");
  world.nowMs += 60_000;
  world.answer = down;
  expect((await cache.read("h"))?.generation).toBe(1);
  expect(cache.peek("h")?.generation).toBe(1);
  expect(cache.stale).toBe(2);
  await expect(cache.read("other")).rejects.toThrow("down");
  world.answer = async () => pointer(2);
  world.nowMs += 1_000;
  expect(cache.peek("h")?.generation).toBe(1);
  await settle();
  expect([cache.peek("h")?.generation, cache.stale]).toEqual([2, 3]);
});

test("with the store down from the start, what an earlier process knew is served", async () => {
  const { world, cache } = setUp();
  world.answer = down;
  world.remembered = async (host) => (host === "h" ? pointer(4) : undefined);
  expect((await cache.read("h"))?.generation).toBe(4);
  expect([cache.peek("h")?.generation, cache.stale]).toEqual([4, 2]);
  await expect(cache.read("other")).rejects.toThrow("down");
});

test("what is news is told once", async () => {
  const { world, cache } = setUp();
  await cache.read("h");
  for (const generation of [1, 3, 2]) {
    world.answer = async () => pointer(generation);
    world.nowMs += STALE_MS;
    await cache.read("h");
  }
  expect(world.learned).toEqual(["h 1", "h 3"]);
});

test("as long as the version is the same nothing is read again, and the pointer stays fresh", async () => {
  const { world, cache } = setUp({ hasVersions: true });
  await cache.read("h");
  const pass = async () => {
    world.nowMs += FRESH_MS;
    expect(cache.peek("h")).toBeDefined();
    await settle();
    return world.loads;
  };
  // The first time there is nothing to compare with.
  expect([await pass(), await pass(), await pass()]).toEqual([2, 2, 2]);
  world.answer = async () => pointer(2);
  world.version = async () => "2";
  expect([await pass(), cache.peek("h")?.generation, await pass()]).toEqual([3, 2, 3]);
  world.version = async () => undefined;
  expect([await pass(), await pass()]).toEqual([4, 5]);
});

test("a pointer that moves while it is read shows at the next look", async () => {
  const { world, cache } = setUp({ hasVersions: true });
  await cache.read("h");
  world.answer = async () => {
    world.version = async () => "2";
    return pointer(1);
  };
  world.nowMs += FRESH_MS;
  cache.peek("h");
  await settle();
  world.answer = async () => pointer(2);
  world.nowMs += FRESH_MS;
  cache.peek("h");
  await settle();
  expect(cache.peek("h")?.generation).toBe(2);
});

test("a store whose versions can't be read is down", async () => {
  const { world, cache } = setUp({ hasVersions: true });
  await cache.read("h");
  world.version = down;
  world.nowMs += FRESH_MS;
  cache.peek("h");
  await settle();
  expect([cache.peek("h")?.generation, cache.stale]).toEqual([1, 1]);
});
