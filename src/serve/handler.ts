import type { Quick } from "../http/answers.ts";
import type { HostPointer } from "../model/host-pointer.ts";
import type { DeploymentId } from "../model/ids.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { type Entrance, Gate, withoutToken } from "./access.ts";
import { type Client, unknownClient } from "./client.ts";
import type { Validators } from "./conditional.ts";
import { Counts } from "./counts.ts";
import { DiskCache } from "./disk-cache.ts";
import { type ClassDurations, Durations } from "./durations.ts";
import { fileResponse } from "./file-response.ts";
import { HostCache } from "./host-cache.ts";
import { parseHttpDate } from "./http-date.ts";
import type { KnownRoute } from "./known-route.ts";
import { KnownRoutes } from "./known-routes.ts";
import * as pages from "./pages.ts";
import { createProxy, type ProxyFetch } from "./proxy.ts";
import { quickly } from "./quick.ts";
import { hostReader, type RequestHost } from "./request-host.ts";
import { splitTarget } from "./request-path.ts";
import { type Decision, NAVIGATION_FIELDS, type RoutedRequest, resolve } from "./resolve.ts";
import { type HeaderChanges, headerChanges, valueSet, withHeaderRules } from "./rules/headers.ts";
import { fieldsLookedAt } from "./rules/site-rules.ts";
import type { Site } from "./site.ts";
import { SiteCache } from "./site-cache.ts";
import { EarlierFiles, mayBeEarlier, SKEW, type SkewLimits } from "./skew.ts";
import { keepPointer, loadPointer, pointerVersion, rememberedPointer } from "./sources.ts";
import { StoredBlobs } from "./stored-blobs.ts";

export interface HandlerOptions {
  store: ObjectStore;
  sitesDomain: string;
  now?: () => number;
  /** For manifests and small files together. */
  memoryBytes?: number;
  /** Where a store that is far away is kept in part; a folder of this handler's own. */
  disk?: { folder: string; bytes: number } | undefined;
  skew?: SkewLimits;
  /** Wrong passwords are counted by its address. By default one that is not known, as the URL says it came. */
  client?: (request: Request) => Client;
  /** Answers rewrites to other servers; by default those at public addresses, within `PROXY_LIMITS`. */
  proxy?: ProxyFetch;
  /** Hears of every fault that a visitor got a page for. */
  onFault?: (error: unknown, context: Record<string, string>) => void;
}

export interface Handler {
  /** Never rejects: a fault is a page. */
  fetch(request: Request): Response | Promise<Response>;
  /** Answers a plain request at once where everything for it is in memory. */
  quick: Quick;
  /** The pointer of this host moved. */
  invalidate(hostname: string): void;
  invalidateAll(): void;
  /** What a host shows by what is in memory: for the access log. */
  deploymentOf(hostHeader: string | null): DeploymentId | undefined;
  /** Flat numbers: those of `Counts`, and what the caches hold. */
  stats(): Record<string, number>;
  durations(): ClassDurations[];
  close(): void;
}

/** What is known of a request once its host has a deployment to show. */
interface Visit {
  request: Request;
  host: RequestHost;
  pointer: HostPointer;
  site: Site;
  /** Of somebody with a key to a protected host. */
  entrance?: Entrance | undefined;
}

type Shown = Pick<KnownRoute, "file" | "changes"> & { status: number };

const MEMORY_BYTES = 64 * 1024 * 1024;

/**
 * Serves all hosts from the object store alone. What is in memory is answered without waiting: host, pointer, site and
 * file are one look-up each.
 */
export function createHandler(options: HandlerOptions): Handler {
  const { store, sitesDomain, onFault, now = Date.now, memoryBytes = MEMORY_BYTES } = options;
  const counts = new Counts();
  const durations = new Durations(counts);
  const readHost = hostReader(sitesDomain);
  const disk = options.disk && new DiskCache(options.disk.folder, options.disk.bytes);
  const hosts = new HostCache(
    {
      load: (host, signal) => loadPointer(store, host, signal),
      version: async (host) => pointerVersion(store, host),
      ...(disk && {
        remembered: (host) => rememberedPointer(disk, host),
        learned: (host, state) => keepPointer(disk, host, state),
      }),
    },
    now,
  );
  const sites = new SiteCache({ store, disk, memoryBytes: memoryBytes / 2, now });
  const routes = new KnownRoutes();
  const blobs = new StoredBlobs(store, counts, memoryBytes / 2, disk);

  const client = options.client ?? unknownClient;
  const gate = new Gate({ store, sitesDomain, now, disk, client });
  const proxy = options.proxy ?? createProxy({ sitesDomain, client });
  const earlier = new EarlierFiles(options.skew ?? SKEW, async (id) => sites.peek(id) ?? (await sites.load(id)), now);

  const inMemory = { readHost, hosts, sites, gate, blobs, counts, now };

  const failure = (error: unknown, request: Request, host: RequestHost): Response => {
    counts.faults += 1;
    onFault?.(error, { host: host.name });
    return pages.pageResponse(pages.fault(error), request);
  };

  /** When pointer or manifest have to be waited for. */
  const answerLater = async (request: Request, host: RequestHost): Promise<Response> => {
    const pointer = hosts.peek(host.name) ?? (await hosts.read(host.name));
    if (pointer === undefined) return pages.pageResponse(pages.unknownHost(host.name), request);
    const passage = gate.pass(pointer, host.name, request);
    // Side by side, so that a cold host costs no round trip more.
    if (passage instanceof Promise && pointer.state === "ready") sites.load(pointer.deployment).catch(() => {});
    return gate.guard(passage, async (entrance) => {
      if (pointer.state === "building") return pages.pageResponse(pages.building, request);
      if (pointer.state === "failed") return pages.pageResponse(pages.failed, request);
      const site = sites.peek(pointer.deployment) ?? (await sites.load(pointer.deployment));
      if (site === undefined) return pages.pageResponse(pages.unknownHost(host.name), request);
      return answer({ request, host, pointer, site, entrance });
    });
  };

  /** The deployment is known: this is where a request is let in. */
  const letIn = (visit: Visit): Response | Promise<Response> => {
    const passage = gate.pass(visit.pointer, visit.host.name, visit.request);
    if (passage === undefined) return answer(visit);
    return gate.guard(passage, (entrance) => answer({ ...visit, entrance }));
  };

  const changesFor = ({ site, request, host }: Visit): HeaderChanges | undefined =>
    site.routes && headerChanges(site.routes, routedOf(request, host));

  const show = ({ request, pointer, host: { isIndexed } }: Visit, { file, changes, status }: Shown) => {
    const contentType = valueSet(changes, "content-type");
    const validators = validatorsOf(pointer, changes);
    const response = fileResponse(file, request, { status, contentType, validators, isIndexed, blobs, counts });
    return withHeaderRules(response, { changes, isIndexed });
  };

  /** Chooses the answer. */
  const answer = (visit: Visit): Response | Promise<Response> => {
    const { request, host, site } = visit;
    const { url, method, headers } = request;
    const isRead = method === "GET" || method === "HEAD";
    const target = splitTarget(url);
    const { path } = target;
    const known = isRead && target.query === "" ? routes.get(host, path, site) : undefined;
    if (known !== undefined) return show(visit, { file: known.file, changes: known.changes, status: 200 });
    // A token is the platform's: no rule may pass it on to another server.
    const query = visit.entrance === undefined ? target.query : withoutToken(target.query);
    const decision = resolve(site, { method, path, query, headers, host: host.name });
    const looked = fieldsLookedAt(site.routes, path);
    if (isRead && query === "" && looked.length === 0) {
      routes.learn(host, site, { path, decision, changes: changesFor(visit) });
    }
    const response = mayBeEarlier(decision, site.files, { method, path, headers })
      ? missingAsset(visit, path, decision)
      : carryOut(visit, decision);
    const isForNavigation = decision.kind === "serve" && decision.isForNavigation;
    return withVary(response, isForNavigation ? [...looked, ...NAVIGATION_FIELDS] : looked);
  };

  /** A page from before the last deployment may have asked: another one may come to have it, so no cache keeps the 404. */
  const missingAsset = async (visit: Visit, path: string, decision: Decision<number>): Promise<Response> => {
    const file = await earlier.find(visit.pointer, path);
    if (file !== undefined) return show(visit, { file, changes: changesFor(visit), status: 200 });
    const response = await carryOut(visit, decision);
    // A rule may show a page at the address of what is missing: nothing but the rules says how long that is so.
    if (response.status >= 400) response.headers.set("cache-control", "no-store");
    return response;
  };

  const carryOut = (visit: Visit, decision: Decision<number>): Response | Promise<Response> => {
    const { request, host, site, entrance } = visit;
    const { isIndexed } = host;
    switch (decision.kind) {
      case "serve":
        return show(visit, { file: site.files.at(decision.file), changes: changesFor(visit), status: decision.status });
      case "redirect":
        return redirect(decision, isIndexed);
      case "proxy": {
        const withoutAuthorization = entrance?.byAuthorization ?? false;
        return proxy(decision, request, { host: host.name, isIndexed, withoutAuthorization });
      }
      case "not-found":
        return pages.pageResponse(pages.notShown(decision.status), request);
      case "bad-path":
        return pages.pageResponse(pages.badPath(decision.reason), request);
      case "options":
        // Rules that let other origins in hold for the question too whether they may come (Fetch, CORS preflight).
        return withHeaderRules(new Response(null, { status: 204, headers: { allow: pages.ALLOW } }), {
          changes: changesFor(visit),
          isIndexed,
        });
      case "method-not-allowed":
        return pages.pageResponse(
          request.method === "CONNECT" ? pages.connectNotAllowed : pages.methodNotAllowed,
          request,
        );
    }
  };

  const counted = (response: Response): Response => {
    counts.status(response.status);
    return response;
  };

  return {
    fetch(request) {
      counts.requests += 1;
      const host = readHost(request.headers.get("host"));
      if (host === undefined) return counted(pages.pageResponse(pages.badHost, request));
      try {
        const pointer = hosts.peek(host.name);
        const site = pointer?.state === "ready" ? sites.peek(pointer.deployment) : undefined;
        const response = site ? letIn({ request, host, pointer: pointer!, site }) : answerLater(request, host);
        if (response instanceof Response) return counted(response);
        const startedAt = performance.now();
        return response
          .catch((error) => failure(error, request, host))
          .then((late) => {
            durations.waited(late.status, performance.now() - startedAt);
            return counted(late);
          });
      } catch (error) {
        return counted(failure(error, request, host));
      }
    },
    quick: (head) => quickly(head, inMemory),
    invalidate(hostname) {
      hosts.invalidate(hostname);
      gate.invalidateHost(hostname);
    },
    invalidateAll() {
      hosts.invalidateAll();
      gate.invalidateAll();
    },
    deploymentOf(hostHeader) {
      const host = readHost(hostHeader);
      return host && hosts.peek(host.name)?.deployment;
    },
    stats: () => ({
      ...counts,
      ...gate.counts,
      hosts: hosts.size,
      unknownHosts: hosts.unknownSize,
      staleAnswers: hosts.stale,
      earlierAssets: earlier.served,
      ...sites.stats,
      blobHits: blobs.cache.hits,
      blobMisses: blobs.cache.misses,
      blobBytes: blobs.cache.bytes,
      ...(disk && {
        diskHits: disk.hits,
        diskMisses: disk.misses,
        diskCorrupt: disk.corrupt,
        diskFaults: disk.faults,
        diskBytes: disk.bytes,
      }),
    }),
    durations: () => durations.read(),
    close() {
      sites.clear();
      blobs.cache.clear();
    },
  };
}

/** What clients have of a file is what a header rule gave it, and may be from before the host showed it again. */
function validatorsOf({ updatedAt }: HostPointer, changes: HeaderChanges | undefined): Partial<Validators> {
  const [etag, lastModified] = [valueSet(changes, "etag"), valueSet(changes, "last-modified")];
  const hasDate = lastModified !== undefined && parseHttpDate(lastModified) !== undefined;
  return {
    ...(etag !== undefined && { etag }),
    ...(hasDate ? { lastModified } : { shownSince: Date.parse(updatedAt) }),
  };
}

function routedOf(request: Request, host: RequestHost): RoutedRequest {
  return { method: request.method, ...splitTarget(request.url), headers: request.headers, host: host.name };
}

/** RFC 9110 section 12.5.5: caches keep answers apart by what was looked at to choose them. */
function withVary(response: Response | Promise<Response>, fields: readonly string[]): Response | Promise<Response> {
  if (fields.length === 0) return response;
  if (!(response instanceof Response)) return response.then((later) => withVary(later, fields));
  for (const field of fields) response.headers.append("vary", field);
  return response;
}

function redirect({ status, location }: { status: number; location: string }, isIndexed: boolean): Response {
  const headers = new Headers({
    location,
    "cache-control": "public, max-age=0, must-revalidate",
    "content-length": "0",
  });
  if (!isIndexed) headers.set("x-robots-tag", "noindex");
  return new Response(null, { status, headers });
}
