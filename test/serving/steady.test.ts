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
/** With its own way to the store, which can break. */
interface Edge {
  handler: TestPlatform;
  way: Awaited<ReturnType<typeof startBreakableProxy>>;
  start(): Promise<TestPlatform>;
}
let edge: Edge;
/** A second one, for what takes as long as the first one's: both are waited for at once. */
let other: Edge;
let database: { url: string; stop(): Promise<void> };
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
  stops.push(() => store.close());
  const env = (endpoint: string) => ({
    BERTH_STORE: `s3://sites?endpoint=${endpoint}&region=default`,
    BERTH_DATABASE: database.url,
    BERTH_SECRETS_KEY: randomBytes(32).toString("base64"),
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  });
  const starterOf = async (endpoint: string, roles: string[]) => {
    const dataDirectory = await newDataDirectory({ withDatabase: false });
    stops.push(() => removeDataDirectory(dataDirectory));
    const args = roles.flatMap((role) => ["--role", role]);
    return () => startPlatform({ dataDirectory, args, env: env(endpoint) });
  };
  platform = await (await starterOf(s3.endpoint, ["api", "upload", "builder"]))();
  stops.push(() => platform.stop());
  const newEdge = async (): Promise<Edge> => {
    const way = await startBreakableProxy(Number(new URL(s3.endpoint).port));
    stops.push(way.stop);
    const start = await starterOf(`http://127.0.0.1:${way.port}`, ["edge"]);
    const made = { handler: await start(), way, start };
    stops.push(() => made.handler.stop());
    return made;
  };
  [edge, other] = await Promise.all([newEdge(), newEdge()]);
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

async function untilShown(text: string, { handler } = edge): Promise<number> {
  const start = performance.now();
  while (!(await (await handler.site(HOST, "/")).text()).includes(text)) await sleep(20);
  return performance.now() - start;
}

/** Points the host elsewhere without telling anybody. */
async function moveInSilence(deployment: string): Promise<void> {
  const now = (await getHostPointer(store, HOST))!;
  const next = { ...now, deployment: deployment as DeploymentId, generation: now.generation + 1_000 };
  expect(await movePointer(store, HOST, next)).toBe("moved");
}

async function metric(name: string, { handler }: Edge): Promise<number> {
  const token = await Bun.file(join(handler.dataDirectory, "token")).text();
  const response = await fetch(`http://127.0.0.1:${handler.port}/metrics`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return Number(new RegExp(`^berth_edge_${name} (.*)$`, "m").exec(await response.text())?.[1]);
}

test("a move is seen by another process when it is told, long before that would look by itself", async () => {
  expect((await edge.handler.site(HOST, "/")).status).toBe(404);
  await deploy("first", { "read.txt": "read", "unread.txt": "unread" });
  await untilShown("first");
  expect(await (await edge.handler.site(HOST, "/read.txt")).text()).toBe("read");
  await deploy("unseen");
  await deploy("second");
  // By itself it looks after seven seconds.
  expect(await untilShown("second")).toBeLessThan(3_000);
}, 60_000);

test("without the database it serves on, and sees a move all the same", async () => {
  await platform.stop();
  await database.stop();
  expect(await (await edge.handler.site(HOST, "/")).text()).toContain("second");
  await moveInSilence(deployed[0]!.id);
  expect(await untilShown("first")).toBeLessThan(15_000);
  expect((await fetch(`http://127.0.0.1:${edge.handler.port}/healthz`)).status).toBe(200);
}, 60_000);

/** Each handler has a store in one of the two states. */
const inBothStates = (use: (broken: Edge, state: "down" | "hanging") => Promise<unknown>) =>
  Promise.all([use(edge, "down"), use(other, "hanging")]);

test("with a store that is down, and one that is hanging, what was read is served and the rest is 503", async () => {
  await inBothStates(async (broken, state) => {
    const { handler, way } = broken;
    await untilShown("first", broken);
    await (await handler.site(HOST, "/read.txt")).text();
    way.set(state);
    const before = await metric("stale_answers", broken);
    while ((await metric("stale_answers", broken)) === before) {
      expect(await (await handler.site(HOST, "/")).text()).toContain("first");
      await sleep(50);
    }
    expect(await (await handler.site(HOST, "/read.txt")).text()).toBe("read");
    // Each is tried for some seconds before it is given up.
    const [unread, unknown] = await Promise.all([
      handler.site(HOST, "/unread.txt"),
      handler.site("other.localhost", "/"),
    ]);
    expect([state, unread.status, unread.headers.get("retry-after")]).toEqual([state, 503, "5"]);
    expect([state, unknown.status]).toEqual([state, 503]);
    way.set("up");
  });
  await moveInSilence(deployed[2]!.id);
  await inBothStates((broken) => untilShown("second", broken));
}, 120_000);

test("started again while its store is down, it serves what it has on its disk", async () => {
  await edge.handler.stop();
  edge.way.set("down");
  edge.handler = await edge.start();
  expect(await (await edge.handler.site(HOST, "/")).text()).toContain("second");
  expect(await (await edge.handler.site(HOST, "/read.txt")).text()).toBe("read");
  expect((await edge.handler.site(HOST, "/unread.txt")).status).toBe(503);
  edge.way.set("up");
}, 60_000);

test("a damaged blob, manifest or pointer in the store is not served", async () => {
  const [first, unseen] = deployed;
  const hash = sha256("unread");
  const blob = `blobs/${hash.slice(0, 2)}/${hash}`;
  await store.put(blob, new TextEncoder().encode("UNREAD"));
  const refused = await edge.handler.site(HOST, "/unread.txt", { headers: { accept: "application/json" } });
  expect([refused.status, (await refused.json()).error.code]).toEqual([500, "corrupt_object"]);
  await store.put(blob, new TextEncoder().encode("unread"));
  expect(await (await edge.handler.site(HOST, "/unread.txt")).text()).toBe("unread");

  for (const [key, text] of [
    [`deployments/${unseen!.id}/manifest.json`, "/index.html/"],
    [`hosts/${first!.id}.localhost`, '"branch"'],
  ] as const) {
    const object = new TextDecoder().decode(await (await store.get(key))!.bytes());
    expect(object).toContain(text);
    await store.put(key, new TextEncoder().encode(object.replace(text, text.replace("n", "m"))));
  }
  for (const id of [first!.id, unseen!.id]) {
    const answer = await edge.handler.site(`${id}.localhost`, "/", { headers: { accept: "application/json" } });
    expect([answer.status, (await answer.json()).error.code]).toEqual([500, "corrupt_object"]);
  }
}, 60_000);
