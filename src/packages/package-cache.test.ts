import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, readdir, rm, stat, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPackageCache, type PackageCache } from "./package-cache.ts";
import { FETCHED_AT_ONCE } from "./tarballs.ts";
import type { UpstreamSettings } from "./upstream.ts";

const BASE = "http://127.0.0.1:24873/";
const SHORT = "application/vnd.npm.install-v1+json";

/** A registry that counts what it is asked, with one package `tool` whose archive holds `content`. */
let asked: { path: string; accept: string | null; authorization: string | null; etag: string | null }[];
let content: string;
let announced: string;
let isDown: boolean;
let knowsVersions: boolean;
let server: Bun.Server<undefined>;
let directory: string;
let cache: PackageCache;

const integrity = (text: string) => `sha512-${new Bun.CryptoHasher("sha512").update(text).digest("base64")}`;
const manifest = (name: string) => ({
  name,
  version: "1.0.0",
  scripts: { install: "node x" },
  dist: { tarball: `${server.url}${name}/-/${name.split("/").at(-1)}-1.0.0.tgz`, integrity: integrity(announced) },
});

function registry(request: Request): Response {
  const path = decodeURIComponent(new URL(request.url).pathname);
  const { headers } = request;
  asked.push({
    path,
    accept: headers.get("accept"),
    authorization: headers.get("authorization"),
    etag: headers.get("if-none-match"),
  });
  if (isDown) return new Response("down", { status: 503 });
  if (path.endsWith(".tgz")) return new Response(content);
  const name = /^\/((?:private\/)?(?:@[^/]+\/)?[^/]+)/.exec(path)![1]!.replace("private/", "");
  if (name === "absent") return new Response("none", { status: 404 });
  if (path.endsWith("/1.0.0")) return knowsVersions ? Response.json(manifest(name)) : new Response("", { status: 404 });
  if (headers.get("if-none-match") === '"one"') return new Response(null, { status: 304 });
  const document = { name, readme: "long", "dist-tags": { latest: "1.0.0" }, versions: { "1.0.0": manifest(name) } };
  return Response.json(document, { headers: { etag: '"one"' } });
}

const open = (options: { maxBytes?: number; upstream?: Partial<UpstreamSettings> } = {}) =>
  openPackageCache({
    directory,
    maxBytes: options.maxBytes ?? 10 * 1024 ** 2,
    upstream: { registry: server.url.href, scopes: {}, credentials: [], ...options.upstream },
    base: BASE,
  });

const get = (path: string, init: RequestInit = {}) => fetch(BASE + path, { ...init, unix: cache.socket });
const short = (path: string) => get(path, { headers: { accept: `${SHORT}; q=1.0, application/json; q=0.8` } });
const paths = () => asked.map(({ path }) => path);

async function keptFiles(): Promise<string[]> {
  const names = await readdir(directory, { recursive: true });
  const hashes = names.filter((name) => /^..\/[0-9a-f]{64}$/.test(name));
  return hashes.map((name) => join(directory, name));
}

async function age(): Promise<void> {
  for (const path of await keptFiles()) await utimes(path, new Date(0), new Date(0));
}

beforeEach(async () => {
  asked = [];
  content = announced = "archive";
  isDown = false;
  knowsVersions = true;
  server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: registry });
  directory = await mkdtemp(join(tmpdir(), "berth-packages-"));
  cache = await open();
});
afterEach(async () => {
  await cache.close();
  await server.stop(true);
  await rm(directory, { recursive: true, force: true });
});

interface Document {
  readme?: string;
  versions: Record<string, { dist: { tarball: string }; hasInstallScript?: boolean }>;
}

test("packuments name the cache, and are asked of the registry once; the two forms are kept apart", async () => {
  for (const _ of [1, 2]) {
    const response = await short("tool");
    expect([response.status, response.headers.get("content-type")]).toEqual([200, SHORT]);
    const document = (await response.json()) as Document;
    expect(document.readme).toBeUndefined();
    expect(document.versions["1.0.0"]).toMatchObject({
      hasInstallScript: true,
      dist: { tarball: `${BASE}tool/-/tool-1.0.0.tgz` },
    });
  }
  expect(((await (await get("tool")).json()) as Document).readme).toBe("long");
  expect(asked.map(({ accept }) => accept?.includes(SHORT))).toEqual([true, false]);
});

test("who knows no gzip gets plain text", async () => {
  const plain = await get("tool", { headers: { "accept-encoding": "identity" } });
  expect(plain.headers.get("content-encoding")).toBeNull();
  expect(((await plain.json()) as Document).readme).toBe("long");
});

test("an old packument is asked for by its ETag, and serves while the registry is down", async () => {
  await (await short("tool")).text();
  await age();
  expect((await short("tool")).status).toBe(200);
  expect(asked.map(({ etag }) => etag)).toEqual([null, '"one"']);
  await short("tool");
  expect(asked).toHaveLength(2);
  await age();
  isDown = true;
  expect(((await (await short("tool")).json()) as Document).versions["1.0.0"]).toBeDefined();
  expect((await short("another")).status).toBe(502);
});

test("an archive is fetched once, and checked without its packument", async () => {
  for (const _ of [1, 2]) expect(await (await get("tool/-/tool-1.0.0.tgz")).text()).toBe("archive");
  expect(paths().sort()).toEqual(["/tool/-/tool-1.0.0.tgz", "/tool/1.0.0"]);
  isDown = true;
  expect(await (await get("tool/-/tool-1.0.0.tgz")).text()).toBe("archive");
});

test("a registry without single versions is asked for the packument", async () => {
  knowsVersions = false;
  expect(await (await get("@a/tool/-/tool-1.0.0.tgz")).text()).toBe("archive");
  expect(paths()).toContain("/@a/tool");
});

test("bytes that are not what the registry names are refused, and nothing is kept of them", async () => {
  content = "something else";
  expect((await get("tool/-/tool-1.0.0.tgz")).status).toBe(502);
  expect(await keptFiles()).toEqual([]);
  expect(await readdir(join(directory, "drafts"))).toEqual([]);
  content = "archive";
  expect(await (await get("tool/-/tool-1.0.0.tgz")).text()).toBe("archive");
});

test("many who ask at the same time cost one request", async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => get("tool/-/tool-1.0.0.tgz")));
  expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(Array(20).fill("archive"));
  expect(asked).toHaveLength(2);
});

test.each([
  ["archives", (name: string) => `${name}/-/${name}-1.0.0.tgz`],
  ["documents", (name: string) => name],
])("only so many %s are fetched at a time, and all are", async (_, pathOf) => {
  const wanted = FETCHED_AT_ONCE + 16;
  let [held, most] = [0, 0];
  const full = Promise.withResolvers<void>();
  server.reload({
    async fetch(request) {
      const isCounted = !request.url.endsWith("/1.0.0");
      if (isCounted) {
        held += 1;
        most = Math.max(most, held);
        if (held >= FETCHED_AT_ONCE) full.resolve();
        await full.promise;
        await Bun.sleep(5);
        held -= 1;
      }
      return registry(request);
    },
  });
  const answers = await Promise.all(Array.from({ length: wanted }, (__, at) => get(pathOf(`tool${at}`))));
  expect(answers.map(({ status }) => status)).toEqual(Array(wanted).fill(200));
  await Promise.all(answers.map((answer) => answer.arrayBuffer()));
  expect(most).toBe(FETCHED_AT_ONCE);
});

test("credentials go to the registry that they are for, and to no other", async () => {
  await cache.close();
  const { host } = server.url;
  cache = await open({
    upstream: {
      scopes: { "@mine": `${server.url}private/` },
      credentials: [{ prefix: `//${host}/private/`, authorization: "Bearer t0ken" }],
    },
  });
  await short("@mine/tool");
  await short("@other/tool");
  await get("@mine/tool/-/tool-1.0.0.tgz");
  expect(asked.map(({ path, authorization }) => [path, authorization])).toEqual([
    ["/private/@mine/tool", "Bearer t0ken"],
    ["/@other/tool", null],
    ["/private/@mine/tool/-/tool-1.0.0.tgz", "Bearer t0ken"],
  ]);
});

test("what it keeps is bounded; the least used goes first", async () => {
  await cache.close();
  content = announced = "x".repeat(1000);
  cache = await open({ maxBytes: 3500 });
  for (const name of ["a", "b", "c"]) await get(`${name}/-/${name}-1.0.0.tgz`);
  await age();
  await get("a/-/a-1.0.0.tgz");
  await get("d/-/d-1.0.0.tgz");
  const sizes = await Promise.all((await keptFiles()).map(async (path) => (await stat(path)).size));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(3500);
  asked = [];
  for (const name of ["a", "d"]) expect((await get(`${name}/-/${name}-1.0.0.tgz`)).status).toBe(200);
  expect(asked).toEqual([]);
});

test("nothing can be written, and what is no package is not there", async () => {
  for (const method of ["POST", "PUT", "DELETE", "PATCH"]) expect((await get("tool", { method })).status).toBe(405);
  expect((await get("-/npm/v1/security/audits")).status).toBe(404);
  expect((await get("absent")).status).toBe(404);
  expect((await get("tool/1.0.0")).status).toBe(200);
  expect((await get("tool/9.9.9")).status).toBe(404);
  expect((await get("-/ping")).status).toBe(200);
  expect((await get("tool", { method: "HEAD" })).status).toBe(200);
});
