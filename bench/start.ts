/**
 * `berth up` on a data directory that exists, until /healthz answers 200; and the memory of the idle platform: the
 * proportional set size (proc(5), smaps_rollup) of all its processes, after ten quiet seconds.
 */
import { readdir } from "node:fs/promises";
import { newDataDirectory, ROOT, removeDataDirectory, startPlatform } from "../test/support/platform.ts";
import { median, printTable } from "./support/report.ts";

const RUNS = 5;
const dataDirectory = await newDataDirectory();
await (await startPlatform({ dataDirectory })).stop();

const milliseconds: number[] = [];
for (let run = 0; run < RUNS; run += 1) milliseconds.push(await timeToHealthy());

const platform = await startPlatform({ dataDirectory });
await Bun.sleep(10_000);
const memory = await processTree(platform.pid);
await platform.stop();
await removeDataDirectory(dataDirectory);

const totalMiB = memory.reduce((sum, { pssKiB }) => sum + pssKiB, 0) / 1024;
printTable(`berth up, second start, and idle memory (${ROOT === process.cwd() ? "this checkout" : ROOT})`, [
  ["second `up` to healthy, median of 5", `${(median(milliseconds) / 1000).toFixed(2)} s`, "at most 1.5 s"],
  ["idle platform, all processes, PSS", `${totalMiB.toFixed(0)} MiB`, "at most 250 MB"],
  ...memory.map(
    ({ name, pssKiB }) => [`- ${name}`, `${(pssKiB / 1024).toFixed(1)} MiB`, ""] as [string, string, string],
  ),
]);

async function timeToHealthy(): Promise<number> {
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const start = performance.now();
  const child = Bun.spawn([`${ROOT}/berth`, "up", "--port", `${port}`, "--data", dataDirectory], {
    stdout: "ignore",
    stderr: "inherit",
  });
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the platform ended with ${child.exitCode}`);
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
    if (answer?.status === 200) break;
    await Bun.sleep(5);
  }
  const taken = performance.now() - start;
  child.kill("SIGTERM");
  await child.exited;
  return taken;
}

async function processTree(root: number): Promise<{ name: string; pssKiB: number }[]> {
  const parents = new Map<number, number>();
  for (const entry of await readdir("/proc")) {
    const stat = /^\d+$/.test(entry)
      ? await Bun.file(`/proc/${entry}/stat`)
          .text()
          .catch(() => "")
      : "";
    if (stat !== "") parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const isBelow = (pid: number): boolean => pid === root || (parents.has(pid) && isBelow(parents.get(pid)!));
  const found: { name: string; pssKiB: number }[] = [];
  for (const pid of parents.keys()) {
    if (!isBelow(pid)) continue;
    const rollup = await Bun.file(`/proc/${pid}/smaps_rollup`).text();
    const command = (await Bun.file(`/proc/${pid}/cmdline`).text()).split("\0");
    const name = command[0]!.startsWith("postgres:") ? command[0]! : command[0]!.split("/").at(-1)!;
    found.push({ name, pssKiB: Number(rollup.match(/^Pss:\s+(\d+)/m)?.[1] ?? 0) });
  }
  return found;
}
