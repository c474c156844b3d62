import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RegistryHost } from "./egress-policy.ts";

export interface RegistryConfiguration {
  /** The default registry's URL. */
  registry: string;
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
}

/**
 * Where packages come from, by the operator's own package-manager configuration, in npm's order: environment, the
 * user's `.npmrc`, the global one. Registries of yarn's own files are added to the hosts. What nobody configured is
 * asked of npm, which knows its own default.
 */
export async function readRegistries({ home, variables, askNpm }: RegistrySources): Promise<RegistryConfiguration> {
  const environment = npmVariables(variables);
  const userFile = environment.get("userconfig") ?? join(home, ".npmrc");
  const globalFile = environment.get("globalconfig") ?? (await askNpm("globalconfig"));
  const layers = [parseNpmrc(await readOr(globalFile), variables), parseNpmrc(await readOr(userFile), variables)];
  const values = new Map([...layers, environment].flatMap((layer) => [...layer]));
  const registry = urlOr(values.get("registry")) ?? urlOr(await askNpm("registry"));
  if (registry === undefined) throw new Error("npm names no registry");
  const scoped = [...values].filter(([key, value]) => /^@[^:]+:registry$/.test(key) && urlOr(value) !== undefined);
  const urls = [registry, ...scoped.map(([, value]) => value), ...(await yarnRegistries(home))];
  const caFile = values.get("cafile") ?? variables.NODE_EXTRA_CA_CERTS;
  return {
    registry,
    hosts: uniqueHosts(urls),
    npmrcLines: [`registry=${registry}`, ...scoped.map(([key, value]) => `${key}=${withoutUser(value)}`)],
    ...(caFile ? { caFile } : {}),
  };
}

/** npm's config page, "Environment Variables": `npm_config_foo_bar` in any case sets `foo-bar`. */
function npmVariables(variables: RegistrySources["variables"]): Map<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of Object.entries(variables)) {
    const key = /^npm_config_(.+)$/i.exec(name)?.[1];
    if (key !== undefined && value) found.set(key.toLowerCase().replace(/(?!^)_/g, "-"), value);
  }
  return found;
}

/** npmrc(5): ini lines; `${NAME}` stands for a variable. Only what concerns registries and certificates is kept. */
export function parseNpmrc(text: string, variables: RegistrySources["variables"]): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*(registry|cafile|@[^\s:=]+:registry)\s*=\s*(.*?)\s*$/.exec(line);
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
