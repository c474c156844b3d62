import { isDeploymentId } from "../model/ids.ts";

/** Letters, digits, hyphens and underscores between single dots: also what a key of the store may hold. */
const HOSTNAME = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/;
const PORT = /^[0-9]{1,5}$/;

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
    if (port !== "" && !PORT.test(port)) return undefined;
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
