import { z } from "zod";
import { BerthError } from "./errors.ts";
import { listenSettings } from "./listen-settings.ts";
import { serveSettings } from "./serve-settings.ts";
import { reasonOf, wholeNumber } from "./setting-forms.ts";

export const ROLES = ["api", "upload", "builder", "edge"] as const;
export type Role = (typeof ROLES)[number];

const domain = z
  .string()
  .toLowerCase()
  .regex(/^(?=.{1,200}$)[a-z0-9-]+(\.[a-z0-9-]+)*$/, "must be a domain name");

/**
 * Each setting once: its environment variable, its form, its default, its meaning. `docs/settings.md` is generated
 * from this table. The key in `config.json` is the field's own name.
 */
export const settingsTable = {
  port: {
    variable: "BERTH_PORT",
    schema: wholeNumber(0, 65535),
    fallback: 3000,
    meaning: "TCP port that is listened on.",
  },
  host: { variable: "BERTH_HOST", schema: z.string().min(1), fallback: "127.0.0.1", meaning: "Address to listen on." },
  ...listenSettings,
  store: {
    variable: "BERTH_STORE",
    schema: z.string().regex(/^(file:\/.|s3:\/\/.)/, "must be file: with an absolute path, or begin with s3://"),
    fallback: null,
    meaning:
      "Object store: `file:<folder>` or `s3://bucket?endpoint=…&region=…`. Default: a folder in the data directory.",
  },
  queue: {
    variable: "BERTH_QUEUE",
    schema: z.string().regex(/^(embedded:$|rediss?:\/\/.)/, "must be embedded: or a redis:// URL"),
    fallback: "embedded:",
    meaning: "Queue: `embedded:` (on the database) or `redis://…`.",
  },
  database: {
    variable: "BERTH_DATABASE",
    schema: z.string().regex(/^(embedded:$|postgres(ql)?:\/\/.)/, "must be embedded: or a postgres:// URL"),
    fallback: "embedded:",
    meaning: "Database: `embedded:` (a PostgreSQL in the data directory) or `postgres://…`.",
  },
  domain: {
    variable: "BERTH_DOMAIN",
    schema: domain,
    fallback: "localhost",
    meaning: "Domain of the website and the API.",
  },
  sitesDomain: {
    variable: "BERTH_SITES_DOMAIN",
    schema: domain,
    fallback: null,
    meaning: "Domain below which sites are served. Default: the value of BERTH_DOMAIN.",
  },
  sitesPort: {
    variable: "BERTH_SITES_PORT",
    schema: wholeNumber(1, 65535),
    fallback: null,
    meaning: "Port in the URLs of sites, when the edge is reached by another one than this process listens on.",
  },
  builds: {
    variable: "BERTH_BUILDS",
    schema: wholeNumber(1, 64),
    fallback: null,
    meaning:
      "Builds that run at the same time; what needs no build does not wait for them. Default: 2 where the machine has four CPUs or more, else 1.",
  },
  uploads: {
    variable: "BERTH_UPLOADS",
    schema: wholeNumber(1, 64),
    fallback: 2,
    meaning: "Uploads that run at the same time.",
  },
  sandbox: {
    variable: "BERTH_SANDBOX",
    schema: z.enum(["bubblewrap", "gvisor", "none"]),
    fallback: "bubblewrap",
    meaning:
      "`gvisor` runs builds on a kernel of their own (root, and Debian's package `runsc`), more slowly. `none` runs builds WITHOUT a sandbox: their code can read all that the platform's user can.",
  },
  uidBase: {
    variable: "BERTH_UID_BASE",
    schema: wholeNumber(1000, 2_000_000_000),
    fallback: 52000,
    meaning: "As root: the database runs as this uid, slot n (builds from 0, fetches from 65) as this plus 1 plus n.",
  },
  buildTimeoutSeconds: {
    variable: "BERTH_BUILD_TIMEOUT_SECONDS",
    schema: wholeNumber(10, 86_400),
    fallback: 1200,
    meaning: "Longest time of an install and of a build, in seconds.",
  },
  buildMemoryMiB: {
    variable: "BERTH_BUILD_MEMORY_MIB",
    schema: wholeNumber(64, 1_048_576),
    fallback: 2048,
    meaning: "Most memory of a build, in MiB.",
  },
  buildProcesses: {
    variable: "BERTH_BUILD_PROCESSES",
    schema: wholeNumber(32, 65_536),
    fallback: 512,
    meaning: "Most processes and threads of a build at the same time.",
  },
  buildDiskMiB: {
    variable: "BERTH_BUILD_DISK_MIB",
    schema: wholeNumber(64, 1_048_576),
    fallback: 4096,
    meaning: "Most disk space of a build with its dependencies and caches, in MiB. As root, the size of its volume.",
  },
  buildLogMiB: {
    variable: "BERTH_BUILD_LOG_MIB",
    schema: wholeNumber(1, 1024),
    fallback: 8,
    meaning: "Most that an install or a build prints, in MiB.",
  },
  outputFiles: {
    variable: "BERTH_OUTPUT_FILES",
    schema: wholeNumber(1, 10_000_000),
    fallback: 100_000,
    meaning: "Most files of an output.",
  },
  outputMiB: {
    variable: "BERTH_OUTPUT_MIB",
    schema: wholeNumber(1, 1_048_576),
    fallback: 4096,
    meaning: "Most bytes of an output in all, in MiB.",
  },
  outputFileMiB: {
    variable: "BERTH_OUTPUT_FILE_MIB",
    schema: wholeNumber(1, 1_048_576),
    fallback: 512,
    meaning: "Most bytes of one file of an output, in MiB.",
  },
  packageCache: {
    variable: "BERTH_PACKAGE_CACHE",
    schema: z.enum(["on", "off"]),
    fallback: "on",
    meaning: "Whether builds get packages through a cache that the platform keeps for all of them.",
  },
  packageCacheMiB: {
    variable: "BERTH_PACKAGE_CACHE_MIB",
    schema: wholeNumber(64, 16_777_216),
    fallback: 10_240,
    meaning: "Most disk space of the package cache, in MiB; what was used the longest time ago goes first.",
  },
  buildCacheMiB: {
    variable: "BERTH_BUILD_CACHE_MIB",
    schema: wholeNumber(0, 1_048_576),
    fallback: 1024,
    meaning:
      "Most space in the object store of what a project's builds leave for the next one, in MiB; 0 keeps nothing.",
  },
  buildCachesMiB: {
    variable: "BERTH_BUILD_CACHES_MIB",
    schema: wholeNumber(0, 16_777_216),
    fallback: 20_480,
    meaning: "The same of all projects together, in MiB; the oldest goes first.",
  },
  toolchainsMiB: {
    variable: "BERTH_TOOLCHAINS_MIB",
    schema: wholeNumber(0, 16_777_216),
    fallback: 8192,
    meaning:
      "Most disk space of the Nodes and package managers that are kept for builds, in MiB; what was used the longest time ago goes first, the default ones never.",
  },
  ...serveSettings,
  localSources: {
    variable: "BERTH_LOCAL_SOURCES",
    schema: z.enum(["auto", "yes", "no"]),
    fallback: "auto",
    meaning:
      "Whether paths on this machine may be deployed. `auto`: only while the platform listens on loopback alone.",
  },
  secretsKey: {
    variable: "BERTH_SECRETS_KEY",
    schema: z.string().regex(/^[A-Za-z0-9+/]{43}=$/, "must be the base64 of 32 bytes"),
    fallback: null,
    meaning:
      "Key that the variables of projects are encrypted with: 32 random bytes in base64, the same for the processes `api` and `builder`. Default: made once, in the file `secrets.key` of the data directory.",
  },
  privateSources: {
    variable: "BERTH_PRIVATE_SOURCES",
    schema: z.enum(["auto", "yes", "no"]),
    fallback: "auto",
    meaning:
      "Whether repositories at loopback, private and link-local addresses and at the machine's own may be deployed. `auto`: only while the platform listens on loopback alone.",
  },
} as const;

type Table = typeof settingsTable;
type Value<K extends keyof Table> = z.infer<Table[K]["schema"]> | (null extends Table[K]["fallback"] ? null : never);
type Parsed = { [K in keyof Table]: Value<K> };

/** All that the platform is told at its start; parsed once, frozen, handed down in slices. */
export type Settings = Readonly<
  Omit<Parsed, "store" | "sitesDomain"> & {
    store: string;
    sitesDomain: string;
    dataDirectory: string;
    roles: readonly Role[];
    s3: Readonly<{ accessKeyId?: string; secretAccessKey?: string; sessionToken?: string }>;
  }
>;

export interface SettingsInput {
  dataDirectory: string;
  flags: Partial<Record<keyof Table, unknown>> & { roles?: readonly string[] };
  variables: Readonly<Record<string, string | undefined>>;
  /** The parsed `config.json` of the data directory, if there is one. */
  file: unknown;
}

/**
 * Flags, then environment, then `config.json`, then the default.
 * @throws BerthError `setting_invalid` naming the setting and the reason
 */
export function parseSettings({ dataDirectory, flags, variables, file }: SettingsInput): Settings {
  const fromFile = parseFile(file);
  const parsed: Record<string, unknown> = {};
  for (const [key, { variable, schema, fallback }] of Object.entries(settingsTable)) {
    const flag = flags[key as keyof Table];
    const given = flag ?? emptyAsUnset(variables[variable]) ?? fromFile[key] ?? undefined;
    if (given === undefined) {
      parsed[key] = fallback;
      continue;
    }
    const result = schema.safeParse(given);
    if (!result.success) {
      const shown =
        key === "secretsKey" || key === "metricsToken"
          ? "the value"
          : `'${typeof given === "string" ? given : JSON.stringify(given)}'`;
      const reason = `${shown} ${reasonOf(result.error.issues[0]!)}`;
      if (flag !== undefined)
        throw wrongFlag(`--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, reason);
      throw wrong(emptyAsUnset(variables[variable]) === undefined ? `config.json ${key}` : variable, reason);
    }
    parsed[key] = result.data;
  }
  const values = parsed as Parsed;
  const sitesDomain = values.sitesDomain ?? values.domain;
  if (/(^|\.)\d+$/.test(sitesDomain)) {
    throw wrong("BERTH_SITES_DOMAIN", `'${sitesDomain}' is an address, and sites get hosts below a name`);
  }
  return Object.freeze({
    ...values,
    store: values.store ?? `file:${dataDirectory}/objects`,
    sitesDomain,
    dataDirectory,
    roles: parseRoles(flags.roles),
    s3: Object.freeze({
      accessKeyId: variables.AWS_ACCESS_KEY_ID,
      secretAccessKey: variables.AWS_SECRET_ACCESS_KEY,
      sessionToken: variables.AWS_SESSION_TOKEN,
    }),
  });
}

function parseFile(file: unknown): Record<string, unknown> {
  if (file === undefined) return {};
  if (typeof file !== "object" || file === null || Array.isArray(file))
    throw wrong("config.json", "is not a JSON object");
  for (const key of Object.keys(file)) {
    if (!Object.hasOwn(settingsTable, key)) throw wrong("config.json", `has the unknown key '${key}'`);
  }
  return file as Record<string, unknown>;
}

function parseRoles(given: readonly string[] | undefined): readonly Role[] {
  if (given === undefined || given.length === 0) return ROLES;
  for (const role of given) {
    if (!(ROLES as readonly string[]).includes(role))
      throw wrongFlag("--role", `'${role}' is none of ${ROLES.join(", ")}`);
  }
  return ROLES.filter((role) => given.includes(role));
}

const emptyAsUnset = (text: string | undefined): string | undefined => (text === "" ? undefined : text);

/** What was typed wrong is wrong usage, with an exit status of its own. */
function wrongFlag(flag: string, reason: string): BerthError {
  return new BerthError("usage", `${flag}: ${reason}.`, { hint: "'berth up --help' lists the flags." });
}

function wrong(name: string, reason: string): BerthError {
  return new BerthError("setting_invalid", `${name}: ${reason}.`, {
    hint: "docs/settings.md lists all settings with their forms.",
  });
}

/** Whether only this machine can reach what listens on `host`. */
export function isLoopbackHost(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host);
}
