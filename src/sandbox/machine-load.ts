import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { type MachineLoad, reasonToWait } from "./admission.ts";

const LOOK_EVERY_MS = 2000;
/** Then the build starts in spite of it: its limits hold, and its processes are the first that the kernel would end. */
const LONGEST_WAIT_MS = 120_000;

export interface RoomAsked {
  memoryBytes: number;
  /** Other builds that run now. */
  buildsRunning(): number;
  /** For the deployment's log. */
  say(text: string): void;
  signal: AbortSignal;
}

/** Waits, a bounded time, until the machine has room for one more build. @throws when `signal` is aborted */
export async function waitForRoom({ memoryBytes, buildsRunning, say, signal }: RoomAsked): Promise<void> {
  const startedAtMs = performance.now();
  let hasSaid = false;
  for (;;) {
    const reason = reasonToWait(await readLoad(), { memoryBytes, buildsRunning: buildsRunning() });
    if (reason === undefined) {
      if (hasSaid) say("There is room now: the build starts.");
      return;
    }
    if (performance.now() - startedAtMs > LONGEST_WAIT_MS) {
      say(`The build starts although ${reason}: it has waited for ${LONGEST_WAIT_MS / 1000} s.`);
      return;
    }
    if (!hasSaid) say(`The build waits for room on this machine: ${reason}.`);
    hasSaid = true;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

async function readLoad(): Promise<MachineLoad> {
  const [meminfo, memoryPressure, cpuPressure] = await Promise.all(
    ["/proc/meminfo", "/proc/pressure/memory", "/proc/pressure/cpu"].map((path) =>
      readFile(path, "utf8").catch(() => ""),
    ),
  );
  return parseLoad({ meminfo: meminfo!, memoryPressure: memoryPressure!, cpuPressure: cpuPressure! });
}

/** Texts of the kernel's files, empty where there is none. Pure. */
export function parseLoad(texts: { meminfo: string; memoryPressure: string; cpuPressure: string }): MachineLoad {
  const number = (text: string, pattern: RegExp): number | undefined => {
    const found = pattern.exec(text)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  const bytes = (pattern: RegExp) => {
    const kilobytes = number(texts.meminfo, pattern);
    return kilobytes === undefined ? undefined : kilobytes * 1024;
  };
  const some = /^some avg10=([\d.]+)/m;
  return {
    availableBytes: bytes(/^MemAvailable:\s+(\d+) kB/m),
    totalBytes: bytes(/^MemTotal:\s+(\d+) kB/m),
    memoryPressure: number(texts.memoryPressure, some),
    cpuPressure: number(texts.cpuPressure, some),
  };
}
