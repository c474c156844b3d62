import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RegistryHost } from "./egress-policy.ts";

export interface RegistryConfiguration {
  /** The default registry's URL. */
  registry: string;
  /**
   * URLs that mean this registry where files of a project name them, beside the public mirrors: the operator's own,
   * whose place a cache may take, and the default of npm itself, whose place the operator's takes. None without.
   */
  standsFor?: readonly string[];
  /** All hosts that packages come from, scoped registries included. */
  hosts: readonly RegistryHost[];
  /** For the sandbox's own `.npmrc`; never a token. */
  npmrcLines: readonly string[];
  /** A file of further certificate authorities, if the operator has one. */
  caFile?: string;
}

export interface RegistrySources {
  home: string;
  variables: Readonly<Record<string, string | undefined>>;
  /** Runs `npm config get NAME` on the host: where npm itself keeps its defaults. */
  askNpm: (name: string) => Promise<string>;
  /** Asks npm for the registry that it has without any configuration. */
  askDefault: () => Promise<string>;
}

/** What the platform itself needs to ask the registries: it stays on this side of the wall. */
export interface RegistryAccess {
  /** URL of the default registry. */
  registry: string;
  /** URLs by scope, `@` included. */
  scopes: Record<string, string>;
  /** Values of Authorization by the beginning of the URLs that they are for, without `https:`: `//host/path/`. */
  credentials: { prefix: string; authorization: string }[];
}

export interface Registries {
  configuration: RegistryConfiguration;
  access: RegistryAccess;
}

/**
 * Where packages come from, by the operator's own package-manager configuration, in npm's order: environment, the
 * user's `.npmrc`, the global one. Registries of yarn's own files are added to the hosts. What nobody configured is
 * asked of npm, which knows its own default.
 */
export async function readRegistries({ home, variables, askNpm, askDefault }: RegistrySources): Promise<Registries> {
  const environment = npmVariables(variables);
  const asked = askDefault();
  asked.catch(() => undefined);
  const userFile = environment.get("userconfig") ?? join(home, ".npmrc");
  const globalFile = environment.get("globalconfig") ?? (await askNpm("globalconfig"));
  const layers = [parseNpmrc(await readOr(globalFile), variables), parseNpmrc(await readOr(userFile), variables)];
  const values = new Map([...layers, environment].flatMap((layer) => [...layer]));
  const configured = values.get("registry");
  // Each question is a start of npm, which a first deployment waits for: where nobody has configured a registry, npm's
  // answer is its default.
  const named =
    configured === undefined ? await asked : urlOr(configured) === undefined ? await askNpm("registry") : configured;
  const registry = urlOr(named);
  if (registry === undefined) throw new Error("npm names no registry");
  const scoped = [...values].filter(([key, value]) => /^@[^:]+:registry$/.test(key) && urlOr(value) !== undefined);
  const scopes = scoped.map(([key, value]) => [key.replace(/:registry$/, ""), withoutUser(value)] as const);
  const urls = [registry, ...scopes.map(([, url]) => url), ...(await yarnRegistries(home))];
  const caFile = values.get("cafile") ?? variables.NODE_EXTRA_CA_CERTS;
  return {
    configuration: {
      registry,
      standsFor: [...new Set([registry, await asked])],
      hosts: uniqueHosts(urls),
      npmrcLines: [`registry=${registry}`, ...scopes.map(([scope, url]) => `${scope}:registry=${url}`)],
      ...(caFile ? { caFile } : {}),
    },
    access: {
      registry,
      scopes: Object.fromEntries(scopes),
      credentials: [...credentialsIn(values), ...[named, ...scoped.map(([, url]) => url)].flatMap(userOf)],
    },
  };
}

/**
 * Names and mirrors of the public npm registry that files of projects all over the world hold: Yarn's default, the mirror
 * cnpm and its former name. They have its packages and no others, so nothing is ever asked of them.
 */
const PUBLIC_MIRRORS = new Set(["registry.yarnpkg.com", "registry.npmmirror.com", "registry.npm.taobao.org"]);

export function isPublicMirror(url: string): boolean {
  return PUBLIC_MIRRORS.has(placeOf(url));
}

/** Whether one of these URLs, as files of a project write them, is a registry of the project's own. */
export function isOwnRegistry(named: readonly string[], { standsFor = [] }: RegistryConfiguration): boolean {
  const known = new Set(standsFor.map(placeOf));
  return named.some((url) => !known.has(placeOf(url)) && !isPublicMirror(url));
}

/** Host and path: http and https lead to the same registry, with a slash at the end and without. */
function placeOf(text: string): string {
  const url = urlOr(text);
  if (url === undefined) return text;
  const { host, pathname } = new URL(url);
  return host + pathname.replace(/\/+$/, "");
}

/** By name, the files of a build's home folder that lead its package managers to the registry. */
export function homeFiles({ registry, npmrcLines }: RegistryConfiguration): Record<string, string> {
  const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");
  const plain = registry.startsWith("http:") ? ["unsafeHttpWhitelist:", `  - "${new URL(registry).hostname}"`] : [];
  const yarn = registry === "" ? [] : [`npmRegistryServer: "${registry}"`, ...plain];
  // Yarn from 2 on reads no .npmrc.
  return { ".npmrc": text(npmrcLines), ".yarnrc.yml": text(yarn) };
}

/** Above the ports that registries on a developer's machine usually have. */
const FIRST_CACHE_PORT = 24_873;

/** URL that builds know the platform's package cache by: an address of their own loopback that no registry has. */
export function cacheBase({ hosts }: RegistryConfiguration): string {
  let port = FIRST_CACHE_PORT;
  while (hosts.some((host) => host.port === port)) port += 1;
  return `http://127.0.0.1:${port}/`;
}

/**
 * The same registries as builds see them behind the platform's package cache. The hosts stay in reach, for lockfiles
 * name them.
 */
export function throughCache(
  configuration: RegistryConfiguration,
  { base, socket }: { base: string; socket: string },
): RegistryConfiguration {
  const { hostname, port } = new URL(base);
  return {
    ...configuration,
    registry: base,
    hosts: [...configuration.hosts, { host: hostname, port: Number(port), plain: true, socket }],
    npmrcLines: configuration.npmrcLines.map((line) => line.replace(/=.*/, `=${base}`)),
  };
}

/** npmrc(5), "Auth related configuration". */
function credentialsIn(values: ReadonlyMap<string, string>): RegistryAccess["credentials"] {
  const found: RegistryAccess["credentials"] = [];
  for (const [key, value] of values) {
    const match = /^(\/\/.+?\/?):(_authToken|_auth|username)$/.exec(key);
    if (match === null || value === "") continue;
    const [, prefix = "", kind] = match;
    const password = values.get(`${prefix}:_password`);
    if (kind === "username" && password === undefined) continue;
    const basic = kind === "_auth" ? value : btoa(`${value}:${Buffer.from(password ?? "", "base64").toString()}`);
    const authorization = kind === "_authToken" ? `Bearer ${value}` : `Basic ${basic}`;
    found.push({ prefix: prefix.endsWith("/") ? prefix : `${prefix}/`, authorization });
  }
  return found;
}

function userOf(text: string): RegistryAccess["credentials"] {
  const { username, password, host, pathname } = new URL(text);
  if (username === "") return [];
  const basic = btoa(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  return [{ prefix: `//${host}${pathname.replace(/\/*$/, "/")}`, authorization: `Basic ${basic}` }];
}

/** npm's config page, "Environment Variables": `npm_config_foo_bar` in any case sets `foo-bar`. */
function npmVariables(variables: RegistrySources["variables"]): Map<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of Object.entries(variables)) {
    const key = /^npm_config_(.+)$/i.exec(name)?.[1];
    if (key === undefined || !value) continue;
    // Keys that begin with a registry's address are taken as they stand.
    found.set(key.startsWith("//") ? key : key.toLowerCase().replace(/(?!^)_/g, "-"), value);
  }
  return found;
}

/** npmrc(5): ini lines; `${NAME}` stands for a variable. Only what concerns registries and certificates is kept. */
function parseNpmrc(text: string, variables: RegistrySources["variables"]): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const match =
      /^\s*(registry|cafile|@[^\s:=]+:registry|\/\/[^\s=]+:(?:_authToken|_auth|username|_password))\s*=\s*(.*?)\s*$/.exec(
        line,
      );
    if (match === null) continue;
    const value = match[2]!
      .replace(/^"(.*)"$/, "$1")
      .replace(/\$\{(\w+)\}/g, (_, name: string) => variables[name] ?? "");
    found.set(match[1]!, value);
  }
  return found;
}

/** `registry "…"` of yarn 1's `.yarnrc`; `npmRegistryServer: …`, also below scopes, of newer yarns' `.yarnrc.yml`. */
async function yarnRegistries(home: string): Promise<string[]> {
  const classic = (await readOr(join(home, ".yarnrc"))).matchAll(/^\s*"?(?:@[^\s:]+:)?registry"?\s+"?([^\s"]+)"?/gm);
  const modern = (await readOr(join(home, ".yarnrc.yml"))).matchAll(/^\s*npmRegistryServer:\s*["']?([^\s"']+)/gm);
  return [...classic, ...modern].map((match) => match[1]!).filter((url) => urlOr(url) !== undefined);
}

function uniqueHosts(urls: readonly string[]): RegistryHost[] {
  const hosts = new Map<string, RegistryHost>();
  for (const text of urls) {
    const { protocol, hostname, port } = new URL(text);
    const plain = protocol === "http:";
    const host = hostname.replace(/^\[|\]$/g, "");
    const number = port === "" ? (plain ? 80 : 443) : Number(port);
    hosts.set(`${host}:${number}`, { host, port: number, plain });
  }
  return [...hosts.values()];
}

function urlOr(text: string | undefined): string | undefined {
  if (text === undefined || !/^https?:\/\/[^\s]+$/i.test(text) || !URL.canParse(text)) return undefined;
  return withoutUser(text);
}

function withoutUser(text: string): string {
  const url = new URL(text);
  url.username = "";
  url.password = "";
  return url.href;
}

const readOr = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");
