import { readdir } from "node:fs/promises";
import { BerthError } from "../model/errors.ts";
import type { Settings } from "../model/settings.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { PlatformLog } from "./platform-log.ts";
import { edgeCacheFolder } from "./roles.ts";

/** The store of the settings, once it has answered. @throws BerthError that names the setting at fault */
export async function openStore(settings: Settings, log: PlatformLog): Promise<ObjectStore> {
  if (settings.store.startsWith("s3:")) {
    const { openS3Store } = await import("../store/s3.ts");
    const store = openS3Store(settings.store, settings.s3);
    await check(store).catch(async (error) => {
      if (!(await hasServedBefore(settings))) throw error;
      log.fault(error, { part: "store" });
    });
    return store;
  }
  const { openFileStore } = await import("../store/file.ts");
  const store = openFileStore(settings.store.slice("file:".length));
  await check(store);
  return store;
}

/** At the start a store that does not answer is a setting at fault. */
async function check(store: ObjectStore): Promise<void> {
  try {
    await store.check();
  } catch (cause) {
    if (!(cause instanceof BerthError)) throw cause;
    throw new BerthError("setting_invalid", `BERTH_STORE: ${cause.message}`, { hint: cause.hint, cause });
  }
}

/** A request handler that starts again while its store is down serves what it has kept on its disk. */
async function hasServedBefore({ roles, dataDirectory }: Settings): Promise<boolean> {
  if (roles.some((role) => role !== "edge")) return false;
  return (await readdir(edgeCacheFolder(dataDirectory)).catch(() => [])).length > 0;
}
