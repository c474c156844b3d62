import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { newSignInLink } from "../api/auth.ts";
import { type Database, openDatabase } from "../database/postgres.ts";
import { keepToken } from "../database/tokens.ts";
import type { PostgresConnection } from "../model/postgres.ts";
import { isLoopbackHost, type Role, type Settings } from "../model/settings.ts";
import { hostUrl, type SiteAddress } from "../model/site-hosts.ts";
import type { JobQueue } from "../queue/job-queue.ts";
import { CertificateSet, readCertificates } from "./certificates.ts";
import { holdDataDirectory, localToken, writeApiFile } from "./data-directory.ts";
import { startEdgeWorkers } from "./edge-workers.ts";
import { endingStreams } from "./ending-streams.ts";
import { createFrontDoor } from "./front-door.ts";
import { healthCheck } from "./health.ts";
import { findLeftovers, removeLeftovers } from "./leftovers.ts";
import type { Front } from "./listen.ts";
import { openListeners } from "./listeners.ts";
import { localAddress } from "./local-address.ts";
import { bearerCheck, Metrics } from "./metrics.ts";
import { openPlatformLog, type PlatformLog } from "./platform-log.ts";
import { Releasers } from "./releasers.ts";
import { type Environment, startRoles } from "./roles.ts";
import { openStore } from "./stores.ts";

export interface Platform {
  baseUrl: string;
  /** Present where this process has the role `api`. */
  api?: { url: string; token: string; signInUrl: string };
  /** Opens the access log anew, looks for changed certificates and restarts the edge workers one at a time. */
  reload(): Promise<void>;
  stop(): Promise<void>;
}

type SiteHandler = Awaited<ReturnType<typeof startRoles>>["sites"];

/** How long requests in flight may take once the platform stops. */
const DRAIN_MS = 10_000;
const STOP_STEP_MS = 15_000;

/**
 * Settings -> parts -> roles -> a listening port. When it throws, everything that it had started is stopped.
 * @throws BerthError that names the setting at fault
 */
export async function startPlatform(settings: Settings, environment: Environment): Promise<Platform> {
  const releasers = new Releasers();
  const data = await holdDataDirectory(settings.dataDirectory);
  releasers.add("data directory", () => data.release());
  const log = openPlatformLog(data.path);
  const stop = () => releasers.run({ timeoutMs: STOP_STEP_MS, onFault: log.fault });
  try {
    return { ...(await start({ settings, environment, releasers, log })), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Starting {
  settings: Settings;
  environment: Environment;
  releasers: Releasers;
  log: PlatformLog;
}

async function start({ settings, environment, releasers, log }: Starting): Promise<Omit<Platform, "stop">> {
  const needs = (...roles: Role[]) => roles.some((role) => settings.roles.includes(role));
  const metrics = new Metrics();

  // The ports are bound first: a taken one is the most common fault, and it is told before anything else is started.
  let inside: Front = {
    answer: () => new Response("Starting\n", { status: 503, headers: { "content-type": "text/plain; charset=utf-8" } }),
  };
  const door: Front = {
    answer: (request) => inside.answer(request),
    quick: (head, client) => inside.quick?.(head, client),
  };
  let sites: SiteHandler | undefined;
  const folder = settings.tlsCertificates;
  const certificates = folder === null ? undefined : new CertificateSet(await readCertificates(folder));
  const front = { settings, environment, certificates, onFault: log.fault };
  const workers = settings.edgeWorkers > 1 && needs("edge") ? await startEdgeWorkers(front, door.answer) : undefined;
  const deploymentOf = (host: string | null) => sites?.deploymentOf(host);
  const listeners = workers ? undefined : await openListeners({ ...front, isShared: false, deploymentOf }, door);
  const open = (workers ?? listeners)!;
  let stopped: Promise<void> | undefined;
  const stopListening = (limitMs: number) => {
    stopped ??= open.stop(limitMs);
    return stopped;
  };
  releasers.add("listeners", () => stopListening(0));
  if (workers) metrics.watchWorkers(workers);
  if (listeners) metrics.watchListeners(listeners);
  const { port } = open;
  const { address, baseUrl } = addressesOf(settings, { ...open, certificates });

  const temporaryDirectory = join(settings.dataDirectory, "tmp");
  await mkdir(temporaryDirectory, { recursive: true, mode: 0o700 });
  // Found before anything else is made there; removed meanwhile, for there may be much of it.
  const removal = removeLeftovers(await findLeftovers(settings.dataDirectory), (error) =>
    log.fault(error, { part: "leftovers" }),
  );
  releasers.add("leftovers", () => removal);
  const [store, work] = await Promise.all([
    openStore(settings, log),
    needs("api", "upload", "builder") ? openWork({ settings, releasers, log }) : undefined,
  ]);
  releasers.add("store", () => store.close());
  const { base, ...served } = await startRoles({
    settings,
    environment,
    store,
    work,
    log,
    releasers,
    address,
    baseUrl,
    metrics,
    temporaryDirectory,
    edgePlace: 0,
    version: packageJson.version,
    workers,
    client: (request) => listeners!.client(request),
    allowsLocalSources:
      settings.localSources === "yes" || (settings.localSources === "auto" && isLoopbackHost(settings.host)),
  });
  sites = served.sites;
  await workers?.ready;
  const streams = new AbortController();
  const metricsTokens = settings.metricsToken === null ? [] : [settings.metricsToken];
  const opensMetrics = bearerCheck([...metricsTokens, await localToken(settings.dataDirectory)]);
  inside = createFrontDoor({
    domain: settings.domain,
    health: healthCheck({ store, ...work, workers, roles: settings.roles }),
    metrics: async (request) => (opensMetrics(request) ? metrics.response() : METRICS_REFUSED.clone()),
    isMetricsCaller: bearerCheck(metricsTokens),
    ...(base && { base: endingStreams(base, streams.signal) }),
    ...(sites && { sites }),
  });
  releasers.add("requests in flight", () => {
    streams.abort();
    return stopListening(DRAIN_MS);
  });
  log.info("started", { port, roles: settings.roles });
  const api =
    needs("api") && work ? await announceApi(settings, { database: work.database, baseUrl, port }) : undefined;
  return { baseUrl, reload: () => open.reload(), ...(api && { api }) };
}

const METRICS_REFUSED = new Response("This needs the token of metrics, or that of the data directory.\n", {
  status: 401,
  headers: { "content-type": "text/plain; charset=utf-8", "www-authenticate": 'Bearer realm="metrics"' },
});

/** Where browsers reach the website and the sites: over HTTPS what a certificate is valid for. */
function addressesOf(
  settings: Settings,
  open: { port: number; httpsPort: number | undefined; certificates: CertificateSet | undefined },
): { address: SiteAddress; baseUrl: string } {
  const { domain, sitesDomain, sitesPort } = settings;
  const schemeOf = (host: string) => (open.certificates?.covers(host) ? "https" : "http");
  const portOf = (scheme: "http" | "https") => (scheme === "https" ? (open.httpsPort ?? 443) : open.port);
  const scheme = settings.sitesScheme ?? schemeOf(`*.${sitesDomain}`);
  const baseScheme = schemeOf(domain);
  return {
    address: { sitesDomain, scheme, port: sitesPort ?? portOf(scheme) },
    baseUrl: hostUrl(domain, { scheme: baseScheme, port: portOf(baseScheme) }),
  };
}

export interface Work {
  database: Database;
  /** To the database's server. */
  connection: PostgresConnection;
  queue: JobQueue;
}

interface OpeningWork {
  settings: Settings;
  releasers: Releasers;
  log: PlatformLog;
}

/** The database first, for the embedded queue stands on its server. */
async function openWork({ settings, releasers, log }: OpeningWork): Promise<Work> {
  const connection = await openServer({ settings, releasers, log });
  const onFault = (part: string) => (error: Error) => log.fault(error, { part });
  const database = await openDatabase(connection, onFault("database"));
  releasers.add("database", () => database.close());
  const { openPostgresQueue, openRedisQueue } = await import("../queue/bullmq.ts");
  const queue =
    settings.queue === "embedded:"
      ? await openPostgresQueue(connection, onFault("queue"))
      : await openRedisQueue(settings.queue, onFault("queue"));
  releasers.add("queue", () => queue.close());
  return { database, connection, queue };
}

async function openServer({ settings, releasers, log }: OpeningWork): Promise<PostgresConnection> {
  if (settings.database !== "embedded:") return { connectionString: settings.database };
  const { startEmbeddedPostgres } = await import("../database/embedded.ts");
  const server = await startEmbeddedPostgres({
    directory: join(settings.dataDirectory, "database"),
    uid: process.getuid?.() === 0 ? settings.uidBase : undefined,
    onFault: (error) => log.fault(error, { part: "embedded PostgreSQL" }),
  });
  releasers.add("embedded PostgreSQL", () => server.stop());
  return server.connection;
}

async function announceApi(settings: Settings, api: { database: Database; baseUrl: string; port: number }) {
  const token = await localToken(settings.dataDirectory);
  await keepToken(api.database, { secret: token, name: "this machine" });
  const url = hostUrl(await localAddress(settings.host), api);
  await writeApiFile(settings.dataDirectory, { url, token, website: api.baseUrl });
  return { url, token, signInUrl: await newSignInLink(api) };
}
