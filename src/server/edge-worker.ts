import { CertificateSet, readCertificates } from "./certificates.ts";
import type { FromWorker, ToWorker } from "./edge-workers.ts";
import { baseHosts } from "./front-door.ts";
import type { Handler } from "./listen.ts";
import { type Listeners, openListeners } from "./listeners.ts";
import { Metrics } from "./metrics.ts";
import { openPlatformLog } from "./platform-log.ts";
import { Releasers } from "./releasers.ts";
import { startRoles } from "./roles.ts";
import { openStore } from "./stores.ts";

/**
 * The program of one edge worker, which `edge-workers.ts` starts: it serves sites by itself, and passes on to the
 * platform's process what is asked of the base domain. It ends with that process, however that ends.
 */
type Start = Extract<ToWorker, { kind: "start" }>;
type Running = { listeners: Listeners; handler: SiteHandler | undefined; metrics: Metrics; releasers: Releasers };
type SiteHandler = NonNullable<Awaited<ReturnType<typeof startRoles>>["sites"]>;

const ORPHANED_MS = 10_000;
let running: Promise<Running> | undefined;
let isStopping = false;

// A terminal sends these to all processes of the platform; what is to be done about them, the first one tells.
for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => {});
process.on("SIGTERM", () => void stop(ORPHANED_MS));
process.on("disconnect", () => void stop(ORPHANED_MS));
process.on("message", (message: ToWorker) => void receive(message));

async function receive(message: ToWorker): Promise<void> {
  if (message.kind === "start") {
    running = start(message);
    running.then(() => tell({ kind: "ready" })).catch(() => process.exit(1));
    return;
  }
  if (message.kind === "stop") return stop(message.limitMs);
  const { handler, metrics } = await running!;
  if (message.kind === "metrics") tell({ kind: "metrics", id: message.id, series: await metrics.series() });
  else if (message.hosts === "all") handler?.invalidateAll();
  else for (const host of message.hosts) handler?.invalidate(host);
}

function tell(message: FromWorker): void {
  process.send?.(message);
}

async function stop(limitMs: number): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  const parts = await running?.catch(() => undefined);
  await parts?.listeners.stop(limitMs);
  await parts?.releasers.run({ timeoutMs: ORPHANED_MS, onFault: () => {} });
  process.exit(0);
}

async function start({ settings, environment, socket, place }: Start): Promise<Running> {
  const log = openPlatformLog(settings.dataDirectory);
  try {
    const metrics = new Metrics();
    const releasers = new Releasers();
    const folder = settings.tlsCertificates;
    const certificates = folder === null ? undefined : new CertificateSet(await readCertificates(folder));
    const store = await openStore({ ...settings, roles: ["edge"] }, log);
    releasers.add("store", () => store.close());
    let listeners: Listeners | undefined;
    const { sites } = await startRoles({
      settings: { ...settings, roles: ["edge"] },
      environment,
      store,
      work: undefined,
      workers: undefined,
      edgePlace: place,
      log,
      releasers,
      metrics,
      ...NO_API,
      client: (request) => listeners!.client(request),
    });
    const base = baseOver(socket);
    const isBase = baseHosts(settings.domain);
    listeners = await openListeners(
      {
        settings,
        certificates,
        isShared: true,
        deploymentOf: (host) => sites?.deploymentOf(host),
        onFault: log.fault,
      },
      {
        answer: (request) => (isBase(request.headers.get("host") ?? "") ? base : sites!).fetch(request),
        // As at the front door: it was never asked in full for a host of the base domain.
        quick: (head, client) => sites!.quick(head, client),
      },
    );
    metrics.watchListeners(listeners);
    return { listeners, handler: sites, metrics, releasers };
  } catch (error) {
    log.fault(error, { part: "edge worker" });
    throw error;
  }
}

/** What only the other roles need to know. */
const NO_API = {
  address: { sitesDomain: "", port: 0 },
  baseUrl: "",
  temporaryDirectory: "",
  version: "",
  allowsLocalSources: false,
};

/** Those that `fetch` sends as they are; of others it makes a GET. */
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** Hands a request as it is to the platform's process, and back what that answers, streams included. */
function baseOver(socket: string): Handler {
  return {
    async fetch(request) {
      if (!METHODS.has(request.method)) return plain(405, "Method not allowed", { allow: [...METHODS].join(", ") });
      try {
        const passed = { unix: socket, decompress: false, redirect: "manual", signal: request.signal } as const;
        // Whoever asked by HTTPS: on the way through the socket there is no TLS.
        const inside = request.url.startsWith("https:") ? new Request(`http${request.url.slice(5)}`, request) : request;
        const response = await fetch(inside, passed);
        return request.method === "HEAD" ? withoutMadeLength(response) : response;
      } catch {
        return plain(503, "Starting");
      }
    },
  };
}

/** The runtime's server gives a HEAD that says nothing of its content a length of 0 (RFC 9110 section 8.6 has none then). */
function withoutMadeLength({ status, headers }: Response): Response {
  const told = new Headers(headers);
  if (told.get("content-length") === "0") told.delete("content-length");
  return new Response(null, { status, headers: told });
}

function plain(status: number, text: string, headers: Record<string, string> = {}): Response {
  return new Response(`${text}\n`, { status, headers: { ...headers, "content-type": "text/plain; charset=utf-8" } });
}
