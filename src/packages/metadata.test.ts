import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DiskStore } from "./disk-store.ts";
import { Metadata } from "./metadata.ts";
import { WeighedGate } from "./weighed-gate.ts";

const MIB = 1024 ** 2;
const DOCUMENTS = 20;

/** Counts what has a document in memory. */
class WatchedGate extends WeighedGate {
  most = { documents: 0, bytes: 0 };
  entered = 0;
  private now = { documents: 0, bytes: 0 };

  override run<Result>(weight: number, work: () => Promise<Result>): Promise<Result> {
    return super.run(weight, async () => {
      this.entered += 1;
      this.now = { documents: this.now.documents + 1, bytes: this.now.bytes + weight };
      this.most = {
        documents: Math.max(this.most.documents, this.now.documents),
        bytes: Math.max(this.most.bytes, this.now.bytes),
      };
      try {
        return await work();
      } finally {
        this.now = { documents: this.now.documents - 1, bytes: this.now.bytes - weight };
      }
    });
  }
}

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "berth-metadata-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test("of many large documents that come at once few are in memory; the rest wait on the disk", async () => {
  const all = Promise.withResolvers<void>();
  let asked = 0;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      asked += 1;
      if (asked === DOCUMENTS) all.resolve();
      await all.promise;
      const name = new URL(request.url).pathname.slice(1);
      return Response.json({ name, readme: "x".repeat(2 * MIB), "dist-tags": {}, versions: {} });
    },
  });
  try {
    const parsing = new WatchedGate(8 * MIB, 1);
    const store = await DiskStore.open(directory, 100 * MIB);
    const upstream = { registry: server.url.href, scopes: {}, credentials: [] };
    const metadata = new Metadata({ store, upstream, base: "http://127.0.0.1:1/", parsing });
    const names = Array.from({ length: DOCUMENTS }, (_, index) => `large-${index}`);
    const kept = await Promise.all(names.map((name) => metadata.document(name, "full")));
    expect(parsing.entered).toBe(DOCUMENTS);
    expect(parsing.most.documents).toBeLessThanOrEqual(3);
    expect(parsing.most.bytes).toBeLessThanOrEqual(8 * MIB);
    expect(kept.every(({ size }) => size > 2 * MIB)).toBe(true);
    expect(await readdir(join(directory, "drafts"))).toEqual([]);
  } finally {
    await server.stop(true);
  }
});
