/** What is known of the machine when a build is about to start; undefined where the kernel does not tell. */
export interface MachineLoad {
  /** proc(5), /proc/meminfo: MemAvailable and MemTotal. */
  availableBytes: number | undefined;
  totalBytes: number | undefined;
  /** The kernel's PSI page, `some avg10`: per cent of the last ten seconds in which a task waited. */
  memoryPressure: number | undefined;
  cpuPressure: number | undefined;
}

/** Time in which the machine is mostly busy finding memory. */
const MEMORY_PRESSURE_MOST = 20;
const CPU_PRESSURE_MOST = 80;
/** Of a small machine's memory a build can't ask for more: it would wait for ever. */
const SHARE_OF_TOTAL = 0.5;

/**
 * Why a build should wait for now; undefined when it may start. A busy CPU makes only the second build wait, which
 * would gain nothing by sharing it: against serving, builds have a low weight anyway. Pure.
 */
export function reasonToWait(
  load: MachineLoad,
  { memoryBytes, buildsRunning }: { memoryBytes: number; buildsRunning: number },
): string | undefined {
  const neededBytes = Math.min(memoryBytes, (load.totalBytes ?? Number.POSITIVE_INFINITY) * SHARE_OF_TOTAL);
  if (load.availableBytes !== undefined && load.availableBytes < neededBytes) {
    return `${inMiB(load.availableBytes)} MiB of memory are free, and a build may take ${inMiB(neededBytes)} MiB`;
  }
  if ((load.memoryPressure ?? 0) > MEMORY_PRESSURE_MOST) return "the machine is short of memory";
  if (buildsRunning > 0 && (load.cpuPressure ?? 0) > CPU_PRESSURE_MOST) return "another build keeps the CPU busy";
  return undefined;
}

const inMiB = (bytes: number): number => Math.floor(bytes / 1024 ** 2);
