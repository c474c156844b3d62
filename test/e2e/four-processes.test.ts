import { afterAll, beforeAll, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { deployAndWait, logOf } from "../support/deploy.ts";
import { newDataDirectory, removeDataDirectory, startPlatform, type TestPlatform } from "../support/platform.ts";
import { startPostgres } from "../support/postgres.ts";
import { freePort } from "../support/process.ts";
import { startRadosgw } from "../support/radosgw.ts";
import { startRedis } from "../support/redis.ts";
import { buildableSite, newRepository, type TestRepository, WRITES_DIST } from "../support/repositories.ts";

/** Four processes, a role each, that meet at S3, Redis and PostgreSQL alone. */
const stops: (() => Promise<void>)[] = [];
const platforms: Record<string, TestPlatform> = {};
let repository: TestRepository;
let database: { url: string; stop(): Promise<void> };
let redis: { url: string; stop(): Promise<void> };

beforeAll(async () => {
  const [s3, startedDatabase, startedRedis] = await Promise.all([startRadosgw(), startPostgres(), startRedis()]);
  database = startedDatabase;
  redis = startedRedis;
  stops.push(s3.stop);
  const client = new S3Client({
    endpoint: s3.endpoint,
    region: "default",
    credentials: s3.credentials,
    forcePathStyle: true,
  });
  await client.send(new CreateBucketCommand({ Bucket: "sites" }));
  const edgePort = await freePort();
  const env = {
    BERTH_STORE: `s3://sites?endpoint=${s3.endpoint}&region=default`,
    BERTH_QUEUE: redis.url,
    BERTH_DATABASE: database.url,
    BERTH_SITES_PORT: `${edgePort}`,
    BERTH_SECRETS_KEY: randomBytes(32).toString("base64"),
    AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
  };
  const start = async (role: string) => {
    const dataDirectory = await newDataDirectory({ withDatabase: false });
    const port = role === "edge" ? ["--port", `${edgePort}`] : [];
    const platform = await startPlatform({ dataDirectory, args: ["--role", role, ...port], env });
    platforms[role] = platform;
    stops.push(
      () => removeDataDirectory(dataDirectory),
      () => platform.stop(),
    );
  };
  await Promise.all(["api", "upload", "builder", "edge"].map(start));
  repository = await newRepository("fleet", buildableSite(WRITES_DIST, { "text.txt": "at scale" }));
  stops.push(repository.remove);
}, 180_000);

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
}, 60_000);

test("a deployment passes through all four and is served by the edge", async () => {
  const done = await deployAndWait(platforms.api!, { source: repository.path });
  expect([done.status, done.error]).toEqual(["ready", null]);
  expect(new URL(done.url).port).toBe(`${platforms.edge!.port}`);
  const page = await platforms.edge!.site("fleet.localhost", "/");
  expect(await page.text()).toContain("at scale");
  expect((await platforms.api!.site("fleet.localhost", "/")).status).toBe(404);
}, 120_000);

// These two mostly wait, one for a build, the other for the edge's next look at the store: they do it side by side.
test.concurrent("a variable that one process encrypted is opened by another one", async () => {
  const body = JSON.stringify({ variables: [{ name: "TOKEN", value: "at-scale-9f2c", secret: true }] });
  expect((await platforms.api!.api("/projects/fleet/variables", { method: "PUT", body })).status).toBe(200);
  const build = `${WRITES_DIST}\nconsole.log("seen: " + process.env.TOKEN);`;
  await repository.commit(buildableSite(build, { "text.txt": "at scale" }));
  const done = await deployAndWait(platforms.api!, { source: repository.path });
  expect([done.status, done.error]).toEqual(["ready", null]);
  expect(await logOf(platforms.api!, done.id)).toContain("seen: ***");
}, 120_000);

test.concurrent("a protection that the API writes is known to the edge soon", async () => {
  const statusIs = async (status: number) => {
    while ((await platforms.edge!.site("fleet.localhost", "/")).status !== status) await Bun.sleep(100);
  };
  const path = "/projects/fleet/protection";
  const body = JSON.stringify({ kind: "token", scope: "all" });
  const { protection } = (await (await platforms.api!.api(path, { method: "POST", body })).json()) as {
    protection: { id: string };
  };
  await statusIs(401);
  const explained = await platforms.api!.api("/explain?url=http://fleet.localhost/");
  expect(await explained.json()).toMatchObject({ answer: { status: 401 }, behindProtection: { status: 200 } });
  await platforms.api!.api(`${path}/${protection.id}`, { method: "DELETE" });
  await statusIs(200);
}, 30_000);

test("with database, queue and API down the edge goes on serving, and starts anew", async () => {
  // The workers go first: one whose queue is gone takes its whole time to stop.
  await Promise.all(["upload", "builder"].map((role) => platforms[role]!.stop()));
  const api = platforms.api!;
  const answer = async (path: string, init?: RequestInit) => {
    const response = await api.api(path, init);
    return [response.status, ((await response.json()) as { error: { code: string } }).error.code];
  };
  await redis.stop();
  const before = await (await api.api("/deployments")).text();
  const wish = { method: "POST", body: JSON.stringify({ source: repository.path }) };
  expect(await answer("/deployments", wish)).toEqual([503, "queue_unavailable"]);
  expect(await (await api.api("/deployments")).text()).toBe(before);
  await database.stop();
  expect(await answer("/deployments")).toEqual([503, "database_unavailable"]);
  expect((await fetch(`http://127.0.0.1:${api.port}/healthz`)).status).toBe(503);
  await api.kill();
  const page = await platforms.edge!.site("main--fleet.localhost", "/");
  expect(await page.text()).toContain("at scale");
  expect((await fetch(`http://127.0.0.1:${platforms.edge!.port}/healthz`)).status).toBe(200);
}, 60_000);
