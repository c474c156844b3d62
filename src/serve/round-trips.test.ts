import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFileStore } from "../store/file.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { createHandler } from "./handler.ts";
import { MemoryStore } from "./testing/memory-store.ts";
import { pointHost, publishSite } from "./testing/publish-site.ts";

interface Read {
  key: string;
  /** One more than how many reads, one after the other, had ended when this one was begun. */
  round: number;
}

/**
 * Notes of every read in which round trip it falls: one that is begun while others are under way is in the same round
 * as they are, one that is begun after others ended is in a later one.
 */
function noting(store: ObjectStore): { store: ObjectStore; reads: Read[] } {
  const reads: Read[] = [];
  let ended = 0;
  const noted = new Proxy(store, {
    get(target, name) {
      const member = Reflect.get(target, name, target) as unknown;
      if (typeof member !== "function") return member;
      return async (...parameters: unknown[]) => {
        const round = ended + 1;
        reads.push({ key: String(parameters[0]), round });
        try {
          // Long enough that what is begun beside it is begun before it ends.
          await Bun.sleep(20);
          return await member.apply(target, parameters);
        } finally {
          ended = Math.max(ended, round);
        }
      };
    },
  });
  return { store: noted, reads };
}

const ROUNDS = ["hosts 1", "access 2", "deployments 2", "blobs 3"];

test("the first byte of a cold host takes three round trips: pointer, manifest beside keys, blob", async () => {
  const folder = await mkdtemp(join(tmpdir(), "berth-round-trips-"));
  const published = new MemoryStore();
  publishSite(published, { "index.html": "page" });
  pointHost(published, "site.localhost");
  const filled = openFileStore(join(folder, "objects"));
  for (const [key, bytes] of published.objects) await filled.put(key, bytes);
  const { store, reads } = noting(filled);
  const disk = { folder: join(folder, "cache"), bytes: 1024 ** 2 };
  const handler = createHandler({ store, sitesDomain: "localhost", disk });
  const request = () => new Request("http://site.localhost/", { headers: { host: "site.localhost" } });
  const answers = await Promise.all(Array.from({ length: 50 }, () => handler.fetch(request())));
  for (const answer of answers) expect(await answer.text()).toBe("page");
  expect(reads.map(({ key, round }) => `${key.split("/")[0]} ${round}`)).toEqual(ROUNDS);
  await handler.fetch(request());
  expect(reads.length).toBe(ROUNDS.length);
  handler.close();
  await filled.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});
