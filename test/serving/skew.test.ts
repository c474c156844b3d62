import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sha256 } from "../../src/model/ids.ts";
import { openFileStore } from "../../src/store/file.ts";
import { getHostPointer, movePointer } from "../../src/store/hosts.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { deployAndWait } from "../support/deploy.ts";
import { newDataDirectory, removeDataDirectory, startPlatform, type TestPlatform } from "../support/platform.ts";

/** Pages that were loaded before a deployment go on loading their parts after it. */
const HOST = "skewed.localhost";
const DEPLOYMENTS = 100;
const VISITORS = 8;

let platform: TestPlatform;
let store: ObjectStore;
let folder: string;

beforeAll(async () => {
  const dataDirectory = await newDataDirectory();
  platform = await startPlatform({ dataDirectory });
  store = openFileStore(join(dataDirectory, "objects"));
  folder = await mkdtemp(join(tmpdir(), "berth-skew-"));
  await chmod(folder, 0o755);
}, 60_000);

afterAll(async () => {
  await platform.stop();
  await store.close();
  await removeDataDirectory(platform.dataDirectory);
  await rm(folder, { recursive: true, force: true });
}, 60_000);

const chunkOf = (n: number) => `chunk-${sha256(`${n}`).slice(0, 8)}.js`;
const filesOf = (n: number) => ({
  "index.html": `<script type="module" src="/${chunkOf(n)}"></script>`,
  [chunkOf(n)]: `export default ${n};`,
});

/** A folder with one page and one chunk whose name no other deployment has. */
async function deploy(n: number): Promise<void> {
  await rm(folder, { recursive: true });
  const path = await mkdtemp(join(tmpdir(), "berth-skew-"));
  folder = path;
  await chmod(path, 0o755);
  for (const [name, text] of Object.entries(filesOf(n))) await writeFile(join(path, name), text);
  const done = await deployAndWait(platform, { source: path, project: "skewed" });
  expect([done.status, done.error]).toEqual(["ready", null]);
}

test("a hundred deployments under load lose no chunk of a page that was loaded before", async () => {
  let deployed = 0;
  let isOver = false;
  const lost: string[] = [];
  const skews = new Set<number>();
  const seen = new Set<string>();
  await deploy(0);

  const visit = async (skew: number) => {
    while (!isOver) {
      const page = await (await platform.site(HOST, "/")).text();
      const chunk = /src="(\/chunk-[0-9a-f]{8}\.js)"/.exec(page)?.[1];
      if (chunk === undefined) {
        lost.push(`a page without a chunk: ${page}`);
        return;
      }
      seen.add(chunk);
      const loadedAt = deployed;
      while (deployed < loadedAt + skew && !isOver) await sleep(2);
      const response = await platform.site(HOST, chunk);
      const text = await response.text();
      if (response.status !== 200 || !text.startsWith("export default")) lost.push(`${chunk}: ${response.status}`);
      skews.add(deployed - loadedAt);
      await sleep(1);
    }
  };
  const visitors = Array.from({ length: VISITORS }, (_, skew) => visit(skew));
  for (let n = 1; n <= DEPLOYMENTS; n += 1) {
    await deploy(n);
    deployed = n;
  }
  isOver = true;
  await Promise.all(visitors);
  expect(lost).toEqual([]);
  expect([...skews].some((skew) => skew >= 5)).toBe(true);
  expect(seen.size).toBeGreaterThan(DEPLOYMENTS / 2);
}, 120_000);

test("after a move back too, and a chunk that none of the last ten had is a 404 that nobody keeps", async () => {
  const before = (await getHostPointer(store, HOST))!;
  const back = before.earlier![3]!.deployment;
  await movePointer(store, HOST, { ...before, deployment: back, generation: before.generation + 1 });
  while (!(await (await platform.site(HOST, "/")).text()).includes(chunkOf(DEPLOYMENTS - 4))) await sleep(50);
  expect((await platform.site(HOST, `/${chunkOf(DEPLOYMENTS)}`)).status).toBe(200);
  const old = await platform.site(HOST, `/${chunkOf(DEPLOYMENTS - 50)}`);
  expect([old.status, old.headers.get("cache-control")]).toEqual([404, "no-store"]);
}, 60_000);
