import { isForServerInFront } from "../model/routes.ts";
import { OWN_COOKIES, withoutOwnCookies } from "./access-cookie.ts";
import type { Client } from "./client.ts";

/** What tells the other server, and a Berth behind it, how a request came. */
export interface Forwarding {
  /** The site's, with its port, as the visitor asked for it. */
  host: string;
  client: Client;
  /** It opened a protected host: it is the platform's, not the other server's. */
  withoutAuthorization: boolean;
}

/** Of one connection alone: RFC 9110 section 7.6.1, and RFC 7540 section 3.2.1. */
const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
];
/** Made anew, or said by headers of our own. */
const REPLACED = ["host", "content-length", "expect", "forwarded", "x-berth-token", "cookie", "via", "cdn-loop"];
/** Of the other server's own name and port, not of this host's. */
const OF_THE_ORIGIN = ["alt-svc"];
const NAME = "berth";
/** A site may lead to a site that leads to a server; nobody needs more. */
const HOPS_MAX = 3;

/** Whether a request has come through a Berth so often that it goes round in a circle (RFC 8586). */
export function isLoop(headers: Headers): boolean {
  const hops = (headers.get("cdn-loop") ?? "").split(",").filter((hop) => hop.split(";")[0]!.trim() === NAME);
  return hops.length >= HOPS_MAX;
}

/**
 * The headers that go to the other server. Cookies and Authorization of the visitor go with them, as Netlify and
 * Vercel do it, for the site's owner has chosen that server; the platform's own cookies and tokens don't.
 * @param given headers of the rule, which replace the visitor's
 */
export function requestHeaders(
  from: Headers,
  { forwarding, given = {} }: { forwarding: Forwarding; given?: Record<string, string> | undefined },
): Record<string, string> {
  const dropped = new Set([...HOP_BY_HOP, ...REPLACED, ...namedByConnection(from)]);
  if (forwarding.withoutAuthorization) dropped.add("authorization");
  const headers: Record<string, string> = {};
  for (const [name, value] of from) if (!dropped.has(name)) headers[name] = value;
  const cookie = withoutOwnCookies(from.get("cookie") ?? "");
  if (cookie !== undefined) headers.cookie = cookie;
  headers["accept-encoding"] ??= "identity";
  headers.via = joined(from.get("via"), `1.1 ${NAME}`);
  headers["cdn-loop"] = joined(from.get("cdn-loop"), NAME);
  headers["x-forwarded-host"] = forwarding.host;
  const { address, before, isSecure } = forwarding.client;
  headers["x-forwarded-proto"] = isSecure ? "https" : "http";
  if (address !== undefined) headers["x-forwarded-for"] = before === "" ? address : `${before}, ${address}`;
  for (const [name, value] of Object.entries(given)) {
    const lower = name.toLowerCase();
    if (![...HOP_BY_HOP, "host", "content-length", "cdn-loop"].includes(lower)) headers[lower] = value;
  }
  return headers;
}

interface Site {
  host: string;
  sitesDomain: string;
  isIndexed: boolean;
}

/** The headers of the answer, as pairs for Set-Cookie may come more than once. @param raw name, value, name, value… */
export function responseHeaders(raw: readonly string[], site: Site): Headers {
  const all = new Headers();
  for (let n = 0; n + 1 < raw.length; n += 2) {
    // What is no header, such as a name with a space, is left out instead of failing the answer.
    try {
      all.append(raw[n]!, raw[n + 1]!);
    } catch {}
  }
  const inFront = [...all.keys()].filter(isForServerInFront);
  for (const name of [...HOP_BY_HOP, ...OF_THE_ORIGIN, ...inFront, ...namedByConnection(all)]) all.delete(name);
  const cookies = all.getSetCookie().filter((cookie) => isOfSite(cookie, site));
  all.delete("set-cookie");
  for (const cookie of cookies) all.append("set-cookie", cookie);
  if (!site.isIndexed) all.set("x-robots-tag", "noindex");
  return all;
}

/**
 * Whether a cookie stays with the site: without a Domain, or of the host itself, or, on a custom domain, of a domain
 * above it. All sites share the sites domain, so none may set a cookie for it.
 */
function isOfSite(cookie: string, { host, sitesDomain }: Site): boolean {
  const [pair = "", ...attributes] = cookie.split(";");
  if (OWN_COOKIES.includes(pair.split("=")[0]!.trim())) return false;
  const domains = attributes
    .map((attribute) => /^\s*domain\s*=\s*\.?([^\s]*)/i.exec(attribute)?.[1]?.toLowerCase())
    .filter((domain) => domain !== undefined && domain !== "");
  return domains.every(
    (domain) => domain === host || (!isBelow(host, sitesDomain) && domain!.includes(".") && isBelow(host, domain!)),
  );
}

const isBelow = (host: string, domain: string): boolean => host.endsWith(`.${domain}`);
const joined = (before: string | null, value: string): string => (before === null ? value : `${before}, ${value}`);

/** Names that Connection lists belong to the connection too; the few that frame every message can't be listed away. */
function namedByConnection(headers: Headers): string[] {
  const names = (headers.get("connection") ?? "").split(",").map((name) => name.trim().toLowerCase());
  return names.filter((name) => /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name));
}
