import { isDeploymentId } from "../model/ids.ts";
import { ownText } from "../model/own-text.ts";
import type { KnownRoute } from "./known-route.ts";

/** Letters, digits, hyphens and underscores between single dots: also what a key of the store may hold. */
const HOSTNAME = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/;
const PORT = /^[0-9]{1,5}$/;
const PORT_MAX = 65535;
const KNOWN_MAX = 10_000;

/** Who is asked. */
export interface RequestHost {
  /** Lower-cased, without a port. */
  name: string;
  /** Whether search engines may list what it shows. */
  isIndexed: boolean;
  /** By path, as `KnownRoutes` learns them: here, so that nothing is looked up for the host again. */
  routes: Map<string, KnownRoute> | undefined;
}

/** Reads Host headers for sites below `sitesDomain`; each header is taken apart once and then known. */
export function hostReader(sitesDomain: string): (header: string | null) => RequestHost | undefined {
  const known = new Map<string | null, RequestHost>();
  return (header) => {
    const host = known.get(header);
    if (host !== undefined) return host;
    const own = header === null ? null : ownText(header);
    const name = parseHost(own);
    if (name === undefined) return undefined;
    const read = { name, isIndexed: isProductionHost(name, sitesDomain), routes: undefined };
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(own, read);
    return read;
  };
}

/**
 * Reads a Host header (RFC 9112 section 3.2): lower-cased, without its port and without the dot of the root.
 * @returns the hostname; undefined when the header is missing or is none: user information, a path, two hosts joined by
 * a comma. An address in brackets is none either, as no site lives at one.
 */
export function parseHost(header: string | null): string | undefined {
  if (header === null || header.length > 260) return undefined;
  let host = header;
  const colon = host.indexOf(":");
  if (colon !== -1) {
    const port = host.slice(colon + 1);
    if (port !== "" && !(PORT.test(port) && Number(port) <= PORT_MAX)) return undefined;
    host = host.slice(0, colon);
  }
  if (host.endsWith(".")) host = host.slice(0, -1);
  host = host.toLowerCase();
  return host.length <= 253 && HOSTNAME.test(host) ? host : undefined;
}

/**
 * Whether search engines may list what this host shows: a project's own host or a custom domain, but neither a branch's
 * (`<branch>--<project>`) nor a single deployment's.
 */
export function isProductionHost(host: string, sitesDomain: string): boolean {
  if (!host.endsWith(`.${sitesDomain}`)) return true;
  const label = host.slice(0, -sitesDomain.length - 1);
  return !label.includes("--") && !isDeploymentId(label);
}
