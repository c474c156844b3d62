import { join } from "node:path";
import type { Settings } from "../model/settings.ts";
import { openSandbox } from "../sandbox/bubblewrap.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import { registriesOfBuilds } from "./package-cache.ts";
import type { Environment } from "./roles.ts";

/**
 * The sandbox of this machine, with the registries that its package managers are configured with. Opened once; a
 * failed opening is tried again by the next build.
 */
export function buildSandbox(settings: Settings, environment: Environment): () => Promise<Sandbox> {
  let opened: Promise<Sandbox> | undefined;
  return () => {
    opened ??= open(settings, environment);
    opened.catch(() => {
      opened = undefined;
    });
    return opened;
  };
}

async function open(settings: Settings, environment: Environment): Promise<Sandbox> {
  const registries = await registriesOfBuilds(settings, environment);
  return await openSandbox({
    slotsDirectory: join(settings.dataDirectory, "slots"),
    uidBase: settings.uidBase,
    selfUid: process.getuid?.() ?? -1,
    registries,
    unsafe: settings.sandbox === "none",
  });
}
