import type { Access, Protection } from "../model/access.ts";
import { normalPassword, protectionsOf } from "../model/access.ts";
import type { HostPointer } from "../model/host-pointer.ts";
import { sha256 } from "../model/ids.ts";
import { accessVersion, getAccess } from "../store/access.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { AccessCache, type AccessSource, type Known, OPEN, VERSION_AGE_MS } from "./access-cache.ts";
import { hasValidCookie, isSame, signCookie } from "./access-cookie.ts";
import { Attempts, clientKey } from "./attempts.ts";
import type { Client } from "./client.ts";
import type { DiskCache } from "./disk-cache.ts";
import { localPath } from "./local-path.ts";
import { isProductionHost } from "./request-host.ts";
import { splitTarget } from "./request-path.ts";
import { asks, busy, refuse, tooLarge, tooMany, UNLOCK_PATH, wrong } from "./unlock-page.ts";

/** Somebody with a key: what they get is `sealed`. */
export interface Entrance {
  /** Authorization held the platform's key, and is not for another server. */
  byAuthorization: boolean;
}

export interface GateOptions {
  store: ObjectStore;
  sitesDomain: string;
  now: () => number;
  /** What is known outlives the process here. */
  disk?: DiskCache | undefined;
  client: (request: Request) => Client;
}

/** Ten wrong passwords at once, then two a minute. */
const ATTEMPTS = { burst: 10, refillMs: 30_000, keysMax: 10_000 };
/** A check takes some 20 MiB and tens of milliseconds: more of them side by side would starve the sites. */
const CHECKS = { atOnce: 2, waiting: 16 };
const FORM_BYTES = 4096;
const TOKEN_PARAMETER = "berth_token";

/** Decides who may see a host. On an open one that costs one look into a map. */
export class Gate {
  private readonly cache: AccessCache;
  private readonly attempts: Attempts;
  private checking = 0;
  private readonly waiting: (() => void)[] = [];
  /** For the metrics. */
  readonly counts = { accessRefused: 0, accessWrongPasswords: 0, accessLimited: 0 };

  constructor(private readonly options: GateOptions) {
    this.cache = new AccessCache(sourceOf(options), options.now);
    this.attempts = new Attempts(ATTEMPTS, options.now);
  }

  /**
   * @returns undefined where everybody may pass, an entrance for who has a key, else the answer
   * @throws what the store throws where nothing is known of the project: nobody may pass then
   */
  pass(
    pointer: HostPointer,
    host: string,
    request: Request,
  ): undefined | Entrance | Response | Promise<undefined | Entrance | Response> {
    const known = this.cache.peek(pointer.project);
    if (known === OPEN) return undefined;
    if (known !== undefined) return this.judge(known, pointer, host, request);
    return this.cache
      .read(pointer.project)
      .then((read) => (read === OPEN ? undefined : this.judge(read, pointer, host, request)));
  }

  /** Until when everybody may pass, as far as is known, as long as there is no `news`; 0 where that has to be read first. */
  openUntil(project: string): number {
    return this.cache.peek(project) === OPEN ? this.cache.freshUntil(project, OPEN) : 0;
  }

  /** Grows with everything that may change who may pass, but for time. */
  get news(): number {
    return this.cache.news;
  }

  /** A host of a project moved, or its keys changed: both are told by the host. */
  invalidateHost(host: string): void {
    const { sitesDomain } = this.options;
    if (!host.endsWith(`.${sitesDomain}`)) return;
    this.cache.invalidate(host.slice(0, -sitesDomain.length - 1).replace(/^.*--/, ""));
  }

  invalidateAll(): void {
    this.cache.invalidateAll();
  }

  /**
   * Answers by `respond` whoever may pass, and seals what somebody with a key gets.
   * @throws as `pass` and `respond`
   */
  async guard(
    passage: ReturnType<Gate["pass"]>,
    respond: (entrance: Entrance | undefined) => Response | Promise<Response>,
  ): Promise<Response> {
    const result = await passage;
    if (result instanceof Response) return result;
    const response = await respond(result);
    return result === undefined ? response : sealed(response);
  }

  private judge(access: Access, pointer: HostPointer, host: string, request: Request) {
    const isProduction = isProductionHost(host, this.options.sitesDomain);
    const keys = protectionsOf(access, { isProduction, branch: pointer.branch ?? null });
    if (keys.length === 0) return undefined;
    const { path, query } = splitTarget(request.url);
    const visit = { access, keys, project: pointer.project, host, request, path, query };
    if (path === UNLOCK_PATH) return this.unlock(visit);
    const { isSecure } = this.options.client(request);
    const granted = { access, host, nowMs: this.options.now(), isSecure };
    // Before the other keys: who has one as well must not go on with a token in the address.
    const key = request.method === "GET" || request.method === "HEAD" ? tokenKey(tokenInQuery(query), keys) : undefined;
    if (key !== undefined) return moveOn(localPath(path + withoutToken(query)), signCookie(key, granted));
    const byAuthorization = tokenKey(bearerOf(request), keys) !== undefined;
    const isKnown = byAuthorization || hasValidCookie(request.headers.get("cookie"), keys, granted);
    if (isKnown || tokenKey(request.headers.get("x-berth-token"), keys)) return { byAuthorization };
    this.counts.accessRefused += 1;
    return refuse(asks, asking(visit, localPath(path + withoutToken(query))));
  }

  /** The form and where it is sent. */
  private unlock(visit: Visit): Response | Promise<Response> {
    const { request, query } = visit;
    if (request.method === "POST") return this.signIn(visit);
    return refuse(asks, asking(visit, localPath(new URLSearchParams(query).get("return") ?? "/")));
  }

  private async signIn(visit: Visit): Promise<Response> {
    const { access, keys, project, host, request } = visit;
    const form = await readForm(request);
    if (form === undefined) return refuse(tooLarge, asking(visit, "/"));
    const returnTo = localPath(form.get("return") ?? "/");
    // Of the project: one password opens many of its hosts, and each of them would be ten attempts more.
    const { address, isSecure } = this.options.client(request);
    const client = `${clientKey(address)} ${project}`;
    const waitSeconds = this.attempts.take(client);
    if (waitSeconds > 0) {
      this.counts.accessLimited += 1;
      return refuse(tooMany(waitSeconds), asking(visit, returnTo));
    }
    const key = await this.passwordKey(normalPassword(form.get("password") ?? ""), keys);
    if (key === "busy") return refuse(busy, asking(visit, returnTo));
    if (key === undefined) {
      this.counts.accessWrongPasswords += 1;
      return refuse(wrong, asking(visit, returnTo));
    }
    this.attempts.forget(client);
    return moveOn(returnTo, signCookie(key, { access, host, nowMs: this.options.now(), isSecure }));
  }

  /** Few at a time, a short line behind them, and no more. */
  private async passwordKey(password: string, keys: readonly Protection[]): Promise<Protection | undefined | "busy"> {
    if (password === "" || password.length > 200) return undefined;
    if (this.checking >= CHECKS.atOnce) {
      if (this.waiting.length >= CHECKS.waiting) return "busy";
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else this.checking += 1;
    try {
      for (const key of keys) {
        if (key.kind === "password" && (await Bun.password.verify(password, key.hash))) return key;
      }
      return undefined;
    } finally {
      // The place goes to the next in line, or is free again.
      const next = this.waiting.shift();
      if (next === undefined) this.checking -= 1;
      else next();
    }
  }
}

function sourceOf({ store, disk, now }: GateOptions): AccessSource {
  const folderVersion = recent(() => accessVersion(store), { now, ms: VERSION_AGE_MS });
  const source: AccessSource = {
    load: (project, signal) => getAccess(store, project, signal),
    // Most projects are open, and what they share tells it of all of them.
    version: async (project, known) => (known === OPEN ? await folderVersion() : await accessVersion(store, project)),
  };
  if (disk === undefined) return source;
  return {
    ...source,
    async remembered(project) {
      const bytes = await disk.text("access", project);
      return bytes && (JSON.parse(new TextDecoder().decode(bytes)) as Known);
    },
    learned: (project, known) => disk.keepText("access", project, new TextEncoder().encode(JSON.stringify(known))),
  };
}

/** The same answer for all who ask within `ms` of the first. */
function recent<T>(ask: () => Promise<T>, { now, ms }: { now: () => number; ms: number }): () => Promise<T> {
  let asked: { at: number; answer: Promise<T> } | undefined;
  return () => {
    const at = now();
    if (asked === undefined || at - asked.at > ms) asked = { at, answer: ask() };
    return asked.answer;
  };
}

interface Visit {
  access: Access;
  project: string;
  keys: readonly Protection[];
  host: string;
  request: Request;
  path: string;
  query: string;
}

const asking = ({ request, keys }: Visit, returnTo: string) => ({
  request,
  takesPassword: keys.some(({ kind }) => kind === "password"),
  returnTo,
});

/** Marks the answer as one for this visitor alone: no shared cache may keep it, no search engine list it. */
export function sealed(response: Response): Response {
  const { headers } = response;
  headers.set("cache-control", privately(headers.get("cache-control")));
  headers.set("x-robots-tag", "noindex");
  for (const name of SHARED_CACHE_HEADERS) headers.delete(name);
  return response;
}

/** What some shared caches go by before Cache-Control (RFC 9213 and its relatives). */
const SHARED_CACHE_HEADERS = [
  "cdn-cache-control",
  "cloudflare-cdn-cache-control",
  "netlify-cdn-cache-control",
  "vercel-cdn-cache-control",
  "surrogate-control",
];

export function privately(cacheControl: string | null): string {
  const kept = (cacheControl ?? "max-age=0, must-revalidate")
    .split(",")
    .map((directive) => directive.trim())
    .filter((directive) => directive !== "" && !/^(public|private|s-maxage|proxy-revalidate)\b/i.test(directive));
  return ["private", ...kept].join(", ");
}

const bearerOf = ({ headers }: Request): string | undefined =>
  /^Bearer +(\S{1,200})$/i.exec(headers.get("authorization") ?? "")?.[1];

/** Tokens are of 256 random bits: they need neither a slow hash nor a limit of attempts. */
function tokenKey(token: string | null | undefined, keys: readonly Protection[]): Protection | undefined {
  if (!token) return undefined;
  const hash = sha256(token);
  return keys.find((key) => key.kind === "token" && isSame(key.hash, hash));
}

const tokenInQuery = (query: string): string | null =>
  query.includes(TOKEN_PARAMETER) ? new URLSearchParams(query).get(TOKEN_PARAMETER) : null;

/** The rest of the query stays letter for letter. */
export function withoutToken(query: string): string {
  if (!query.includes(TOKEN_PARAMETER)) return query;
  const kept = query
    .slice(1)
    .split("&")
    .filter((pair) => pair.split("=")[0] !== TOKEN_PARAMETER);
  return kept.length === 0 ? "" : `?${kept.join("&")}`;
}

function moveOn(location: string, cookie: string): Response {
  return new Response(null, {
    status: 303,
    headers: {
      location,
      "content-length": "0",
      "set-cookie": cookie,
      "cache-control": "private, no-store",
      "referrer-policy": "no-referrer",
      "x-robots-tag": "noindex",
    },
  });
}

/** undefined: too large. What is no form has no password in it. */
async function readForm(request: Request): Promise<URLSearchParams | undefined> {
  if (Number(request.headers.get("content-length") ?? 0) > FORM_BYTES) return undefined;
  let text = "";
  const decoder = new TextDecoder();
  if (request.body !== null) {
    for await (const chunk of request.body as ReadableStream<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > FORM_BYTES) return undefined;
    }
  }
  return new URLSearchParams(text);
}
