import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { MetricObject } from "prom-client";
import { BerthError } from "../model/errors.ts";
import type { Settings } from "../model/settings.ts";
import type { CertificateSet } from "./certificates.ts";
import { type Answer, claimPort } from "./listen.ts";
import type { Environment } from "./roles.ts";

/** What the platform's process tells a worker. */
export type ToWorker =
  | { kind: "start"; settings: Settings; environment: Environment; socket: string; place: number }
  | { kind: "invalidate"; hosts: readonly string[] | "all" }
  | { kind: "metrics"; id: number }
  | { kind: "stop"; limitMs: number };

/** What a worker tells the platform's process. */
export type FromWorker = { kind: "ready" } | { kind: "metrics"; id: number; series: MetricObject[] };

export interface EdgeWorkers {
  port: number;
  httpsPort: number | undefined;
  /** Resolves when every worker has been ready once. @throws BerthError when one ends before */
  ready: Promise<void>;
  health(): { ready: number; wanted: number };
  invalidate(host: string): void;
  invalidateAll(): void;
  /** The series of every worker that answers within a second. */
  metrics(): Promise<MetricObject[][]>;
  /** Puts a new worker in each one's place, one at a time: the new one listens before the old one lets go. */
  reload(): Promise<void>;
  /** As `Listeners.stop`. */
  stop(limitMs: number): Promise<void>;
}

interface Worker {
  /** The lowest number that no other one has: names its folder of the disk cache, also for the one that comes after it. */
  place: number;
  process: Bun.Subprocess;
  isReady: boolean;
  isLeaving: boolean;
  ready: PromiseWithResolvers<void>;
}

const RESTART_FIRST_MS = 200;
const RESTART_MAX_MS = 30_000;
const METRICS_MS = 1_000;
const REPLACED_MS = 30_000;
/** Beyond what a worker needs to stop by itself. */
const KILL_AFTER_MS = 2_000;
const SOCKET_PATH_MAX = 100;
/**
 * As the launcher tells a process that is an edge alone: of less memory, so that what it let go of is collected in time,
 * and of growth that lets most collections leave the older part of the heap alone.
 * What the launcher tells every process is inherited.
 */
const RUNTIME = {
  BUN_JSC_forceRAMSize: "167772160",
  BUN_JSC_mediumHeapGrowthFactor: "1.6",
  BUN_JSC_largeHeapGrowthFactor: "1.2",
};

/**
 * Processes that share the ports of the edge. Each serves sites by itself; what is asked of the base domain, `answer`
 * gives them over a Unix socket. One that dies is started anew.
 * @throws BerthError `port_taken` as `listen`
 */
export async function startEdgeWorkers(
  options: {
    settings: Settings;
    environment: Environment;
    certificates: CertificateSet | undefined;
    onFault(error: unknown, context: Record<string, string>): void;
  },
  answer: Answer,
): Promise<EdgeWorkers> {
  const { environment, certificates, onFault } = options;
  const { host } = options.settings;
  const port = await claimPort({ host, port: options.settings.port });
  const tls = certificates?.serverCertificates(options.settings.domain);
  const httpsPort = tls && (await claimPort({ host, port: options.settings.httpsPort, tls }));
  // Moved hosts are told by this process: a worker needs no database of its own.
  const wanted = options.settings.edgeWorkers;
  const settings = {
    ...{ ...options.settings, port, httpsPort: httpsPort ?? 443, database: "embedded:" },
    edgeMemoryMiB: Math.ceil(options.settings.edgeMemoryMiB / wanted),
    edgeCacheMiB: Math.floor(options.settings.edgeCacheMiB / wanted),
  };
  const socket = join(settings.dataDirectory, "edge.sock");
  const base = serveBase(socket, answer);

  const workers = new Set<Worker>();
  const asked = new Map<number, (series: MetricObject[]) => void>();
  let isStopping = false;
  let lastId = 0;
  let restartMs = RESTART_FIRST_MS;

  const send = (worker: Worker, message: ToWorker) => {
    try {
      worker.process.send(message);
    } catch (error) {
      if (!worker.isLeaving) onFault(error, { part: "edge worker" });
    }
  };
  const startWorker = (): Worker => {
    const ready = Promise.withResolvers<void>();
    ready.promise.catch(() => {});
    const child = Bun.spawn(command(), {
      cwd: join(import.meta.dir, "../.."),
      env: { ...RUNTIME, ...environment.variables },
      stdio: ["ignore", "ignore", "inherit"],
      serialization: "json",
      ipc(message: FromWorker) {
        if (message.kind === "metrics") asked.get(message.id)?.(message.series);
        else {
          worker.isReady = true;
          restartMs = RESTART_FIRST_MS;
          ready.resolve();
        }
      },
      onExit: (_child, status) => onExit(worker, status),
    });
    const taken = new Set([...workers].map(({ place }) => place));
    let place = 0;
    while (taken.has(place)) place += 1;
    const worker: Worker = { place, process: child, isReady: false, isLeaving: false, ready };
    workers.add(worker);
    send(worker, { kind: "start", settings, environment, socket, place });
    return worker;
  };
  const onExit = (worker: Worker, status: number | null): void => {
    workers.delete(worker);
    worker.ready.reject(endedEarly(status));
    if (worker.isLeaving || isStopping) return;
    onFault(new Error(`An edge worker ended with status ${status}.`), { part: "edge worker" });
    const timer = setTimeout(() => {
      if (!isStopping) startWorker();
    }, restartMs);
    timer.unref();
    restartMs = Math.min(2 * restartMs, RESTART_MAX_MS);
  };
  const retire = async (worker: Worker, limitMs: number): Promise<void> => {
    worker.isLeaving = true;
    send(worker, { kind: "stop", limitMs });
    const timer = setTimeout(() => worker.process.kill("SIGKILL"), limitMs + KILL_AFTER_MS);
    await worker.process.exited;
    clearTimeout(timer);
  };
  const replaceAll = async (): Promise<void> => {
    for (const old of [...workers]) {
      if (isStopping || !workers.has(old)) continue;
      const next = startWorker();
      try {
        await next.ready.promise;
      } catch (error) {
        next.isLeaving = true;
        onFault(error, { part: "edge worker" });
        return; // the others stay as they are
      }
      await retire(old, REPLACED_MS);
    }
  };
  let reloading = Promise.resolve();

  const first = Array.from({ length: wanted }, startWorker);
  const tellAll = (message: ToWorker) => {
    for (const worker of workers) send(worker, message);
  };
  return {
    port,
    httpsPort,
    ready: Promise.all(first.map((worker) => worker.ready.promise)).then(() => {}),
    health: () => ({ ready: [...workers].filter((worker) => worker.isReady && !worker.isLeaving).length, wanted }),
    invalidate: (hostname) => tellAll({ kind: "invalidate", hosts: [hostname] }),
    invalidateAll: () => tellAll({ kind: "invalidate", hosts: "all" }),
    async metrics() {
      const answers = [...workers].map(async (worker) => {
        lastId += 1;
        const id = lastId;
        const answered = new Promise<MetricObject[]>((resolve) => asked.set(id, resolve));
        send(worker, { kind: "metrics", id });
        const series = await Promise.race([answered, Bun.sleep(METRICS_MS).then(() => [])]);
        asked.delete(id);
        return series;
      });
      return Promise.all(answers);
    },
    reload() {
      reloading = reloading.then(replaceAll);
      return reloading;
    },
    async stop(limitMs) {
      isStopping = true;
      await Promise.all([...workers].map((worker) => retire(worker, limitMs)));
      await base.stop(true);
      rmSync(socket, { force: true });
    },
  };
}

/** The folder that the platform was started in may be a stranger's: nothing of it reaches the runtime. */
function command(): string[] {
  const flags = ["--config=/dev/null", "--no-env-file", "--no-install"];
  return [process.execPath, ...flags, join(import.meta.dir, "edge-worker.ts")];
}

function serveBase(socket: string, answer: Answer): Bun.Server<undefined> {
  if (socket.length > SOCKET_PATH_MAX) {
    throw new BerthError("setting_invalid", `The data directory's path is too long for a socket: '${socket}'.`, {
      hint: `Choose one with --data whose path has ${SOCKET_PATH_MAX - "/edge.sock".length} characters or less.`,
    });
  }
  rmSync(socket, { force: true });
  const server = Bun.serve({
    unix: socket,
    // As at the ports; the types have it for those alone.
    ...({ idleTimeout: 60 } as object),
    maxRequestBodySize: 16 * 1024 * 1024,
    development: false,
    fetch: answer,
    error: () => new Response("Internal error\n", { status: 500 }),
  });
  chmodSync(socket, 0o600);
  return server;
}

function endedEarly(status: number | null): BerthError {
  return new BerthError("setting_invalid", `BERTH_EDGE_WORKERS: a worker ended with status ${status} at its start.`, {
    hint: "platform.log in the data directory tells why.",
  });
}
