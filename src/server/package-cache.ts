import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { askNpm } from "../build/toolchain/npm.ts";
import type { Settings } from "../model/settings.ts";
import { startPackageCache } from "../packages/start.ts";
import { cacheBase, type RegistryConfiguration, readRegistries, throughCache } from "../sandbox/registries.ts";
import type { Environment } from "./roles.ts";

/** Where builds get their packages from: the platform's cache, unless there is no wall that leads them there. */
export async function registriesOfBuilds(
  settings: Settings,
  { home, variables }: Environment,
): Promise<RegistryConfiguration> {
  const { configuration, access } = await readRegistries({
    home,
    variables,
    askNpm: (name) => askNpm({ program: "npm", environment: variables }, name),
    askDefault: () => askNpm({ program: "npm", environment: unconfigured(variables) }, "registry"),
  });
  if (settings.packageCache === "off" || settings.sandbox === "none") return configuration;
  const base = cacheBase(configuration);
  const { caFile } = configuration;
  const ca = caFile === undefined ? undefined : await readFile(caFile, "utf8");
  const socket = await startPackageCache({
    directory: join(settings.dataDirectory, "packages"),
    maxBytes: settings.packageCacheMiB * 1024 ** 2,
    upstream: { ...access, ...(ca === undefined ? {} : { ca }) },
    base,
  });
  return throughCache(configuration, { base, socket });
}

/** Of npm's environment what lets it run; its configuration is looked for where there is none. */
function unconfigured({ PATH, HOME }: Environment["variables"]): Record<string, string | undefined> {
  return { PATH, HOME, npm_config_userconfig: "/nonexistent/user", npm_config_globalconfig: "/nonexistent/global" };
}
