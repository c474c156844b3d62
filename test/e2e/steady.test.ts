import { afterAll, beforeAll, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import type { Deployment } from "../../src/model/deployment.ts";
import { type DeploymentId, sha256 } from "../../src/model/ids.ts";
import { getHostPointer, movePointer } from "../../src/store/hosts.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { openS3Store } from "../../src/store/s3.ts";
import { startBreakableProxy } from "../support/breakable-proxy.ts";
import { deployAndWait } from "../support/deploy.ts";
import { newDataDirectory, removeDataDirectory, startPlatform, type TestPlatform } from "../support/platform.ts";
import { startPostgres } from "../support/postgres.ts";
import { startRadosgw } from "../support/radosgw.ts";

/** A request handler alone, far from everything: its store, and the database that tells it of moves, can fail. */
const HOST = "steady.localhost";
const stops: (() => Promise<unknown>)[] = [];
let platform: TestPlatform;
let edge: TestPlatform;
let startEdge: () => Promise<TestPlatform>;
let database: { url: string; stop(): Promise<void> };
let proxy: Awaited<ReturnType<typeof startBreakableProxy>>;
let store: ObjectStore;
let folder: string;
const deployed: Deployment[] = [];

beforeAll(async () => {
  const [s3, startedDatabase] = await Promise.all([startRadosgw(), startPostgres()]);
  database = startedDatabase;
  stops.push(s3.stop);
  const { accessKeyId, secretAccessKey } = s3.credentials;
  const options = { region: "default", credentials: s3.credentials, forcePathStyle: true };
  await new S3Client({ endpoint: s3.endpoint, ...options }).send(new CreateBucketCommand({ Bucket: "sites" }));
  store = openS3Store(`s3://sites?endpoint=${s3.endpoint}&region=default`, s3.credentials);
  proxy = await startBreakableProxy(Number(new URL(s3.endpoint).port));
  stops.push(proxy.stop, () => store.close());
  const env = (endpoint: string) => ({
    BERTH_STORE: `s3://sites?endpoint=${endpoint}&region=default`,
    BERTH_DATABASE: database.url,
    BERTH_SECRETS_KEY: randomBytes(32).toString("base64"),
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  });
  const directories = [await newDataDirectory(), await newDataDirectory()];
  stops.push(...directories.map((directory) => () => removeDataDirectory(directory)));
  const roles = ["api", "upload", "builder"].flatMap((role) => ["--role", role]);
  platform = await startPlatform({ dataDirectory: directories[0]!, args: roles, env: env(s3.endpoint) });
  stops.push(() => platform.stop());
  startEdge = () =>
    startPlatform({
      dataDirectory: directories[1]!,
      args: ["--role", "edge"],
      env: env(`http://127.0.0.1:${proxy.port}`),
    });
  edge = await startEdge();
  stops.push(() => edge.stop());
  folder = await mkdtemp(join(tmpdir(), "berth-steady-"));
  await chmod(folder, 0o755);
  stops.push(() => rm(folder, { recursive: true, force: true }));
}, 180_000);

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
}, 60_000);

async function deploy(name: string, files: Record<string, string> = {}): Promise<Deployment> {
  for (const [path, text] of Object.entries({ "index.html": `<h1>${name}</h1>`, ...files })) {
    await writeFile(join(folder, path), text);
  }
  const done = await deployAndWait(platform, { source: folder, project: "steady" });
  expect([done.status, done.error]).toEqual(["ready", null]);
  deployed.push(done);
  return done;
}

async function untilShown(text: string): Promise<number> {
  const start = performance.now();
  while (!(await (await edge.site(HOST, "/")).text()).includes(text)) await sleep(20);
  return performance.now() - start;
}

/** Points the host elsewhere without telling anybody. */
async function moveInSilence(deployment: string): Promise<void> {
  const now = (await getHostPointer(store, HOST))!;
  const next = { ...now, deployment: deployment as DeploymentId, generation: now.generation + 1_000 };
  expect(await movePointer(store, HOST, next)).toBe("moved");
}

async function metric(name: string): Promise<number> {
  const token = await Bun.file(join(edge.dataDirectory, "token")).text();
  const response = await fetch(`http://127.0.0.1:${edge.port}/metrics`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return Number(new RegExp(`^berth_edge_${name} (.*)$`, "m").exec(await response.text())?.[1]);
}

test("a move is seen by another process when it is told, long before that would look by itself", async () => {
  expect((await edge.site(HOST, "/")).status).toBe(404);
  await deploy("first", { "read.txt": "read", "unread.txt": "unread" });
  await untilShown("first");
  expect(await (await edge.site(HOST, "/read.txt")).text()).toBe("read");
  await deploy("unseen");
  await deploy("second");
  // By itself it looks after seven seconds.
  expect(await untilShown("second")).toBeLessThan(3_000);
}, 60_000);

test("without the database it serves on, and sees a move all the same", async () => {
  await platform.stop();
  await database.stop();
  expect(await (await edge.site(HOST, "/")).text()).toContain("second");
  await moveInSilence(deployed[0]!.id);
  expect(await untilShown("first")).toBeLessThan(15_000);
  expect((await fetch(`http://127.0.0.1:${edge.port}/healthz`)).status).toBe(200);
}, 60_000);

test.each(["down", "hanging"] as const)(
  "with a store that is %s, what it has read is served and the rest is 503",
  async (state) => {
    await (await edge.site(HOST, "/read.txt")).text();
    proxy.set(state);
    const before = await metric("stale_answers");
    while ((await metric("stale_answers")) === before) {
      expect(await (await edge.site(HOST, "/")).text()).toContain("first");
      await sleep(50);
    }
    expect(await (await edge.site(HOST, "/read.txt")).text()).toBe("read");
    const unread = await edge.site(HOST, "/unread.txt");
    expect([unread.status, unread.headers.get("retry-after")]).toEqual([503, "5"]);
    expect((await edge.site("other.localhost", "/")).status).toBe(503);
    proxy.set("up");
    await moveInSilence(deployed[state === "down" ? 2 : 0]!.id);
    await untilShown(state === "down" ? "second" : "first");
    if (state === "down") {
      await moveInSilence(deployed[0]!.id);
      await untilShown("first");
    }
  },
  120_000,
);

test("started again while its store is down, it serves what it has on its disk", async () => {
  await edge.stop();
  proxy.set("down");
  edge = await startEdge();
  stops.push(() => edge.stop());
  expect(await (await edge.site(HOST, "/")).text()).toContain("first");
  expect(await (await edge.site(HOST, "/read.txt")).text()).toBe("read");
  expect((await edge.site(HOST, "/unread.txt")).status).toBe(503);
  proxy.set("up");
}, 60_000);

test("a damaged blob, manifest or pointer in the store is not served", async () => {
  const [first, unseen] = deployed;
  const hash = sha256("unread");
  const blob = `blobs/${hash.slice(0, 2)}/${hash}`;
  await store.put(blob, new TextEncoder().encode("UNREAD"));
  const refused = await edge.site(HOST, "/unread.txt", { headers: { accept: "application/json" } });
  expect([refused.status, (await refused.json()).error.code]).toEqual([500, "corrupt_object"]);
  await store.put(blob, new TextEncoder().encode("unread"));
  expect(await (await edge.site(HOST, "/unread.txt")).text()).toBe("unread");

  for (const [key, text] of [
    [`deployments/${unseen!.id}/manifest.json`, '"index.html"'],
    [`hosts/${first!.id}.localhost`, '"branch"'],
  ] as const) {
    const object = new TextDecoder().decode(await (await store.get(key))!.bytes());
    expect(object).toContain(text);
    await store.put(key, new TextEncoder().encode(object.replace(text, text.replace("n", "m"))));
  }
  for (const id of [first!.id, unseen!.id]) {
    const answer = await edge.site(`${id}.localhost`, "/", { headers: { accept: "application/json" } });
    expect([answer.status, (await answer.json()).error.code]).toEqual([500, "corrupt_object"]);
  }
}, 60_000);
