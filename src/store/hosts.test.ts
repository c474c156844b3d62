import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { HostPointer } from "../model/host-pointer.ts";
import { type DeploymentId, newDeploymentId } from "../model/ids.ts";
import { openFileStore } from "./file.ts";
import { getHostPointer, movePointer, removePointer } from "./hosts.ts";
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

const shown = async (host: string) => (await getHostPointer(store, host))?.pointer;

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
      expect((await shown(host))?.state).toBe(state);
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
