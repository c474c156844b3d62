import { join } from "node:path";
import { askNpm } from "../build/toolchain/npm.ts";
import { BerthError } from "../model/errors.ts";
import type { Settings } from "../model/settings.ts";
import { openSandbox } from "../sandbox/bubblewrap.ts";
import { readRegistries } from "../sandbox/registries.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { PlatformLog } from "./platform-log.ts";
import type { Releasers } from "./releasers.ts";
import type { Environment } from "./roles.ts";

/** The start's own work, and a first site that needs no build, come before it. */
const SOON_MS = 1500;

/**
 * The sandbox of this machine, with the registries that its package managers are configured with. Opened once; a
 * failed opening is tried again by the next build. At the platform's stop it is closed.
 */
export function buildSandbox(
  settings: Settings,
  environment: Environment,
  releasers: Releasers,
): () => Promise<Sandbox> {
  let opened: Promise<Sandbox> | undefined;
  releasers.add("sandbox", async () => (await opened?.catch(() => undefined))?.close());
  return () => {
    opened ??= open(settings, environment);
    opened.catch(() => {
      opened = undefined;
    });
    return opened;
  };
}

/**
 * Tries the wall before the first build needs it, and tells the operator when nothing can be built. A start does not
 * wait for it.
 */
export function trySandboxSoon(sandbox: () => Promise<Sandbox>, log: PlatformLog): void {
  const attempt = async () => {
    const opened = await sandbox();
    const refusal = await opened.selfTest();
    if (refusal === undefined) log.info("sandbox holds", { ...opened.tier });
    else log.fault(new BerthError(refusal.code, refusal.message, { hint: refusal.hint }), { part: "sandbox" });
  };
  const timer = setTimeout(() => void attempt().catch((error) => log.fault(error, { part: "sandbox" })), SOON_MS);
  timer.unref();
}

async function open(settings: Settings, { home, variables }: Environment): Promise<Sandbox> {
  const registries = await readRegistries({
    home,
    variables,
    askNpm: (name) => askNpm({ program: "npm", environment: variables }, name),
  });
  return await openSandbox({
    slotsDirectory: join(settings.dataDirectory, "slots"),
    uidBase: settings.uidBase,
    selfUid: process.getuid?.() ?? -1,
    registries,
    diskBytes: settings.buildDiskMiB * 1024 ** 2,
    unsafe: settings.sandbox === "none",
  });
}
