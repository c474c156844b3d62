import { Worker } from "node:worker_threads";
import type { PackageCacheSettings } from "./package-cache.ts";

/**
 * Opens the package cache in a thread of its own, for as long as this process lives.
 * @returns path of its socket
 * @throws Error with the reason when it can't be opened
 */
export async function startPackageCache(settings: PackageCacheSettings): Promise<string> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData: settings });
  const started = Promise.withResolvers<string>();
  worker.once("message", (message: { socket: string } | { problem: string }) => {
    if ("socket" in message) started.resolve(message.socket);
    else started.reject(new Error(message.problem));
  });
  worker.once("error", (error) => started.reject(error));
  try {
    return await started.promise;
  } catch (error) {
    await worker.terminate();
    throw error;
  } finally {
    worker.unref();
  }
}
