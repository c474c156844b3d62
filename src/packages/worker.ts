import { parentPort, workerData } from "node:worker_threads";
import { openPackageCache, type PackageCacheSettings } from "./package-cache.ts";

/** The package cache in a thread of its own: reading large packuments never keeps a visitor of a site waiting. */
try {
  const { socket } = await openPackageCache(workerData as PackageCacheSettings);
  parentPort!.postMessage({ socket });
} catch (error) {
  parentPort!.postMessage({ problem: error instanceof Error ? error.message : String(error) });
}
