/**
 * What two busy builds do to the request handler of the same platform: its throughput, and its p99 latency at a fixed
 * rate of half of its peak, with the builds against without. The builds are halted for every other measurement, and a
 * ratio is the median of those of two that follow each other, so that a slow minute of the machine is on both sides. The
 * load comes from a process of its own.
 *
 *   script/bench neighbour [--rounds 7] [--seconds 3]
 */
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Deployment, Status } from "../src/model/deployment.ts";
import { deployAndWait, logOf, requestDeployment, waitFor } from "../test/support/deploy.ts";
import { removeDataDirectory, startPlatform } from "../test/support/platform.ts";
import { buildableSite, newRepository, type TestRepository } from "../test/support/repositories.ts";
import { cpuSecondsOf } from "./support/cpu-time.ts";
import { type LoadResult, runLoad } from "./support/load.ts";
import { median, printColumns } from "./support/report.ts";

const CONNECTIONS = 32;
const PAGE_BYTES = 8192;
/** Until what was on its way to the disk is there, or all threads are at work again. */
const SETTLE_MS = 500;
const GOALS = { p99: 1.5, throughput: 0.7 };
const BUSY = ["busy-one", "busy-two"];
/** What a busy build prints once all of its threads are at work. */
const AT_WORK = "all threads are at work";
const IS_WAITING: readonly Status[] = ["pending", "uploading", "queued"];

interface Goal {
  words: string;
  isMet(ratio: number): boolean;
}

interface Measured {
  throughput: LoadBeside;
  atHalf: LoadBeside;
}

interface LoadBeside extends LoadResult {
  /** CPU seconds that the builds took in each second meanwhile: whether they were at work. */
  buildsCpu: number;
}

const { values: options } = parseArgs({
  options: { rounds: { type: "string", default: "7" }, seconds: { type: "string", default: "3" } },
});
const seconds = Number(options.seconds);
const turns = Number(options.rounds);
/** For each of four measurements in each turn. */
const busySeconds = turns * 4 * (seconds + 1);

const platform = await startPlatform({ env: { BERTH_BUILDS: `${BUSY.length}` } });
const repositories: TestRepository[] = [];
try {
  const page = await repositoryOf("quiet", {
    "index.html": `<!doctype html>${"tide ".repeat(2000)}`.slice(0, PAGE_BYTES),
  });
  const live = await deployAndWait(platform, { source: page.path, project: "quiet" });
  const host = new URL(live.url).host;
  for (const name of BUSY) await repositoryOf(name, busySite());
  await load({ host, seconds: 3 }); // the handler's code is compiled, and its caches are filled
  const peak = (await load({ host, seconds })).perSecond;
  const builds = await startBuilds();
  const rounds: { alone: Measured; beside: Measured }[] = [];
  for (let round = 0; round < turns; round += 1) {
    const alone = await whileHalted(() => measure(host, peak / 2));
    const beside = await measure(host, peak / 2);
    rounds.push({ alone, beside });
  }
  await endBuilds(builds);
  report(rounds, peak / 2);
} finally {
  await platform.stop();
  await removeDataDirectory(platform.dataDirectory);
  for (const repository of repositories) await repository.remove();
}

async function repositoryOf(name: string, files: Record<string, string>): Promise<TestRepository> {
  const repository = await newRepository(name, files);
  repositories.push(repository);
  return repository;
}

async function measure(host: string, rate: number): Promise<Measured> {
  return { throughput: await loadBeside({ host, seconds }), atHalf: await loadBeside({ host, seconds, rate }) };
}

async function loadBeside(wish: { host: string; seconds: number; rate?: number }): Promise<LoadBeside> {
  const pids = await builders();
  const [cpuBefore, startedMs] = [cpuSecondsOf(pids), performance.now()];
  const result = await load(wish);
  const elapsed = (performance.now() - startedMs) / 1000;
  return { ...result, buildsCpu: (cpuSecondsOf(pids) - cpuBefore) / elapsed };
}

async function load({ host, ...wish }: { host: string; seconds: number; rate?: number }): Promise<LoadResult> {
  const order = { port: platform.port, hosts: [host], path: "/", connections: CONNECTIONS, rate: null };
  return await runLoad({ ...order, ...wish });
}

/** Resolves when both are at work. */
async function startBuilds(): Promise<Deployment[]> {
  const builds = await Promise.all(
    repositories.slice(1).map(async (repository, at) => {
      await repository.commit({ "round.txt": `${Date.now()}` });
      return await requestDeployment(platform, { source: repository.path, project: BUSY[at], force: true });
    }),
  );
  for (const { id } of builds) {
    const { status, error } = await waitFor(platform, id, (deployment) => !IS_WAITING.includes(deployment.status));
    if (status !== "building") throw new Error(`a busy build is ${status}: ${error?.message}`);
    while (!(await logOf(platform, id)).includes(AT_WORK)) await sleep(200);
  }
  return builds;
}

/** Runs it while no build does anything. */
async function whileHalted<Value>(work: () => Promise<Value>): Promise<Value> {
  const processes = await builders();
  if (processes.length === 0) throw new Error("no build is at work");
  signal(processes, "SIGSTOP");
  try {
    await sleep(SETTLE_MS);
    return await work();
  } finally {
    signal(processes, "SIGCONT");
    await sleep(SETTLE_MS);
  }
}

function signal(processes: readonly number[], name: NodeJS.Signals): void {
  for (const pid of processes) {
    try {
      process.kill(pid, name);
    } catch {
      // It has just ended, as those that a build starts in between do.
    }
  }
}

/** The processes of all builds on this machine, by their control groups. */
async function builders(): Promise<number[]> {
  const running = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const groups = await Promise.all(running.map((pid) => readFile(`/proc/${pid}/cgroup`, "utf8").catch(() => "")));
  return running.filter((_, at) => /\/berth\/run\./.test(groups[at]!)).map(Number);
}

/** They must have been at work to the end: else there was nothing to measure. */
async function endBuilds(builds: readonly Deployment[]): Promise<void> {
  for (const { id } of builds) {
    const { status } = await waitFor(platform, id, () => true);
    if (status !== "building") throw new Error(`a busy build was ${status} before the measurement ended`);
  }
  for (const { id } of builds) await platform.api(`/deployments/${id}/cancel`, { method: "POST" });
  for (const { id } of builds) await waitFor(platform, id, ({ status }) => status === "canceled");
}

/**
 * Two threads that compress, parse and write to the disk, with 150 MiB each: more than the machine's cores together. It
 * ends by itself a minute after everything that is measured could have ended.
 */
function busySite(): Record<string, string> {
  const build = `import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { gzipSync } from "node:zlib";

const THREADS = 2;
if (isMainThread) {
  mkdirSync("dist", { recursive: true });
  let ready = 0;
  for (let n = 0; n < THREADS; n += 1) {
    const worker = new Worker(new URL(import.meta.url), { workerData: n });
    worker.on("message", () => {
      ready += 1;
      if (ready === THREADS) console.log("${AT_WORK}");
    });
  }
  process.on("exit", () => writeFileSync("dist/index.html", "<h1>done</h1>"));
} else {
  const held = Buffer.alloc(150 * 1024 * 1024, "tide");
  const rows = Array.from({ length: 20_000 }, (_, n) => ({ n, name: "anchor " + n, tags: ["keel", "mast", n] }));
  const end = Date.now() + ${(busySeconds + 60) * 1000};
  for (let round = 0; Date.now() < end; round += 1) {
    const text = JSON.stringify(JSON.parse(JSON.stringify(rows)));
    const packed = gzipSync(text);
    const file = openSync("part-" + workerData, "w");
    for (let n = 0; n < 16; n += 1) {
      held.fill(round + n, n * 1024 * 1024, (n + 1) * 1024 * 1024);
      writeSync(file, held, n * 1024 * 1024, 1024 * 1024);
    }
    writeSync(file, packed);
    fsyncSync(file);
    closeSync(file);
    rmSync("part-" + workerData);
    if (round === 0) parentPort.postMessage("ready");
  }
}
`;
  return buildableSite(build);
}

function report(rounds: readonly { alone: Measured; beside: Measured }[], rate: number): void {
  const row = (what: string, figure: (measured: Measured) => number, text: (value: number) => string, goal?: Goal) => {
    const ratio = median(rounds.map(({ alone, beside }) => figure(beside) / figure(alone)));
    return [
      what,
      text(median(rounds.map(({ alone }) => figure(alone)))),
      text(median(rounds.map(({ beside }) => figure(beside)))),
      `${ratio.toFixed(2)} ×`,
      goal === undefined ? "" : `${goal.words}: ${goal.isMet(ratio) ? "met" : "missed"}`,
    ];
  };
  const ofBuilds = (what: string, figure: (measured: Measured) => LoadBeside) => {
    const [alone, beside] = (["alone", "beside"] as const).map((when) =>
      median(rounds.map((round) => figure(round[when]).buildsCpu)),
    );
    return [what, `${alone!.toFixed(2)} s`, `${beside!.toFixed(2)} s`, "", ""];
  };
  const milliseconds = (value: number) => `${value.toFixed(2)} ms`;
  const perSecond = (value: number) => `${Math.round(value)} /s`;
  printColumns(
    `the request handler beside ${BUSY.length} busy builds (medians of ${rounds.length}, ${CONNECTIONS} connections, ${PAGE_BYTES} bytes)`,
    ["what", "alone", "beside builds", "ratio", "goal"],
    [
      row("throughput", ({ throughput }) => throughput.perSecond, perSecond, {
        words: `≥ ${GOALS.throughput} ×`,
        isMet: (ratio) => ratio >= GOALS.throughput,
      }),
      row(`p99 at ${perSecond(rate)}`, ({ atHalf }) => atHalf.p99Ms, milliseconds, {
        words: `≤ ${GOALS.p99} ×`,
        isMet: (ratio) => ratio <= GOALS.p99,
      }),
      row("p50 at that rate", ({ atHalf }) => atHalf.p50Ms, milliseconds),
      row("answered at that rate", ({ atHalf }) => atHalf.perSecond, perSecond),
      ofBuilds("CPU time of the builds in a second, at full load", ({ throughput }) => throughput),
      ofBuilds("the same, at that rate", ({ atHalf }) => atHalf),
    ],
  );
}
