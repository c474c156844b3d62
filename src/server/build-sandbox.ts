import { join } from "node:path";
import { askNpm } from "../build/toolchain/npm.ts";
import type { Settings } from "../model/settings.ts";
import { openSandbox } from "../sandbox/bubblewrap.ts";
import { readRegistries } from "../sandbox/registries.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { Environment } from "./roles.ts";

/**
 * The sandbox of this machine, with the registries that its package managers are configured with. Opened once; a
 * failed opening is tried again by the next build.
 */
export function buildSandbox(settings: Settings, environment: Environment): () => Promise<Sandbox> {
  return once(() => open(settings, environment));
}

/** The sandbox that sources are fetched in. It knows no registry, so npm need not be asked for any. */
export function fetchSandbox(settings: Settings): () => Promise<Sandbox> {
  const registries = { registry: "", hosts: [], npmrcLines: [] };
  return once(() => openSandbox({ ...placeOf(settings, "fetches"), registries }));
}

function once(make: () => Promise<Sandbox>): () => Promise<Sandbox> {
  let opened: Promise<Sandbox> | undefined;
  return () => {
    opened ??= make();
    opened.catch(() => {
      opened = undefined;
    });
    return opened;
  };
}

async function open(settings: Settings, { home, variables }: Environment): Promise<Sandbox> {
  const registries = await readRegistries({
    home,
    variables,
    askNpm: (name) => askNpm({ program: "npm", environment: variables }, name),
  });
  return await openSandbox({
    ...placeOf(settings, "slots"),
    registries,
    unsafe: settings.sandbox === "none",
  });
}

function placeOf({ dataDirectory, uidBase }: Settings, name: string) {
  return { slotsDirectory: join(dataDirectory, name), uidBase, selfUid: process.getuid?.() ?? -1 };
}
