/**
 * The request handler against nginx, Caddy, serve-handler and Caddy in front of nginx: the same bytes of the same sites,
 * each server alone on one core and the load on the other, neither core ever asleep. The servers take turns, so that a slow
 * second of the machine is every server's, and a ratio is the median of those of each turn. Needs two cores, and from Debian nginx, caddy, wrk and nghttp2-client.
 *
 *   script/bench serve [--rounds 3] [--seconds 5] [--sites 10000] [--only page,304,asset,https,p99]
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { startPlatform } from "../test/support/platform.ts";
import { freePort } from "../test/support/process.ts";
import { keepAwake } from "./support/awake.ts";
import { cpuSecondsOf } from "./support/cpu-time.ts";
import { type LoadResult, runLoad } from "./support/load.ts";
import {
  makeCertificate,
  type Peer,
  type PeerOptions,
  startBareListener,
  startCaddy,
  startChain,
  startNginx,
  startServeHandler,
} from "./support/peers.ts";
import { median, printColumns } from "./support/report.ts";
import {
  ASSET_BYTES,
  ASSET_PATH,
  folderPut,
  hostOf,
  putSharedFiles,
  putSite,
  writeRoots,
} from "./support/serve-sites.ts";
import { getRequest, h2load, type Load, wrk } from "./support/wrk.ts";

/** Sites that are asked, out of all that there are. */
const ASKED = 1000;
const CONNECTIONS = 64;
const [SERVER_CPU, LOAD_CPU] = [0, 1];
const H2_HOSTS = 8;
const H2_REQUESTS_PER_SECOND = 64_000;

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "5" },
    sites: { type: "string", default: "10000" },
    only: { type: "string" },
  },
});
const seconds = Number(options.seconds);
const siteCount = Number(options.sites);
const step = Math.max(1, Math.floor(siteCount / ASKED));
const hosts = Array.from({ length: Math.min(ASKED, siteCount) }, (_, at) => hostOf(at * step));

interface Row {
  key: string;
  title: string;
  measure(peer: Peer): Promise<Figure>;
  show(value: number): string;
  peers: readonly string[];
  goal: string;
  isMet(against: (name: string) => Comparison): boolean;
}

interface Figure {
  /** Answers a second, or milliseconds where less is better. */
  value: number;
  /** Where it was measured at full load: how many answers there were. */
  answered?: number;
}

/** Berth's figures against another server's of the same turns: medians. */
interface Comparison {
  ratio: number;
  /** What Berth's is more. */
  excess: number;
}

const perSecond = (value: number) => `${Math.round(value)} /s`;
const times =
  (factor: number, name: string): Row["isMet"] =>
  (against) =>
    against(name).ratio >= factor;
const BERTH = "Berth";
const [NGINX, CADDY, CHAIN] = ["nginx", "Caddy file_server", "Caddy in front of nginx"] as const;
const [SERVE_HANDLER, BARE] = ["serve-handler", "a bare listener that copies the same bytes"] as const;
let halfOfPeak = 0;

const rows: readonly Row[] = [
  {
    ...{
      key: "page",
      title: "8 KB page, plain HTTP/1.1",
      show: perSecond,
      peers: [NGINX, CADDY, CHAIN, SERVE_HANDLER],
    },
    goal: "≥ 0.7 × nginx, 4 × Caddy, 10 × the chain",
    measure: (peer) => throughput(peer.port, "/"),
    isMet: (against) => against(NGINX).ratio >= 0.7 && against(CADDY).ratio >= 4 && against(CHAIN).ratio >= 10,
  },
  {
    ...{ key: "304", title: "304, plain HTTP/1.1", show: perSecond },
    ...{ peers: [NGINX], goal: "≥ 0.7 × nginx" },
    measure: async (peer) => throughput(peer.port, "/", await etagsOf(peer.port, "/")),
    isMet: times(0.7, NGINX),
  },
  {
    ...{ key: "asset", title: "120 KB asset, plain HTTP/1.1", show: perSecond },
    ...{ peers: [NGINX, BARE], goal: "≥ 1.3 × nginx" },
    measure: (peer) => throughput(peer.port, ASSET_PATH),
    isMet: times(1.3, NGINX),
  },
  {
    ...{ key: "https", title: "8 KB page, HTTPS/1.1", show: perSecond },
    ...{ peers: [NGINX], goal: "≥ 1.1 × nginx" },
    measure: (peer) => throughput(peer.httpsPort!, "/", [], "https"),
    isMet: times(1.1, NGINX),
  },
  // A browser has up to a hundred.
  ...[16, 100].map(
    (streams): Row => ({
      ...{ key: "https", title: `8 KB page, HTTPS h2, ${streams} streams`, show: perSecond },
      ...{ peers: [NGINX], goal: "≥ 1.4 × nginx" },
      measure: async (peer) => {
        const order = { port: peer.httpsPort!, hosts: hosts.slice(0, H2_HOSTS), path: "/", streams, cpu: LOAD_CPU };
        return figureOf(await h2load({ ...order, requests: seconds * H2_REQUESTS_PER_SECOND }));
      },
      isMet: times(1.4, NGINX),
    }),
  ),
  // The one is what a client has of server and machine together, the other leaves out what halts the whole machine.
  ...(["p99Ms", "p99OfTenthsMs"] as const).map(
    (figure): Row => ({
      ...{ key: "p99", title: "p99 at half of Berth's peak" },
      ...(figure === "p99OfTenthsMs" && { title: "the same, of each tenth of a second, median" }),
      ...{ peers: [NGINX], goal: "≤ nginx + 0.5 ms" },
      measure: async (peer) => ({ value: (await atRate(peer.port, halfOfPeak))[figure] }),
      show: (value) => `${value.toFixed(2)} ms`,
      isMet: (against) => against(NGINX).excess <= 0.5,
    }),
  ),
];
const only = options.only?.split(",");
const chosen = rows.filter(({ key }) => only?.includes(key) ?? true);

const folder = await mkdtemp(join(tmpdir(), "berth-bench-serve-"));
const letSleep = keepAwake([SERVER_CPU, LOAD_CPU]);
try {
  const data = join(folder, "data");
  const roots = join(folder, "roots");
  await mkdir(data, { mode: 0o711 });
  const put = folderPut(join(data, "objects"));
  const shared = await putSharedFiles(put);
  for (let site = 0; site < siteCount; site += 1) await putSite(put, site, shared);
  await writeRoots(roots, siteCount);
  const tls = await makeCertificate(join(folder, "tls"));
  const peerOptions = { roots, folder, cpu: SERVER_CPU, tls };
  report(await measureAll({ data, peerOptions }));
} finally {
  letSleep();
  await rm(folder, { recursive: true, force: true });
}

async function measureAll({ data, peerOptions }: { data: string; peerOptions: PeerOptions }): Promise<Measured> {
  const starts: readonly [name: string, start: () => Promise<Peer>][] = [
    [BERTH, () => startBerth(data, peerOptions)],
    [NGINX, () => startNginx(peerOptions)],
    [CADDY, () => startCaddy(peerOptions)],
    [CHAIN, () => startChain(peerOptions)],
    [SERVE_HANDLER, () => startServeHandler(peerOptions)],
    [BARE, () => startBareListener(peerOptions, ASSET_BYTES)],
  ];
  const measured: Measured = new Map();
  const peers = new Map<string, Peer>();
  try {
    for (const [name, start] of starts) peers.set(name, await start());
    // Code is compiled and caches are filled; so they are by a first time of each row, which does not count.
    for (const [name, { port }] of peers) if (name !== BARE) await throughput(port, "/", [], "http", 2);
    const { perSecond } = await atRate(peers.get(BERTH)!.port, null);
    halfOfPeak = perSecond / 2;
    for (const row of chosen) {
      const asked = [BERTH, ...row.peers];
      const figures = new Map(asked.map((name): [string, Figures] => [name, { values: [], perCpuSecond: [] }]));
      for (const name of asked) await row.measure(peers.get(name)!);
      for (let turn = 0; turn < Number(options.rounds); turn += 1) {
        for (const name of asked) {
          const peer = peers.get(name)!;
          const before = cpuSecondsOf(peer.pids);
          const { value, answered } = await row.measure(peer);
          figures.get(name)!.values.push(value);
          if (answered === undefined) continue;
          figures.get(name)!.perCpuSecond.push(answered / (cpuSecondsOf(peer.pids) - before));
        }
      }
      measured.set(row, figures);
    }
  } finally {
    for (const peer of peers.values()) await peer.stop();
  }
  return measured;
}

/** Of one server with one row, turn by turn. */
interface Figures {
  values: number[];
  /** Answers for each second of CPU time that the server took, where it was at full load. */
  perCpuSecond: number[];
}
type Measured = Map<Row, Map<string, Figures>>;

async function startBerth(data: string, { cpu, tls }: PeerOptions): Promise<Peer> {
  const [port, httpsPort] = [await freePort(), await freePort()];
  const platform = await startPlatform({
    dataDirectory: data,
    prefix: ["taskset", "-c", `${cpu}`],
    args: ["--role", "edge", "--port", `${port}`],
    env: {
      BERTH_TLS_CERTIFICATES: dirname(tls.certificate),
      BERTH_HTTPS_PORT: `${httpsPort}`,
      BERTH_HTTPS_REDIRECT: "off",
    },
  });
  return { name: BERTH, port, httpsPort, pids: [platform.pid], stop: () => platform.stop() };
}

async function throughput(
  port: number,
  path: string,
  etags: readonly string[] = [],
  scheme: "http" | "https" = "http",
  duration = seconds,
): Promise<Figure> {
  const requests = hosts.map((host, at) => getRequest(host, path, etags[at] ? { "if-none-match": etags[at] } : {}));
  const order = { requests, connections: CONNECTIONS, seconds: duration, cpu: LOAD_CPU };
  return figureOf(await wrk({ url: `${scheme}://127.0.0.1:${port}/`, ...order }));
}

function figureOf({ perSecond, answered }: Load): Figure {
  return { value: perSecond, answered };
}

async function etagsOf(port: number, path: string): Promise<string[]> {
  const etags: string[] = [];
  for (const host of hosts) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { host, "accept-encoding": "identity" } });
    await answer.arrayBuffer();
    etags.push(answer.headers.get("etag")!);
  }
  return etags;
}

async function atRate(port: number, rate: number | null): Promise<LoadResult> {
  return await runLoad({ port, hosts, path: "/", connections: CONNECTIONS / 2, seconds, rate, cpu: LOAD_CPU });
}

function report(measured: Measured): void {
  printColumns(
    `the request handler against others (medians of ${options.rounds}; ${siteCount} sites, ${hosts.length} of them asked)`,
    ["what", "Berth", "others, and Berth's ratio", "goal"],
    [...measured].map(([row, figures]) => {
      const isMet = row.isMet((name) => compare(figures.get(BERTH)!.values, figures.get(name)!.values));
      return [row.title, ...cells(row, figures, "values"), `${row.goal}: ${isMet ? "met" : "missed"}`];
    }),
  );
  printColumns(
    "answers a second of the server's own CPU time, user and kernel (whichever side of the load was the slower one)",
    ["what", "Berth", "others, and Berth's ratio"],
    [...measured].flatMap(([row, figures]) =>
      figures.get(BERTH)!.perCpuSecond.length === 0 ? [] : [[row.title, ...cells(row, figures, "perCpuSecond")]],
    ),
  );
}

function compare(berth: readonly number[], other: readonly number[]): Comparison {
  return {
    ratio: median(berth.map((value, turn) => value / other[turn]!)),
    excess: median(berth.map((value, turn) => value - other[turn]!)),
  };
}

function cells(row: Row, figures: ReadonlyMap<string, Figures>, which: keyof Figures): [string, string] {
  const berth = figures.get(BERTH)![which];
  const others = row.peers.map((name) => {
    const other = figures.get(name)![which];
    return `${name} ${row.show(median(other))} (${compare(berth, other).ratio.toFixed(2)} ×)`;
  });
  return [row.show(median(berth)), others.join(", ")];
}
