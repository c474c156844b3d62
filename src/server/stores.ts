import type { Settings } from "../model/settings.ts";
import type { ObjectStore } from "../store/object-store.ts";

/** The store of the settings, once it has answered. @throws BerthError that names the setting at fault */
export async function openStore(settings: Settings): Promise<ObjectStore> {
  if (settings.store.startsWith("s3:")) {
    const { openS3Store } = await import("../store/s3.ts");
    const store = await openS3Store(settings.store, settings.s3);
    await store.check();
    return store;
  }
  const { openFileStore } = await import("../store/file.ts");
  const store = await openFileStore(settings.store.slice("file:".length));
  await store.check();
  return store;
}
