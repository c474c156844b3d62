import { join } from "node:path";
import { BerthError } from "../model/errors.ts";
import type { Settings } from "../model/settings.ts";
import { openSandbox } from "../sandbox/bubblewrap.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import { registriesOfBuilds } from "./package-cache.ts";
import type { PlatformLog } from "./platform-log.ts";
import type { Releasers } from "./releasers.ts";
import type { Environment } from "./roles.ts";

/** Of one fetch: twice what a source may have (upload-service.ts), for git packs what it gets anew. */
const FETCH_DISK_BYTES = 8 * 1024 ** 3;

/** The start's own work comes before it. */
const SOON_MS = 300;

/**
 * The sandbox of this machine, with the registries that its package managers are configured with. Opened once; a
 * failed opening is tried again by the next build. At the platform's stop it is closed.
 */
export function buildSandbox(
  settings: Settings,
  environment: Environment,
  { releasers, log }: Hosting,
): () => Promise<Sandbox> {
  return once(() => open(settings, environment, log), releasers);
}

interface Hosting {
  releasers: Releasers;
  log: PlatformLog;
}

/** The sandbox that sources are fetched in. It knows no registry, so npm need not be asked for any. */
export function fetchSandbox(settings: Settings, { releasers, log }: Hosting): () => Promise<Sandbox> {
  const registries = { registry: "", hosts: [], npmrcLines: [] };
  return once(
    () => openSandbox({ ...placeOf(settings, "fetches", log), registries, diskBytes: FETCH_DISK_BYTES }),
    releasers,
  );
}

function once(make: () => Promise<Sandbox>, releasers: Releasers): () => Promise<Sandbox> {
  let opened: Promise<Sandbox> | undefined;
  releasers.add("sandbox", async () => (await opened?.catch(() => undefined))?.close());
  return () => {
    opened ??= make();
    opened.catch(() => {
      opened = undefined;
    });
    return opened;
  };
}

/** Of this process: two openings side by side take longer than one after the other, and the fetch's is needed first. */
let attempts: Promise<void> = Promise.resolve();

/**
 * Tries the wall before the first build needs it, and tells the operator when nothing can be built. A start does not
 * wait for it, and a stop begins none.
 */
export function trySandboxSoon(sandbox: () => Promise<Sandbox>, { releasers, log }: Hosting): void {
  let stopped = false;
  const attempt = async () => {
    if (stopped) return;
    const opened = await sandbox();
    if (stopped) return;
    const refusal = await opened.selfTest();
    if (stopped) return;
    if (refusal === undefined) log.info("sandbox holds", { ...opened.tier });
    else log.fault(new BerthError(refusal.code, refusal.message, { hint: refusal.hint }), { part: "sandbox" });
  };
  const next = () => {
    attempts = attempts.then(attempt).catch((error) => log.fault(error, { part: "sandbox" }));
  };
  const timer = setTimeout(next, SOON_MS);
  releasers.add("sandbox's first test", () => {
    stopped = true;
    clearTimeout(timer);
  });
}

async function open(settings: Settings, environment: Environment, log: PlatformLog): Promise<Sandbox> {
  const registries = await registriesOfBuilds(settings, environment);
  return await openSandbox({
    ...placeOf(settings, "slots", log),
    registries,
    diskBytes: settings.buildDiskMiB * 1024 ** 2,
    unsafe: settings.sandbox === "none",
    gvisor: settings.sandbox === "gvisor",
  });
}

function placeOf({ dataDirectory, uidBase }: Settings, name: string, log: PlatformLog) {
  const onFault = (error: unknown) => log.fault(error, { part: name });
  return { slotsDirectory: join(dataDirectory, name), uidBase, selfUid: process.getuid?.() ?? -1, onFault };
}
