import { rootCertificates } from "node:tls";

/** A registry of the operator's, with what its configuration says about asking it. */
export interface UpstreamSettings {
  /** URL of the default registry. */
  registry: string;
  /** By scope, `@` included, the registry that its packages come from. */
  scopes: Readonly<Record<string, string>>;
  /** Values of Authorization by the beginning of the URLs that they are for, without `https:`: `//host/path/`. */
  credentials: readonly { prefix: string; authorization: string }[];
  /** Text of further certificate authorities. */
  ca?: string;
}

const TIMEOUT_MS = 300_000;
const REDIRECTS_MAX = 5;

/** The registry that a package comes from; ends with a slash. */
export function registryOf({ registry, scopes }: UpstreamSettings, name: string): string {
  const url = (name.startsWith("@") ? scopes[name.split("/")[0]!] : undefined) ?? registry;
  return url.endsWith("/") ? url : `${url}/`;
}

/** The longest beginning wins, as in npm. */
export function authorizationFor({ credentials }: UpstreamSettings, url: string): string | undefined {
  const bare = url.replace(/^https?:/i, "");
  const fitting = credentials.filter(({ prefix }) => bare.startsWith(prefix));
  return fitting.sort((a, b) => b.prefix.length - a.prefix.length)[0]?.authorization;
}

/** Asks a registry; credentials go to those URLs alone that they are for, on every step of a redirect anew. */
export async function askUpstream(
  settings: UpstreamSettings,
  url: string,
  headers: Record<string, string>,
): Promise<Response> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  let at = url;
  for (let step = 0; step <= REDIRECTS_MAX; step += 1) {
    const authorization = authorizationFor(settings, at);
    const response = await fetch(at, {
      headers: { ...headers, ...(authorization === undefined ? {} : { authorization }) },
      redirect: "manual",
      signal,
      ...(settings.ca === undefined ? {} : { tls: { ca: [...rootCertificates, settings.ca] } }),
    });
    const location = response.headers.get("location");
    if (response.status < 300 || response.status > 399 || response.status === 304 || location === null) return response;
    await response.body?.cancel();
    const next = new URL(location, at);
    if (next.protocol !== "https:" && next.protocol !== new URL(at).protocol) throw new Error("a redirect to less");
    at = next.href;
  }
  throw new Error("too many redirects");
}
