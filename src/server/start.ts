import { timingSafeEqual } from "node:crypto";
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
import type { ObjectStore } from "../store/object-store.ts";
import { holdDataDirectory, localToken, writeApiFile } from "./data-directory.ts";
import { createFrontDoor } from "./front-door.ts";
import { healthCheck } from "./health.ts";
import { findLeftovers, removeLeftovers } from "./leftovers.ts";
import { listen } from "./listen.ts";
import { Metrics } from "./metrics.ts";
import { openPlatformLog, type PlatformLog } from "./platform-log.ts";
import { Releasers } from "./releasers.ts";
import { type Environment, startRoles } from "./roles.ts";

export interface Platform {
  baseUrl: string;
  /** Present where this process has the role `api`. */
  api?: { url: string; token: string; signInUrl: string };
  /** Resolves with the reason when a part ended by itself and the platform can't go on. */
  broken: Promise<string>;
  stop(): Promise<void>;
}

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
  const broken = Promise.withResolvers<string>();
  const needs = (...roles: Role[]) => roles.some((role) => settings.roles.includes(role));
  const metrics = new Metrics();

  // The port is bound first: a taken one is the most common fault, and it is told before anything else is started.
  let answer: (request: Request) => Response | Promise<Response> = () => new Response("Starting\n", { status: 503 });
  const server = await listen(settings, (request) => answer(request));
  releasers.add("listener", () => server.stop(true));
  const port = server.port!;
  const address: SiteAddress = { sitesDomain: settings.sitesDomain, port: settings.sitesPort ?? port };
  const baseUrl = hostUrl(settings.domain, { port });

  const temporaryDirectory = join(settings.dataDirectory, "tmp");
  await mkdir(temporaryDirectory, { recursive: true, mode: 0o700 });
  // Found before anything else is made there; removed meanwhile, for there may be much of it.
  const removal = removeLeftovers(await findLeftovers(settings.dataDirectory), (error) =>
    log.fault(error, { part: "leftovers" }),
  );
  releasers.add("leftovers", () => removal);
  const [store, work] = await Promise.all([
    openStore(settings),
    needs("api", "upload", "builder") ? openWork({ settings, releasers, log, onBroken: broken.resolve }) : undefined,
  ]);
  releasers.add("store", () => store.close());
  const roles = await startRoles({
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
    version: packageJson.version,
    clientAddress: (request) => server.requestIP(request)?.address,
    allowsLocalSources:
      settings.localSources === "yes" || (settings.localSources === "auto" && isLoopbackHost(settings.host)),
  });
  answer = createFrontDoor({
    domain: settings.domain,
    health: healthCheck({ store, ...work, roles: settings.roles }),
    metrics: guardedMetrics(metrics, await localToken(settings.dataDirectory)),
    ...roles,
  });
  log.info("started", { port, roles: settings.roles });
  const api =
    needs("api") && work ? await announceApi(settings, { database: work.database, baseUrl, port }) : undefined;
  return { baseUrl, broken: broken.promise, ...(api && { api }) };
}

/** For a process without the API, which has no callers to tell apart. */
function guardedMetrics(metrics: Metrics, token: string): (request: Request) => Promise<Response> {
  const wanted = Buffer.from(`Bearer ${token}`);
  return async (request) => {
    const given = Buffer.from(request.headers.get("authorization") ?? "");
    if (given.length === wanted.length && timingSafeEqual(given, wanted)) return await metrics.response();
    return new Response("This needs the token of the data directory.\n", { status: 401 });
  };
}

async function openStore(settings: Settings): Promise<ObjectStore> {
  if (settings.store.startsWith("s3:")) {
    const { openS3Store } = await import("../store/s3.ts");
    const store = await openS3Store(settings.store, settings.s3);
    await store.check();
    return store;
  }
  const { openFileStore } = await import("../store/file.ts");
  const store = await openFileStore(settings.store.slice("file:".length));
  await store.check();
  return store;
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
  onBroken(reason: string): void;
}

/** The database first, for the embedded queue stands on its server. */
async function openWork({ settings, releasers, log, onBroken }: OpeningWork): Promise<Work> {
  const connection = await openServer({ settings, releasers, onBroken });
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

async function openServer({ settings, releasers, onBroken }: Omit<OpeningWork, "log">): Promise<PostgresConnection> {
  if (settings.database !== "embedded:") return { connectionString: settings.database };
  const { startEmbeddedPostgres } = await import("../database/embedded.ts");
  const server = await startEmbeddedPostgres({
    directory: join(settings.dataDirectory, "database"),
    uid: process.getuid?.() === 0 ? settings.uidBase : undefined,
    onExit: (status) => onBroken(`the embedded PostgreSQL ended with status ${status}`),
  });
  releasers.add("embedded PostgreSQL", () => server.stop());
  return server.connection;
}

async function announceApi(settings: Settings, api: { database: Database; baseUrl: string; port: number }) {
  const token = await localToken(settings.dataDirectory);
  await keepToken(api.database, { secret: token, name: "this machine" });
  const url = hostUrl(isLoopbackHost(settings.host) || settings.host === "0.0.0.0" ? "127.0.0.1" : settings.host, api);
  await writeApiFile(settings.dataDirectory, { url, token });
  return { url, token, signInUrl: await newSignInLink(api) };
}
