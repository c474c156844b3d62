import { isIPv4 } from "node:net";
import type { Quick } from "../http/answers.ts";
import { ownText } from "../model/own-text.ts";
import type { Answer, Front, Handler } from "./listen.ts";

/** What one port answers, by the request's host. A role that this process does not have is absent. */
export interface Rooms {
  domain: string;
  health(): Promise<Response>;
  /** Website and API. */
  base?: Handler;
  /** Hosted sites. */
  sites?: Handler & { quick: Quick };
  /** For whoever has the token of metrics, or of the machine. */
  metrics(request: Request): Promise<Response>;
  /** Whether the request carries a token that opens the metrics and nothing else. */
  isMetricsCaller(request: Request): boolean;
}

/**
 * The base domain, and the machine's own addresses, are the website's; every other host is a site's. `/healthz` is
 * the platform's on the former alone: a site may have a page of that name.
 */
export function createFrontDoor(rooms: Rooms): Front {
  const isBase = baseHosts(rooms.domain);
  const answer: Answer = (request) => {
    if (!isBase(request.headers.get("host") ?? "")) {
      return rooms.sites?.fetch(request) ?? plain(404, "This process serves no sites.");
    }
    // An address or a port that none can have: 'localhost:99999', '[:::]'.
    if (!URL.canParse(request.url)) return plain(400, "The request names no valid host.");
    const { pathname } = new URL(request.url);
    if (pathname === "/healthz") return rooms.health();
    if (pathname === "/metrics" && (!rooms.base || rooms.isMetricsCaller(request))) return rooms.metrics(request);
    return rooms.base?.fetch(request) ?? plain(404, "This process has no website. It answers /healthz.");
  };
  // What it was never asked in full, as no host of the base domain is, it does not answer quickly.
  return { answer, quick: (head, client) => rooms.sites?.quick(head, client) };
}

const KNOWN_MAX = 10_000;
/** A name has at most 253 characters, its port five. */
const KNOWN_MAX_CHARACTERS = 260;

/** The same question as `isBaseHost`, answered once for each Host header. What is too long for a name is nobody's. */
export function baseHosts(domain: string): (hostHeader: string) => boolean {
  const known = new Map<string, boolean>();
  return (hostHeader) => {
    if (hostHeader.length > KNOWN_MAX_CHARACTERS) return false;
    let isBase = known.get(hostHeader);
    if (isBase === undefined) {
      isBase = isBaseHost(hostHeader, domain);
      if (known.size >= KNOWN_MAX) known.clear();
      known.set(ownText(hostHeader), isBase);
    }
    return isBase;
  };
}

export function isBaseHost(hostHeader: string, domain: string): boolean {
  const host = hostName(hostHeader);
  return host === domain || host === "localhost" || isIPv4(host) || /^\[[0-9a-f:.]+\]$/.test(host);
}

/** A Host header in lower case, without its port and the dot of the root. */
export function hostName(hostHeader: string): string {
  return hostHeader.toLowerCase().replace(/:\d*$/, "").replace(/\.$/, "");
}

function plain(status: number, text: string): Response {
  return new Response(`${text}\n`, { status, headers: { "content-type": "text/plain; charset=utf-8" } });
}
