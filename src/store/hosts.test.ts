import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { HostPointer } from "../model/host-pointer.ts";
import { type DeploymentId, newDeploymentId } from "../model/ids.ts";
import { openFileStore } from "./file.ts";
import { forgetEarlier, getHostPointer, movePointer, readHost, removePointer } from "./hosts.ts";
import type { ObjectStore } from "./object-store.ts";

let folder: string;
let store: ObjectStore;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-hosts-"));
  store = openFileStore(folder);
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

let hosts = 0;
const newHost = () => `host-${hosts++}.localhost`;

function pointer(generation: number, rest: Partial<HostPointer> = {}): HostPointer {
  const deployment = `d${String(generation).padStart(19, "0")}` as DeploymentId;
  return {
    version: 1,
    deployment,
    project: "site",
    branch: null,
    state: "ready",
    generation,
    updatedAt: "2026-01-01T00:00:00Z",
    ...rest,
  };
}

/** The pointer as its mover gave it, without what the store's side adds. */
const shown = async (host: string) => {
  const { move, earlier, ...rest } = (await getHostPointer(store, host)) ?? {};
  return move === undefined ? undefined : rest;
};
const earlierOf = async (host: string) =>
  (await getHostPointer(store, host))?.earlier?.map(({ deployment }) => deployment);

describe("movePointer", () => {
  test("however movers race, the highest generation stays, and each of them is told the truth", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 12 }),
        async (generations) => {
          const host = newHost();
          const results = await Promise.all(
            generations.map((generation) => movePointer(store, host, pointer(generation))),
          );
          const highest = Math.max(...generations);
          expect(await shown(host)).toEqual(pointer(highest));
          generations.forEach((generation, i) => {
            if (generation === highest) expect(results[i]).toBe("moved");
          });
        },
      ),
      { numRuns: 25 },
    );
  });

  test("within a generation a deployment goes from building to ready or failed, and not back", async () => {
    for (const state of ["ready", "failed"] as const) {
      const host = newHost();
      expect(await movePointer(store, host, pointer(3, { state: "building" }))).toBe("moved");
      expect(await movePointer(store, host, pointer(3, { state }))).toBe("moved");
      expect(await movePointer(store, host, pointer(3, { state }))).toBe("moved");
      expect(await movePointer(store, host, pointer(3, { state: "building" }))).toBe("newer-exists");
      expect((await getHostPointer(store, host))?.state).toBe(state);
    }
  });

  test("two deployments of one generation can't replace each other", async () => {
    const host = newHost();
    await movePointer(store, host, pointer(3));
    expect(await movePointer(store, host, pointer(3, { deployment: newDeploymentId() }))).toBe("newer-exists");
    expect(await shown(host)).toEqual(pointer(3));
  });
});

describe("removePointer", () => {
  test("removes only the pointer of its deployment, and late workers don't bring it back", async () => {
    const host = newHost();
    await movePointer(store, host, pointer(3));
    expect(await removePointer(store, host, { deployment: newDeploymentId() })).toBe("not-there");
    expect(await removePointer(store, host, { deployment: pointer(3).deployment })).toBe("removed");
    expect(await removePointer(store, host, { deployment: pointer(3).deployment })).toBe("not-there");
    expect(await shown(host)).toBeUndefined();
    expect(await movePointer(store, host, pointer(3))).toBe("newer-exists");
    expect(await movePointer(store, host, pointer(4))).toBe("moved");
    expect(await shown(host)).toEqual(pointer(4));
  });

  test("a removal that races a newer deployment leaves the newer one", async () => {
    for (let round = 0; round < 20; round += 1) {
      const host = newHost();
      await movePointer(store, host, pointer(1));
      await Promise.all([
        removePointer(store, host, { deployment: pointer(1).deployment }),
        movePointer(store, host, pointer(2)),
      ]);
      expect(await shown(host)).toEqual(pointer(2));
    }
  });
});

describe("what a host showed before", () => {
  const id = (generation: number) => pointer(generation).deployment;

  test("comes the newest first, each once, without the present one and without what was never shown", async () => {
    const host = newHost();
    await movePointer(store, host, pointer(1));
    await movePointer(store, host, pointer(2, { state: "building" }));
    await movePointer(store, host, pointer(2));
    await movePointer(store, host, pointer(3, { state: "failed" }));
    await movePointer(store, host, pointer(4));
    expect(await earlierOf(host)).toEqual([id(2), id(1)]);
    await movePointer(store, host, pointer(5, { deployment: id(1) }));
    expect(await earlierOf(host)).toEqual([id(4), id(2)]);
    await movePointer(store, host, pointer(6, { deployment: id(4) }));
    expect(await earlierOf(host)).toEqual([id(1), id(2)]);
  });

  test("is bounded in number and in age, and remembered through races", async () => {
    const host = newHost();
    for (let n = 1; n <= 40; n += 1) await movePointer(store, host, pointer(n));
    expect(await earlierOf(host)).toEqual(Array.from({ length: 20 }, (_, n) => id(39 - n)));
    await movePointer(store, host, pointer(41, { updatedAt: "2026-01-08T00:00:01Z" }));
    expect(await earlierOf(host)).toEqual([id(40)]);
    const raced = newHost();
    const results = await Promise.all([1, 2, 3, 4].map((n) => movePointer(store, raced, pointer(n))));
    expect((await earlierOf(raced))?.length ?? 0).toBe(results.filter((result) => result === "moved").length - 1);
  });

  test("holds no removed deployment", async () => {
    const host = newHost();
    for (const n of [1, 2, 3]) await movePointer(store, host, pointer(n));
    await forgetEarlier(store, host, id(2));
    expect(await earlierOf(host)).toEqual([id(1)]);
    await removePointer(store, host, { deployment: id(3), heir: pointer(1) });
    expect([await shown(host), await earlierOf(host)]).toEqual([pointer(1, { generation: 3 }), undefined]);
  });
});

test("every write of a host is told apart from those before it", async () => {
  const host = newHost();
  const moves: unknown[] = [];
  const look = async () => moves.push((await readHost(store, host))?.move);
  await movePointer(store, host, pointer(3, { state: "building" }));
  await look();
  await movePointer(store, host, pointer(3));
  await look();
  await removePointer(store, host, { deployment: pointer(3).deployment, heir: pointer(2) });
  await look();
  await removePointer(store, host, { deployment: pointer(2).deployment });
  await look();
  await movePointer(store, host, pointer(4));
  await look();
  expect(moves).toEqual([1, 2, 3, 4, 5]);
});

describe("getHostPointer", () => {
  test("a hostname from a hostile header shows nothing", async () => {
    for (const host of ["", "..", ".tmp", "a/b", "[::1]", "a b", "x".repeat(2_000)]) {
      expect(await getHostPointer(store, host)).toBeUndefined();
    }
  });

  test("a damaged pointer is corrupt_object", async () => {
    const host = newHost();
    for (const content of ["{", "null", '{"version":2}']) {
      await store.put(`hosts/${host}`, new Blob([content]));
      await expect(getHostPointer(store, host)).rejects.toMatchObject({ code: "corrupt_object" });
    }
  });
});
