import { freePort, startProcess, waitForPort } from "./process.ts";

/** A real redis-server on loopback, nothing on disk. */
export async function startRedis(): Promise<{ url: string; pid: number; stop(): Promise<void> }> {
  const port = await freePort();
  const server = startProcess([
    "redis-server",
    "--port",
    `${port}`,
    "--bind",
    "127.0.0.1",
    "--save",
    "",
    "--appendonly",
    "no",
  ]);
  await waitForPort(port, { process: server });
  return { url: `redis://127.0.0.1:${port}`, pid: server.pid, stop: () => server.stop() };
}
