import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFileStore } from "../store/file.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { createHandler } from "./handler.ts";
import { MemoryStore } from "./testing/memory-store.ts";
import { pointHost, publishSite } from "./testing/publish-site.ts";

/** Counts every question that is put to a store. */
function counting(store: ObjectStore): { store: ObjectStore; asked: string[] } {
  const asked: string[] = [];
  const counted = new Proxy(store, {
    get(target, name) {
      const member = Reflect.get(target, name, target) as unknown;
      if (typeof member !== "function") return member;
      return (...parameters: unknown[]) => {
        asked.push(`${String(name)} ${String(parameters[0])}`);
        return member.apply(target, parameters);
      };
    },
  });
  return { store: counted, asked };
}

test("the first byte of a cold host takes three round trips: pointer, manifest, blob", async () => {
  const folder = await mkdtemp(join(tmpdir(), "berth-round-trips-"));
  const published = new MemoryStore();
  publishSite(published, { "index.html": "page" });
  pointHost(published, "site.localhost");
  const { store, asked } = counting(openFileStore(join(folder, "objects")));
  for (const [key, bytes] of published.objects) await store.put(key, bytes);
  asked.length = 0;
  const disk = { folder: join(folder, "cache"), bytes: 1024 ** 2 };
  const handler = createHandler({ store, sitesDomain: "localhost", disk });
  const request = () => new Request("http://site.localhost/", { headers: { host: "site.localhost" } });
  const answers = await Promise.all(Array.from({ length: 50 }, () => handler.fetch(request())));
  for (const answer of answers) expect(await answer.text()).toBe("page");
  expect(asked.map((question) => question.split("/")[0])).toEqual(["get hosts", "get deployments", "get blobs"]);
  await handler.fetch(request());
  expect(asked.length).toBe(3);
  handler.close();
  await store.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});
