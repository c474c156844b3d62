/**
 * What the request handler needs beside speed: memory with many sites, the store round trips of a host that was never
 * asked before, and a manifest of very many files.
 *
 *   script/bench edge [--sites 10000] [--only memory,cold,manifest]
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { type DeploymentId, sha256 } from "../src/model/ids.ts";
import type { ManifestEntry } from "../src/model/manifest.ts";
import { ManifestFiles } from "../src/model/manifest-files.ts";
import { resolve } from "../src/serve/resolve.ts";
import { type Site, siteOf } from "../src/serve/site.ts";
import { loadManifest } from "../src/serve/sources.ts";
import { manifestKey, putManifest } from "../src/store/deployments.ts";
import { openFileStore } from "../src/store/file.ts";
import type { ObjectStore } from "../src/store/object-store.ts";
import { openS3Store } from "../src/store/s3.ts";
import { removeDataDirectory, startPlatform } from "../test/support/platform.ts";
import { startRadosgw } from "../test/support/radosgw.ts";
import { startDelayedProxy } from "./support/delayed-proxy.ts";
import { median, printTable, ratio } from "./support/report.ts";
import {
  ASSET_PATH,
  FILES_PER_SITE,
  folderPut,
  hostOf,
  putSharedFiles,
  putSite,
  smallPath,
} from "./support/serve-sites.ts";

type TableRow = [name: string, figure: string, goal: string];

const GOAL_MB = 200;
const BUCKET = "cold";
const DELAY_MS = 20;
const COLD_HOSTS = 20;
const ASKED_AT_ONCE = 64;
const LARGE_FILES = 100_000;
const LOOKUPS = 200_000;
const LOOKUPS_AT_ONCE = 250;
const ROUNDS = 7;

const { values: options } = parseArgs({
  options: { sites: { type: "string", default: "10000" }, only: { type: "string" } },
});
const MEASURES: Record<string, () => Promise<TableRow[]>> = { memory, cold, manifest };
const rows: TableRow[] = [];
for (const [name, measure] of Object.entries(MEASURES)) {
  if (options.only?.split(",").includes(name) ?? true) rows.push(...(await measure()));
}
printTable("the request handler: memory, cold starts, large manifests", rows);

/** One process of the role `edge`, asked for every file of every site once. */
async function memory(): Promise<TableRow[]> {
  const folder = await mkdtemp(join(tmpdir(), "berth-bench-edge-"));
  const count = Number(options.sites);
  const data = join(folder, "data");
  await mkdir(data, { mode: 0o711 });
  const put = folderPut(join(data, "objects"));
  const shared = await putSharedFiles(put);
  for (let site = 0; site < count; site += 1) await putSite(put, site, shared);
  const platform = await startPlatform({ dataDirectory: data, args: ["--role", "edge"] });
  try {
    const fresh = await residentMegabytes(platform.pid);
    const paths = ["/", ASSET_PATH, ...Array.from({ length: FILES_PER_SITE - 2 }, (_, at) => smallPath(at))];
    await inParallel(count, async (site) => {
      for (const path of paths) await (await platform.site(hostOf(site), path)).arrayBuffer();
    });
    const touched = await residentMegabytes(platform.pid);
    const peak = await residentMegabytes(platform.pid, "VmHWM");
    return [
      ["memory of an edge, fresh", `${fresh.toFixed(0)} MB`, ""],
      [
        `- all ${FILES_PER_SITE} files of ${count} sites touched`,
        `${touched.toFixed(0)} MB`,
        `≤ ${GOAL_MB} MB: ${touched <= GOAL_MB ? "met" : "missed"}`,
      ],
      ["- its peak", `${peak.toFixed(0)} MB`, ""],
    ];
  } finally {
    await platform.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Hosts that this edge was never asked for, over S3 with a delay put before each of its answers. */
async function cold(): Promise<TableRow[]> {
  const server = await startRadosgw();
  const client = new S3Client({ ...server, region: "default", forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  client.destroy();
  const store = openS3Store(`s3://${BUCKET}?endpoint=${server.endpoint}&region=default`, server.credentials);
  const put = store.put.bind(store);
  const shared = await putSharedFiles(put);
  for (let site = 0; site < COLD_HOSTS; site += 1) await putSite(put, site, shared);
  await store.close();
  const proxy = startDelayedProxy(server.endpoint, DELAY_MS);
  const platform = await startPlatform({
    args: ["--role", "edge"],
    env: {
      BERTH_STORE: `s3://${BUCKET}?endpoint=${proxy.url}&region=default`,
      AWS_ACCESS_KEY_ID: server.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: server.credentials.secretAccessKey,
    },
  });
  try {
    const trips: number[] = [];
    const requests: number[] = [];
    const times: number[] = [];
    for (let site = 0; site < COLD_HOSTS; site += 1) {
      const before = proxy.counts();
      const start = performance.now();
      const answer = await platform.site(hostOf(site), "/");
      if (answer.status !== 200) throw new Error(`a cold host answered ${answer.status}`);
      const reader = answer.body!.getReader();
      await reader.read();
      times.push(performance.now() - start);
      await reader.cancel();
      const after = proxy.counts();
      trips.push(after.rounds - before.rounds);
      requests.push(after.requests - before.requests);
    }
    return [
      [
        `first byte of a cold host, ${DELAY_MS} ms added to each round trip`,
        `${median(times).toFixed(0)} ms, ${median(trips)} round trips, ${median(requests)} requests`,
        `at most 3 round trips: ${Math.max(...trips) <= 3 ? "met" : "missed"}`,
      ],
    ];
  } finally {
    await platform.stop();
    await removeDataDirectory(platform.dataDirectory);
    proxy.stop();
    await server.stop();
  }
}

/** Of a folder store, read and made ready as a request handler does it. */
async function manifest(): Promise<TableRow[]> {
  const folder = await mkdtemp(join(tmpdir(), "berth-bench-manifest-"));
  const store = openFileStore(folder);
  try {
    const large = await storedManifest(store, "m000000000000000large", 0, LARGE_FILES);
    const small: DeploymentId[] = [];
    for (let from = 0; from < LARGE_FILES; from += FILES_PER_SITE) {
      small.push(await storedManifest(store, `m${String(from).padStart(20, "0")}`, from, from + FILES_PER_SITE));
    }
    const times: number[] = [];
    const unavoidable: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const start = performance.now();
      sha256(await (await store.get(manifestKey(large)))!.bytes());
      const read = performance.now();
      siteOf((await loadManifest(store, large))!.manifest);
      unavoidable.push(read - start);
      times.push(performance.now() - read);
    }
    const loaded = async (id: DeploymentId) => siteOf((await loadManifest(store, id))!.manifest);
    const largeSite = await loaded(large);
    const smallSites: Site[] = [];
    for (const id of small) smallSites.push(await loaded(id));
    const few = Array.from({ length: FILES_PER_SITE }, (_, at) => at);
    const all = Array.from({ length: LARGE_FILES }, (_, at) => (at * 7919) % LARGE_FILES);
    const inLarge = () => largeSite;
    const inSmall = (file: number) => smallSites[Math.floor(file / FILES_PER_SITE)]!;
    const figures = { few: { small: [], large: [] }, all: { small: [], large: [] } } as Record<
      "few" | "all",
      Record<"small" | "large", number[]>
    >;
    for (let round = 0; round < ROUNDS; round += 1) {
      figures.few.small.push(lookupNanoseconds(inSmall, few));
      figures.few.large.push(lookupNanoseconds(inLarge, few));
      figures.all.small.push(lookupNanoseconds(inSmall, all));
      figures.all.large.push(lookupNanoseconds(inLarge, all));
    }
    const lookupRow = (title: string, { small, large }: Record<"small" | "large", number[]>): TableRow => {
      const [base, value] = [median(small), median(large)];
      const figure = `${value.toFixed(0)} ns against ${base.toFixed(0)} ns, ${ratio(value, base)}`;
      return [title, figure, `≤ 1.10 ×: ${value <= 1.1 * base ? "met" : "missed"}`];
    };
    const load = median(times);
    return [
      [
        `manifest of ${LARGE_FILES} files, each with three copies: load`,
        `${load.toFixed(0)} ms (the first time ${times[0]!.toFixed(0)} ms)`,
        `≤ 150 ms: ${load <= 150 ? "met" : "missed"}`,
      ],
      ["- to read its bytes and hash them alone", `${median(unavoidable).toFixed(0)} ms`, ""],
      lookupRow(`- a lookup, of the same ${FILES_PER_SITE} paths, against one of ${FILES_PER_SITE} files`, figures.few),
      lookupRow(`- a lookup, of all paths in turn, against ${small.length} of ${FILES_PER_SITE} files`, figures.all),
    ];
  } finally {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function manifestPath(file: number): string {
  return `/docs/part-${file % 97}/page-${file}/chunk-${file}.js`;
}

/** Of the files from number `from` to before number `to`. */
async function storedManifest(store: ObjectStore, id: string, from: number, to: number): Promise<DeploymentId> {
  const deployment = id as DeploymentId;
  const ref = (text: string) => ({ hash: sha256(Buffer.from(text)), size: 1000 + text.length });
  const entries = Array.from({ length: to - from }, (_, place): [string, ManifestEntry] => {
    const at = from + place;
    const encoded = { br: ref(`br ${at}`), zstd: ref(`zstd ${at}`), gzip: ref(`gzip ${at}`) };
    return [manifestPath(at).slice(1), { ...ref(`${at}`), encoded }];
  });
  await putManifest(store, {
    ...{ deployment, project: "large", createdAt: "2026-01-01T00:00:00.000Z", compression: "strong" },
    ...{ htmlHandling: "auto-trailing-slash", notFoundHandling: "none", files: ManifestFiles.of(entries) },
  });
  return deployment;
}

/**
 * The whole decision which file answers a path, without what remembers decisions. The paths are copied shortly before, for
 * a request's has just come in.
 */
function lookupNanoseconds(siteWith: (file: number) => Site, files: readonly number[]): number {
  const headers = new Headers();
  let spentMs = 0;
  for (let done = 0; done < LOOKUPS; done += LOOKUPS_AT_ONCE) {
    const asked = Array.from({ length: LOOKUPS_AT_ONCE }, (_, at) => {
      const file = files[(done + at) % files.length]!;
      return { site: siteWith(file), path: copyOf(manifestPath(file)) };
    });
    const start = performance.now();
    for (const { site, path } of asked) {
      if (resolve(site, { method: "GET", path, query: "", headers, host: "large.localhost" }).kind !== "serve") {
        throw new Error(`${path} was not found`);
      }
    }
    spentMs += performance.now() - start;
  }
  return (spentMs * 1e6) / LOOKUPS;
}

/** Latin-1, as the text of a request's head is. */
function copyOf(path: string): string {
  return Buffer.from(path, "latin1").toString("latin1");
}

async function inParallel(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) {
      next += 1;
      await work(next - 1);
    }
  };
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, worker));
}

async function residentMegabytes(pid: number, field: "VmRSS" | "VmHWM" = "VmRSS"): Promise<number> {
  const status = await Bun.file(`/proc/${pid}/status`).text();
  return (Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)![1]) * 1024) / 1e6;
}
