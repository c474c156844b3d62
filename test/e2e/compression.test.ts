import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";
import type { Deployment } from "../../src/model/deployment.ts";
import type { DeploymentId } from "../../src/model/ids.ts";
import type { Manifest } from "../../src/model/manifest.ts";
import { getManifest } from "../../src/store/deployments.ts";
import { openFileStore } from "../../src/store/file.ts";
import { deployAndWait } from "../support/deploy.ts";
import { removeDataDirectory, startPlatform, type TestPlatform } from "../support/platform.ts";

/** Words in no order, so that levels make a difference. */
function prose(seed: number, words: number): string {
  let state = seed;
  const word = () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return `${(state % 4096).toString(36)}-${["harbour", "quay", "berth", "mooring", "tide"][state % 5]}`;
  };
  return `<!doctype html><p>${Array.from({ length: words }, word).join(" ")}</p>`;
}

describe("compression", () => {
  let platform: TestPlatform;
  let folder: string;
  const page = prose(1, 20_000);
  beforeAll(async () => {
    platform = await startPlatform();
    folder = await mkdtemp(join(tmpdir(), "berth-compression-"));
    await writeFile(join(folder, "index.html"), page);
    await writeFile(join(folder, "LICENSE"), page);
  }, 120_000);
  afterAll(async () => {
    await platform.stop();
    await rm(folder, { recursive: true, force: true });
    await removeDataDirectory(platform.dataDirectory);
  }, 30_000);

  const manifestOf = async ({ id }: Deployment): Promise<Manifest> => {
    const store = openFileStore(join(platform.dataDirectory, "objects"));
    try {
      return (await getManifest(store, id as DeploymentId))!;
    } finally {
      await store.close();
    }
  };
  const strongManifest = async (deployment: Deployment): Promise<Manifest> => {
    for (;;) {
      const manifest = await manifestOf(deployment);
      if (manifest.compression === "strong") return manifest;
      await sleep(100);
    }
  };
  const entryOf = ({ files }: Manifest, path: string) => files.entryAt(files.find(path));
  const deploy = async (): Promise<Deployment> => {
    const deployment = await deployAndWait(platform, { source: folder, project: "packed" });
    expect(deployment.status).toBe("ready");
    return deployment;
  };

  let first: Deployment;
  test("what is live is compressed as small as it gets afterwards, and is the same page", async () => {
    first = await deploy();
    const { hash, size, encoded } = entryOf(await strongManifest(first), "/index.html");
    const smallest = brotliCompressSync(page, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: page.length } });
    expect(encoded!.br!.size).toBe(smallest.byteLength);
    const host = new URL(first.url).host;
    const request: BunFetchRequestInit = { headers: { "accept-encoding": "br" }, decompress: false };
    const answer = await platform.site(host, "/", request);
    expect(answer.headers.get("etag")).toBe(`"${encoded!.br!.hash.slice(0, 32)}"`);
    expect(brotliDecompressSync(await answer.bytes()).toString()).toBe(page);
    expect({ hash, size }).toEqual(entryOf(await manifestOf(first), "/LICENSE"));
  }, 60_000);

  test("what was compressed like this is taken over, and only what is new is compressed again", async () => {
    const second = await deploy();
    expect((await manifestOf(second)).compression).toBe("strong");
    await writeFile(join(folder, "more.html"), prose(2, 5_000));
    const third = await deploy();
    const strong = await strongManifest(third);
    expect(entryOf(strong, "/index.html")).toEqual(entryOf(await manifestOf(first), "/index.html"));
    expect(entryOf(strong, "/more.html").encoded!.br).toBeDefined();
  }, 60_000);

  test("the job of a deployment that is gone ends, and the platform goes on", async () => {
    await writeFile(join(folder, "large.html"), prose(3, 200_000));
    const gone = await deploy();
    await writeFile(join(folder, "large.html"), prose(4, 2_000));
    const kept = await deploy();
    expect((await platform.api(`/deployments/${gone.id}`, { method: "DELETE" })).status).toBe(204);
    await strongManifest(kept);
    const store = openFileStore(join(platform.dataDirectory, "objects"));
    expect(await store.head(`deployments/${gone.id}/manifest.json`)).toBeUndefined();
    await store.close();
    expect(await Bun.file(join(platform.dataDirectory, "platform.log")).text()).not.toContain('"work":"compress"');
  }, 60_000);
});
