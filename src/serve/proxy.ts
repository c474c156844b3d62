import http from "node:http";
import https from "node:https";
import { BerthError } from "../model/errors.ts";
import type { Client } from "./client.ts";
import * as pages from "./pages.ts";
import { limitedBody, readBody } from "./proxy-body.ts";
import { isLoop, requestHeaders, responseHeaders } from "./proxy-headers.ts";
import { type Origin, type OriginPolicy, pinOrigin } from "./proxy-origin.ts";

/** What a rule has decided: `{kind: "proxy"}` of `resolve`. */
export interface ProxyDecision {
  url: string;
  /** Other than 200, it takes the place of the other server's own status. */
  status: number;
  /** Sent to the other server beside the visitor's. */
  headers?: Record<string, string>;
}

export interface ProxyLimits {
  /** Until the head of the answer, and of silence within its body. */
  silenceMs: number;
  /** Of the whole exchange. */
  totalMs: number;
  responseBytes: number;
  requestBytes: number;
  /** Requests that wait for one origin at the same time. */
  inFlight: number;
  /** Bodies of requests in memory, all together. */
  bufferedBytes: number;
}

const PROXY_LIMITS: ProxyLimits = {
  silenceMs: 30_000,
  totalMs: 300_000,
  responseBytes: 100 * 1024 ** 2,
  requestBytes: 10 * 1024 ** 2,
  inFlight: 128,
  bufferedBytes: 64 * 1024 ** 2,
};

export interface ProxyOptions extends OriginPolicy {
  sitesDomain: string;
  /** Those that are absent are `PROXY_LIMITS`. */
  limits?: Partial<ProxyLimits>;
  client: (request: Request) => Client;
}

/** Of the request's host. */
export interface ProxyVisit {
  host: string;
  isIndexed: boolean;
  withoutAuthorization: boolean;
}

export type ProxyFetch = (decision: ProxyDecision, request: Request, visit: ProxyVisit) => Promise<Response>;

const METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];

/**
 * Answers by another server, as Netlify's and Vercel's rewrites do: its status, headers and body pass through; its
 * redirects are the visitor's to follow. The body streams at the visitor's pace. Faults are pages, never thrown.
 */
export function createProxy(given: ProxyOptions): ProxyFetch {
  const options = { ...given, limits: { ...PROXY_LIMITS, ...given.limits } };
  const load: Load = { inFlight: new Map(), bufferedBytes: 0 };
  return async (decision, request, visit) => {
    try {
      return await exchange(decision, request, { options, visit, load });
    } catch (error) {
      if (!(error instanceof BerthError)) throw error;
      const { status, code, message, hint } = error;
      const headers: Record<string, string> = {};
      if (status === 503) headers["retry-after"] = "2";
      if (status === 405) headers.allow = METHODS.join(", ");
      return pages.pageResponse({ status, code, message, hint, headers }, request);
    }
  };
}

interface Load {
  inFlight: Map<string, number>;
  bufferedBytes: number;
}
interface Context {
  options: ProxyOptions & { limits: ProxyLimits };
  visit: ProxyVisit;
  load: Load;
}

async function exchange(decision: ProxyDecision, request: Request, context: Context): Promise<Response> {
  const { options, visit, load } = context;
  const { limits } = options;
  if (!METHODS.includes(request.method)) {
    throw new BerthError("method_not_allowed", "This page does not take that method.", {
      hint: `It takes ${METHODS.join(", ")}.`,
    });
  }
  if (isLoop(request.headers)) {
    throw new BerthError("proxy_loop", "The rules of this page lead back to itself.", {
      hint: "Its owner finds the rule with 'berth explain'.",
    });
  }
  const origin = await within(limits.silenceMs, pinOrigin(decision.url, options));
  const release = enter(load, { key: origin.url.host, limits });
  try {
    const body = await readBody(request, { limits, load });
    try {
      const answer = await send(origin, {
        method: request.method,
        headers: requestHeaders(request.headers, {
          given: decision.headers,
          forwarding: {
            host: request.headers.get("host") ?? visit.host,
            client: options.client(request),
            withoutAuthorization: visit.withoutAuthorization,
          },
        }),
        body,
        limits,
        signal: request.signal,
      });
      return toResponse(answer, { decision, request, context, release });
    } finally {
      load.bufferedBytes -= body?.length ?? 0;
    }
  } catch (error) {
    release();
    throw error;
  }
}

/** @throws BerthError `origin_timeout` */
async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: Timer | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(timeout()), milliseconds);
  });
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** @returns what gives the place back, once */
function enter({ inFlight }: Load, { key, limits }: { key: string; limits: ProxyLimits }): () => void {
  const now = inFlight.get(key) ?? 0;
  if (now >= limits.inFlight) {
    throw new BerthError("origin_busy", "Too many requests wait for the server behind this page.", {
      hint: "Try again in a few seconds.",
    });
  }
  inFlight.set(key, now + 1);
  let isReleased = false;
  return () => {
    if (isReleased) return;
    isReleased = true;
    const left = inFlight.get(key)! - 1;
    if (left === 0) inFlight.delete(key);
    else inFlight.set(key, left);
  };
}

interface Sending {
  method: string;
  headers: Record<string, string>;
  body: Uint8Array | undefined;
  limits: ProxyLimits;
  signal: AbortSignal;
}

/** @throws BerthError `origin_unreachable`, `origin_timeout` */
function send({ url, addresses }: Origin, sending: Sending): Promise<http.IncomingMessage> {
  const { method, headers, body, limits, signal } = sending;
  return new Promise((resolve, reject) => {
    const client = url.protocol === "https:" ? https : http;
    const request = client.request({
      method,
      protocol: url.protocol,
      hostname: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port === "" ? undefined : Number(url.port),
      path: `${url.pathname}${url.search}`,
      headers: {
        ...headers,
        host: url.host,
        ...(body !== undefined && { "content-length": String(body.length) }),
      },
      // A connection for each exchange: an address that was checked is used for what it was checked for.
      agent: false,
      lookup: (_host, { all }, done) => {
        if (all) done(null, addresses);
        else done(null, addresses[0]!.address, addresses[0]!.family);
      },
    });
    const fail = (error: BerthError) => {
      clearTimeout(timer);
      reject(error);
      request.destroy();
    };
    const timer = setTimeout(() => fail(timeout()), limits.silenceMs);
    const onAbort = () => fail(unreachable());
    signal.addEventListener("abort", onAbort, { once: true });
    request.on("error", () => fail(unreachable()));
    // It was not asked to speak another protocol (RFC 9110 section 15.2.2).
    request.on("upgrade", () => fail(unreachable()));
    request.on("response", (answer) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      resolve(answer);
    });
    request.end(body);
  });
}

interface Answering {
  decision: ProxyDecision;
  request: Request;
  context: Context;
  release: () => void;
}

function toResponse(answer: http.IncomingMessage, { decision, request, context, release }: Answering): Response {
  const { limits, sitesDomain } = context.options;
  const { host, isIndexed } = context.visit;
  const own = answer.statusCode ?? 502;
  if (own < 200 || own > 599) {
    answer.destroy();
    throw unreachable();
  }
  const status = decision.status === 200 ? own : decision.status;
  const headers = responseHeaders(answer.rawHeaders, { host, sitesDomain, isIndexed });
  // RFC 9110 sections 9.3.2 and 15.3.5: these have no body, whatever the head says.
  if (own === 204) headers.delete("content-length");
  if (request.method === "HEAD" || [204, 205, 304].includes(own)) {
    answer.destroy();
    release();
    return new Response(null, { status, headers });
  }
  if (Number(headers.get("content-length") ?? 0) > limits.responseBytes) {
    answer.destroy();
    throw new BerthError("origin_unreachable", "The answer of the server behind this page is over the size limit.", {
      hint: "Link to the server itself for large files.",
    });
  }
  return new Response(limitedBody(answer, { limits, onEnd: release }), { status, headers });
}

const unreachable = () =>
  new BerthError("origin_unreachable", "The server behind this page gave no answer.", { hint: "Try again later." });
const timeout = () =>
  new BerthError("origin_timeout", "The server behind this page did not answer in time.", {
    hint: "Try again later.",
  });
