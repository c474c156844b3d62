import { availableParallelism } from "node:os";
import { join } from "node:path";
import { keysInUse } from "../database/variables.ts";
import { isLoopbackHost, type Settings } from "../model/settings.ts";
import type { SiteAddress } from "../model/site-hosts.ts";
import type { Client } from "../serve/client.ts";
import type { Handler } from "../serve/handler.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { SecretBox } from "../work/secrets.ts";
import { secretsOf } from "../work/secrets-key.ts";
import type { EdgeWorkers } from "./edge-workers.ts";
import { baseHosts, type Rooms } from "./front-door.ts";
import { followHostMoves, hostsAnnouncer } from "./host-moves.ts";
import type { Metrics } from "./metrics.ts";
import type { PlatformLog } from "./platform-log.ts";
import { startReconciler } from "./reconciler.ts";
import type { Releasers } from "./releasers.ts";
import type { Work } from "./start.ts";

/** Of the process's environment, what parts of the platform hand on. */
export interface Environment {
  home: string;
  variables: Readonly<Record<string, string | undefined>>;
}

interface RoleParts {
  settings: Settings;
  environment: Environment;
  store: ObjectStore;
  work: Work | undefined;
  log: PlatformLog;
  releasers: Releasers;
  metrics: Metrics;
  address: SiteAddress;
  baseUrl: string;
  temporaryDirectory: string;
  version: string;
  allowsLocalSources: boolean;
  /** Which of the processes that serve this one is; each has a disk cache of its own. */
  edgePlace: number;
  client: (request: Request) => Client;
  /** Where other processes serve the sites. */
  workers: EdgeWorkers | undefined;
}

/** Starts what this process was asked to be. Modules of roles that it is not are never loaded. */
export async function startRoles(parts: RoleParts): Promise<{ base?: Rooms["base"]; sites?: Handler }> {
  const has = (role: Settings["roles"][number]) => parts.settings.roles.includes(role);
  const onFault = (error: unknown, context: Record<string, string>) => {
    parts.metrics.faults.inc();
    parts.log.fault(error, context);
  };
  const rooms: { base?: Rooms["base"]; sites?: Handler } = {};
  if (parts.workers) await followHostMoves(parts, parts.workers);
  else if (has("edge")) {
    const [{ createHandler }, proxy] = await Promise.all([import("../serve/handler.ts"), openProxy(parts)]);
    const { store, client } = parts;
    const options = edgeOptions(parts.settings, parts.edgePlace);
    const handler = createHandler({ store, ...options, client, proxy, onFault });
    parts.releasers.add("request handler", () => handler.close());
    parts.metrics.watchHandler(() => handler.stats());
    parts.metrics.watchDurations(() => handler.durations());
    await followHostMoves(parts, handler);
    rooms.sites = handler;
  }
  const { work } = parts;
  if (work === undefined) return rooms;
  parts.metrics.watchQueue(work.queue);
  const secrets = secretsOf({
    file: join(parts.settings.dataDirectory, "secrets.key"),
    given: parts.settings.secretsKey,
    isInUse: async () => (await keysInUse(work.database)).length > 0,
  });
  const onHostsMoved = hostsAnnouncer(work.database, { onFault, handler: parts.workers ?? rooms.sites });
  const shared = { ...parts, ...work, secrets, onFault, onHostsMoved };
  if (has("upload")) await startUpload(shared);
  if (has("builder")) await startBuilder(shared);
  if (has("api")) rooms.base = await startApi(shared);
  const reconciler = startReconciler({ ...shared, onFault: parts.log.fault });
  parts.releasers.add("reconciler", () => reconciler.stop());
  return rooms;
}

export const edgeCacheFolder = (dataDirectory: string): string => join(dataDirectory, "edge-cache");

const skewLimits = ({ skewDeployments, skewHours }: Settings) => ({ deployments: skewDeployments, hours: skewHours });

function edgeOptions(settings: Settings, place: number) {
  const { sitesDomain, dataDirectory, edgeMemoryMiB, edgeCacheMiB } = settings;
  const isRemote = settings.store.startsWith("s3:");
  return {
    sitesDomain,
    memoryBytes: edgeMemoryMiB * 1024 ** 2,
    skew: skewLimits(settings),
    disk:
      isRemote && edgeCacheMiB > 0
        ? { folder: join(edgeCacheFolder(dataDirectory), `${place}`), bytes: edgeCacheMiB * 1024 ** 2 }
        : undefined,
  };
}

/** What rewrites to other servers go through. */
async function openProxy({ settings, client }: RoleParts) {
  const [{ createProxy }, { ownAddresses }] = await Promise.all([
    import("../serve/proxy.ts"),
    import("../sandbox/own-addresses.ts"),
  ]);
  return createProxy({
    sitesDomain: settings.sitesDomain,
    client,
    ownAddresses,
    privateAddresses: settings.privateOrigins === "yes",
    limits: {
      silenceMs: settings.proxyTimeoutSeconds * 1000,
      totalMs: settings.proxyTotalSeconds * 1000,
      responseBytes: settings.proxyMiB * 1024 ** 2,
      requestBytes: settings.proxyRequestMiB * 1024 ** 2,
      bufferedBytes: Math.max(64, settings.proxyRequestMiB) * 1024 ** 2,
    },
  });
}

type SharedParts = RoleParts &
  Work & {
    secrets: () => Promise<SecretBox>;
    onFault: (error: unknown, context: Record<string, string>) => void;
    onHostsMoved: (hosts: readonly string[]) => Promise<void>;
  };

async function startUpload(parts: SharedParts): Promise<void> {
  const [service, { gitEnvironment }, { resolveBySystem }, { ownAddresses }, { fetchSandbox, trySandboxSoon }] =
    await Promise.all([
      import("../upload/upload-service.ts"),
      import("../upload/git.ts"),
      import("../resolve-name.ts"),
      import("../sandbox/own-addresses.ts"),
      import("./build-sandbox.ts"),
    ]);
  const { settings, environment } = parts;
  const git = gitEnvironment({ ...environment, knownHostsFile: join(settings.dataDirectory, "known_hosts") });
  const { sandbox, privateSources, host } = settings;
  const privateAddresses = privateSources === "yes" || (privateSources === "auto" && isLoopbackHost(host));
  const wall = {
    sandbox: fetchSandbox(settings, parts),
    privateAddresses,
    ownAddresses,
    resolve: resolveBySystem,
  };
  const upload = { ...parts, git, wall: sandbox === "none" ? undefined : wall };
  const worker = await service.startUploadService(upload, { concurrency: parts.settings.uploads });
  parts.releasers.add("upload service", () => worker.close());
  if (upload.wall !== undefined) trySandboxSoon(upload.wall.sandbox, parts);
}

async function startApi(parts: SharedParts) {
  const [{ createApi }, { createWebsite }, { createExplain }] = await Promise.all([
    import("../api/app.ts"),
    import("../website/serve.ts"),
    import("../serve/explain.ts"),
  ]);
  const website = createWebsite(join(import.meta.dir, "../../dist/website"));
  const explain = createExplain({
    store: parts.store,
    sitesDomain: parts.settings.sitesDomain,
    skew: skewLimits(parts.settings),
    isPlatformHost: baseHosts(parts.settings.domain),
  });
  return createApi({ ...parts, explain }, { website, metrics: () => parts.metrics.response() });
}

async function startBuilder(parts: SharedParts): Promise<void> {
  const [{ startDeploymentService }, { OUTPUT_LIMITS }, { openToolchains }, { buildSandbox, trySandboxSoon }] =
    await Promise.all([
      import("../build/deployment-service.ts"),
      import("../build/collect.ts"),
      import("../build/toolchain.ts"),
      import("./build-sandbox.ts"),
    ]);
  const { settings } = parts;
  const toolchains = openToolchains({
    directory: join(settings.dataDirectory, "toolchains"),
    maxBytes: settings.toolchainsMiB * 1024 ** 2,
    onFault: (error) => parts.onFault(error, { work: "evict toolchains" }),
    npm: { program: "npm", environment: parts.environment.variables },
  });
  const sandbox = buildSandbox(settings, parts.environment, parts);
  trySandboxSoon(sandbox, parts);
  const limits = {
    wallMs: settings.buildTimeoutSeconds * 1000,
    memoryBytes: settings.buildMemoryMiB * 1024 ** 2,
    processes: settings.buildProcesses,
    diskBytes: settings.buildDiskMiB * 1024 ** 2,
    fileBytes: 1024 ** 3,
    logBytes: settings.buildLogMiB * 1024 ** 2,
  };
  const outputLimits = {
    ...OUTPUT_LIMITS,
    files: settings.outputFiles,
    totalBytes: settings.outputMiB * 1024 ** 2,
    fileBytes: settings.outputFileMiB * 1024 ** 2,
  };
  const cacheLimits = {
    projectBytes: settings.buildCacheMiB * 1024 ** 2,
    totalBytes: settings.buildCachesMiB * 1024 ** 2,
  };
  const worker = await startDeploymentService(
    { ...parts, sandbox, toolchains, limits, outputLimits, cacheLimits },
    { concurrency: settings.builds ?? (availableParallelism() >= 4 ? 2 : 1) },
  );
  parts.releasers.add("deployment service", () => worker.close());
}
