/**
 * Keeps cores from falling asleep, by a process on each that runs when nothing else does (sched(7), SCHED_IDLE): on a
 * virtual machine an idle core is given back to the host, and comes back late. All servers of a bench are measured so.
 * @returns ends it
 */
export function keepAwake(cpus: readonly number[]): () => void {
  const processes = cpus.map((cpu) =>
    Bun.spawn(["taskset", "-c", `${cpu}`, "chrt", "--idle", "0", "sh", "-c", "while :; do :; done"], {
      stdio: ["ignore", "ignore", "inherit"],
    }),
  );
  return () => {
    for (const process of processes) process.kill();
  };
}
