/**
 * The request handler against nginx, Caddy, serve-handler and Caddy in front of nginx: the same bytes of the same sites,
 * each server alone on one core and the load on the other, all in one run; each load runs twice, and the second time
 * counts. Needs two cores, and from Debian nginx, caddy, wrk and nghttp2-client.
 *
 *   script/bench serve [--rounds 3] [--seconds 5] [--sites 10000] [--only page,304,asset,https,p99]
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { startPlatform } from "../test/support/platform.ts";
import { freePort } from "../test/support/process.ts";
import { cpuSecondsOf } from "./support/cpu-time.ts";
import { type LoadResult, runLoad } from "./support/load.ts";
import {
  makeCertificate,
  type Peer,
  type PeerOptions,
  startCaddy,
  startChain,
  startNginx,
  startServeHandler,
} from "./support/peers.ts";
import { median, printColumns, ratio } from "./support/report.ts";
import { ASSET_PATH, folderPut, hostOf, putSharedFiles, putSite, writeRoots } from "./support/serve-sites.ts";
import { getRequest, h2load, wrk } from "./support/wrk.ts";

/** Sites that are asked, out of all that there are. */
const ASKED = 1000;
const CONNECTIONS = 64;
const [SERVER_CPU, LOAD_CPU] = [0, 1];
const H2_HOSTS = 8;

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
  /** Answers a second, or milliseconds where less is better. */
  measure(peer: Peer): Promise<number>;
  /** Whether `measure` gives answers a second, made at full load. */
  isThroughput: boolean;
  show(value: number): string;
  peers: readonly string[];
  goal: string;
  isMet(berth: number, others: ReadonlyMap<string, number>): boolean;
}

const perSecond = (value: number) => `${Math.round(value)} /s`;
const times = (factor: number, name: string) => (berth: number, others: ReadonlyMap<string, number>) =>
  berth >= factor * others.get(name)!;
const [NGINX, CADDY, CHAIN, SERVE_HANDLER] = ["nginx", "Caddy file_server", "Caddy in front of nginx", "serve-handler"];
let halfOfPeak = 0;

const rows: readonly Row[] = [
  {
    ...{
      key: "page",
      title: "8 KB page, plain HTTP/1.1",
      show: perSecond,
      peers: [NGINX, CADDY, CHAIN, SERVE_HANDLER],
      isThroughput: true,
    },
    goal: "≥ 0.7 × nginx, 4 × Caddy, 10 × the chain",
    measure: (peer) => throughput(peer.port, "/"),
    isMet: (berth, others) =>
      times(0.7, NGINX)(berth, others) && times(4, CADDY)(berth, others) && times(10, CHAIN)(berth, others),
  },
  {
    ...{ key: "304", title: "304, plain HTTP/1.1", show: perSecond, isThroughput: true },
    ...{ peers: [NGINX], goal: "≥ 0.7 × nginx" },
    measure: async (peer) => throughput(peer.port, "/", await etagsOf(peer.port, "/")),
    isMet: times(0.7, NGINX),
  },
  {
    ...{ key: "asset", title: "120 KB asset, plain HTTP/1.1", show: perSecond, isThroughput: true },
    ...{ peers: [NGINX], goal: "≥ 1.3 × nginx" },
    measure: (peer) => throughput(peer.port, ASSET_PATH),
    isMet: times(1.3, NGINX),
  },
  {
    ...{ key: "https", title: "8 KB page, HTTPS/1.1", show: perSecond, isThroughput: true },
    ...{ peers: [NGINX], goal: "≥ 1.1 × nginx" },
    measure: (peer) => throughput(peer.httpsPort!, "/", [], "https"),
    isMet: times(1.1, NGINX),
  },
  // Few streams at a time make the load the slower side; a browser has up to a hundred.
  ...[16, 100].map(
    (streams): Row => ({
      ...{ key: "https", title: `8 KB page, HTTPS h2, ${streams} streams`, show: perSecond, isThroughput: true },
      ...{ peers: [NGINX], goal: "≥ 1.4 × nginx" },
      measure: (peer) =>
        h2load({
          ...{ port: peer.httpsPort!, hosts: hosts.slice(0, H2_HOSTS), path: "/", streams },
          ...{ requests: seconds * 8_000, cpu: LOAD_CPU },
        }),
      isMet: times(1.4, NGINX),
    }),
  ),
  // The one is what a client has of server and machine together, the other leaves out what halts the whole machine.
  ...(["p99Ms", "p99OfTenthsMs"] as const).map(
    (figure): Row => ({
      ...{ key: "p99", title: "p99 at half of Berth's peak", isThroughput: false },
      ...(figure === "p99OfTenthsMs" && { title: "the same, of each tenth of a second, median" }),
      ...{ peers: [NGINX], goal: "≤ nginx + 0.5 ms" },
      measure: async (peer) => (await atRate(peer.port, halfOfPeak))[figure],
      show: (value) => `${value.toFixed(2)} ms`,
      isMet: (berth, others) => berth <= others.get(NGINX)! + 0.5,
    }),
  ),
];
const only = options.only?.split(",");
const chosen = rows.filter(({ key }) => only?.includes(key) ?? true);

const folder = await mkdtemp(join(tmpdir(), "berth-bench-serve-"));
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
  await rm(folder, { recursive: true, force: true });
}

/** Every server in turn, round by round, so that a slow minute of the machine is every server's. */
async function measureAll({ data, peerOptions }: { data: string; peerOptions: PeerOptions }) {
  const starts: readonly [name: string, start: () => Promise<Peer>][] = [
    ["Berth", () => startBerth(data, peerOptions)],
    [NGINX!, () => startNginx(peerOptions)],
    [CADDY!, () => startCaddy(peerOptions)],
    [CHAIN!, () => startChain(peerOptions)],
    [SERVE_HANDLER!, () => startServeHandler(peerOptions)],
  ];
  const measured: Measured = new Map();
  const costs: Measured = new Map();
  for (let round = 0; round < Number(options.rounds); round += 1) {
    for (const [name, start] of starts) {
      const wanted = chosen.filter(({ peers }) => name === "Berth" || peers.includes(name));
      if (wanted.length === 0) continue;
      const peer = await start();
      try {
        await throughput(peer.port, "/", [], "http", 2); // code is compiled, caches are filled
        if (name === "Berth" && halfOfPeak === 0) halfOfPeak = (await atRate(peer.port, null)).perSecond / 2;
        for (const row of wanted) {
          // The same once before, which does not count: a runtime's code is compiled while it runs.
          await row.measure(peer);
          const before = { cpuSeconds: cpuSecondsOf(peer.pids), ms: performance.now() };
          const value = await row.measure(peer);
          const answers = (value * (performance.now() - before.ms)) / 1000;
          add(measured, row, name, value);
          if (row.isThroughput) add(costs, row, name, answers / (cpuSecondsOf(peer.pids) - before.cpuSeconds));
        }
      } finally {
        await peer.stop();
      }
    }
  }
  return { measured, costs };
}

type Measured = Map<Row, Map<string, number[]>>;

function add(all: Measured, row: Row, name: string, value: number): void {
  if (!all.has(row)) all.set(row, new Map());
  const values = all.get(row)!;
  values.set(name, [...(values.get(name) ?? []), value]);
}

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
  return { name: "Berth", port, httpsPort, pids: [platform.pid], stop: () => platform.stop() };
}

async function throughput(
  port: number,
  path: string,
  etags: readonly string[] = [],
  scheme: "http" | "https" = "http",
  duration = seconds,
): Promise<number> {
  const requests = hosts.map((host, at) => getRequest(host, path, etags[at] ? { "if-none-match": etags[at] } : {}));
  const order = { requests, connections: CONNECTIONS, seconds: duration, cpu: LOAD_CPU };
  return (await wrk({ url: `${scheme}://127.0.0.1:${port}/`, ...order })).perSecond;
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

function report({ measured, costs }: { measured: Measured; costs: Measured }): void {
  printThroughput(measured);
  printColumns(
    "answers a second of the server's own CPU time, user and kernel (whichever side of the load was the slower one)",
    ["what", "Berth", "others, and Berth's ratio"],
    [...costs].map(([row, values]) => [row.title, ...cells(row, values)]),
  );
}

function cells(row: Row, values: ReadonlyMap<string, readonly number[]>): [string, string] {
  const medians = new Map([...values].map(([name, all]) => [name, median(all)]));
  const berth = medians.get("Berth")!;
  const others = [...medians].filter(([name]) => name !== "Berth");
  return [
    row.show(berth),
    others.map(([name, value]) => `${name} ${row.show(value)} (${ratio(berth, value)})`).join(", "),
  ];
}

function printThroughput(measured: Measured): void {
  const table: string[][] = [];
  for (const [row, values] of measured) {
    const medians = new Map([...values].map(([name, all]) => [name, median(all)]));
    const isMet = row.isMet(medians.get("Berth")!, medians);
    table.push([row.title, ...cells(row, values), `${row.goal}: ${isMet ? "met" : "missed"}`]);
  }
  printColumns(
    `the request handler against others (medians of ${options.rounds}; ${siteCount} sites, ${hosts.length} of them asked)`,
    ["what", "Berth", "others, and Berth's ratio", "goal"],
    table,
  );
}
