import { isIP } from "node:net";
import { isForeignPublicAddress } from "../model/addresses.ts";
import type { EgressPolicy, PinnedHost } from "./sandbox.ts";

/** A registry that the operator's own package-manager configuration names: its address is the operator's word. */
export interface RegistryHost {
  host: string;
  port: number;
  /** Plain http, which the proxy then takes as well. */
  plain: boolean;
  /** Path of the unix socket that it listens on instead: the host and port are names that builds know it by. */
  socket?: string;
}

export interface ProxyRequest {
  /** Lower case, without a final dot and without brackets. */
  host: string;
  port: number;
  /** `tunnel` for CONNECT; the others carry the head as the server is to get it, `https` by TLS of the proxy's own. */
  kind: "tunnel" | "http" | "https";
  head: string;
}

export type Decision = Allowed | { allowed: false; reason: string };

interface Allowed {
  allowed: true;
  anyAddress: boolean;
  /** To be connected to without asking for the name again. */
  pinned?: readonly string[];
  /** Path of a unix socket that takes the place of addresses. */
  socket?: string;
  /** The tunnel is for TLS with this host and nobody else's. */
  isTls?: boolean;
}

interface Ways {
  policy: EgressPolicy;
  registries: readonly RegistryHost[];
  /** Beside what the policy lets through. */
  hosts?: readonly PinnedHost[];
}

/** Whether a build may connect there, by the name alone. */
export function decide(request: ProxyRequest, { policy, registries, hosts = [] }: Ways): Decision {
  const pinned = hosts.find(({ host, port }) => host === request.host && port === request.port);
  if (pinned !== undefined) return { allowed: true, anyAddress: true, pinned: pinned.addresses };
  if (policy === "none") return { allowed: false, reason: "the project's builds have no network" };
  const registry = registries.find(({ host, port }) => host === request.host && port === request.port);
  if (registry !== undefined && (registry.plain || request.kind !== "http")) {
    const { socket, plain } = registry;
    return {
      allowed: true,
      anyAddress: true,
      ...(socket === undefined ? {} : { socket }),
      ...(request.kind === "tunnel" && !plain ? { isTls: true } : {}),
    };
  }
  if (request.kind === "http") return { allowed: false, reason: "only https is let through" };
  if (policy === "registry") return { allowed: false, reason: "it is no configured package registry" };
  if (request.port !== 443) return { allowed: false, reason: "only port 443 is let through" };
  if (looksLikeAddress(request.host)) return { allowed: false, reason: "an address in a name's place" };
  return { allowed: true, anyAddress: false };
}

/**
 * The addresses that may be connected to. One bad one condemns the name: it is how rebinding looks.
 * @param own those of this machine
 */
export function usableAddresses(
  addresses: readonly string[],
  { anyAddress, own }: { anyAddress: boolean; own: readonly string[] },
): readonly string[] {
  return anyAddress || addresses.every((address) => isForeignPublicAddress(address, own)) ? addresses : [];
}

/** Also the forms that inet_aton(3) reads: `2130706433`, `0x7f.1`, `127.1`. */
function looksLikeAddress(host: string): boolean {
  return isIP(host) !== 0 || /^(0x[0-9a-f]*|\d+)(\.(0x[0-9a-f]*|\d+))*$/.test(host);
}

/** RFC 1035 section 2.3.4, with the dot of the root: each host that was asked for is kept with the deployment. */
const NAME_MAX = 254;

/**
 * Reads the head of a proxy request: CONNECT with an authority (RFC 9110 section 9.3.6), or any method with an
 * absolute URL (RFC 9112 section 3.2.2), where axios before 1.0 asks for https too. @returns undefined when it is neither
 */
export function parseProxyRequest(head: string): ProxyRequest | undefined {
  const [line = "", ...fields] = head.split("\r\n");
  const [method, target, version, ...more] = line.split(" ");
  if (
    method === undefined ||
    target === undefined ||
    !/^[\w!#$%&'*+.^`|~-]+$/.test(method) ||
    !/^HTTP\/1\.[01]$/.test(version ?? "") ||
    more.length > 0
  ) {
    return undefined;
  }
  if (method === "CONNECT") {
    const authority = /^(\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/.exec(target);
    if (authority === null || authority[1]!.length > NAME_MAX) return undefined;
    return { kind: "tunnel", host: canonicalHost(authority[1]!), port: Number(authority[2]), head: "" };
  }
  if (!/^https?:\/\//i.test(target) || !URL.canParse(target)) return undefined;
  // A line that another reader may take for two, or for a part of the one before.
  if (fields.some((field) => /[\r\n]|^[ \t]/.test(field))) return undefined;
  const url = new URL(target);
  if (url.hostname.length > NAME_MAX) return undefined;
  // One request for one connection: the next one may be meant for another host.
  const kept = fields.filter((field) => !/^(proxy-[a-z-]+|connection|keep-alive|host)\s*:/i.test(field));
  // The URL's own host (RFC 9112 section 3.2.2): by another name a server may show what was not let through.
  const first = [`${method} ${url.pathname}${url.search} ${version}`, `Host: ${url.host}`];
  const rewritten = [...first, ...kept.filter(Boolean), "Connection: close"];
  const kind = url.protocol === "https:" ? "https" : "http";
  return {
    kind,
    host: canonicalHost(url.hostname),
    port: url.port === "" ? { http: 80, https: 443 }[kind] : Number(url.port),
    head: `${rewritten.join("\r\n")}\r\n\r\n`,
  };
}

function canonicalHost(host: string): string {
  return host
    .replace(/^\[|\]$/g, "")
    .replace(/\.$/, "")
    .toLowerCase();
}
