import type { HostPointer } from "../model/host-pointer.ts";
import type { DeploymentId, Sha256 } from "../model/ids.ts";
import type { BlobRef } from "../model/manifest.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { type Entrance, Gate } from "./access.ts";
import { ByteCache } from "./byte-cache.ts";
import { type BlobReader, type ByteRange, fileResponse } from "./file-response.ts";
import { HostCache } from "./host-cache.ts";
import * as pages from "./pages.ts";
import type { ProxyDecision, ProxyFetch } from "./proxy.ts";
import { isProductionHost, parseHost } from "./request-host.ts";
import { splitTarget } from "./request-path.ts";
import { resolve } from "./resolve.ts";
import { type Site, siteOf } from "./site.ts";
import { loadBlob, loadManifest, loadPointer, streamBlob } from "./sources.ts";

export interface HandlerOptions {
  store: ObjectStore;
  sitesDomain: string;
  now?: () => number;
  /** For manifests and small files together. */
  memoryBytes?: number;
  /** Of the connection; wrong passwords are counted by it. */
  clientAddress?: (request: Request) => string | undefined;
  /** Answers rewrites to other servers. */
  proxy: ProxyFetch;
  /** Hears of every fault that a visitor got a page for. */
  onFault?: (error: unknown, context: Record<string, string>) => void;
}

export interface Handler {
  /** Never rejects: a fault is a page. */
  fetch(request: Request): Response | Promise<Response>;
  /** The pointer of this host moved. */
  invalidate(hostname: string): void;
  invalidateAll(): void;
  stats(): Record<string, number>;
  close(): void;
}

const MEMORY_BYTES = 256 * 1024 * 1024;
/** Larger files are streamed and not kept. */
const SMALL_BYTES = 1024 * 1024;
/** A parsed manifest takes about this many times the bytes of its text. */
const MANIFEST_FACTOR = 4;

/** Serves all hosts from the object store alone. What is in memory is answered without waiting. */
export function createHandler(options: HandlerOptions): Handler {
  const { store, sitesDomain, onFault, now = Date.now, memoryBytes = MEMORY_BYTES } = options;
  const hosts = new HostCache((host, signal) => loadPointer(store, host, signal), now);
  const sites = new ByteCache<DeploymentId, Site>(memoryBytes / 2);
  const blobs = new StoredBlobs(store, memoryBytes / 2);
  const counts = { requests: 0, faults: 0 };
  const gate = new Gate({ store, sitesDomain, now, clientAddress: options.clientAddress ?? (() => undefined) });

  const failure = (error: unknown, request: Request, host: string): Response => {
    counts.faults += 1;
    onFault?.(error, { host });
    return pages.pageResponse(pages.fault(error), request);
  };

  const loadSite = (id: DeploymentId) =>
    sites.load(id, async () => {
      const loaded = await loadManifest(store, id);
      return loaded && { value: siteOf(loaded.manifest), sizeBytes: loaded.sizeBytes * MANIFEST_FACTOR };
    });

  const answer = (site: Site, request: Request, host: string, entrance?: Entrance): Response | Promise<Response> => {
    const isIndexed = isProductionHost(host, sitesDomain);
    const visit = { host, isIndexed, withoutAuthorization: entrance?.byAuthorization ?? false };
    const response = respond(site, request, { isIndexed, blobs, proxy: (...asked) => options.proxy(...asked, visit) });
    return response instanceof Response ? response : response.catch((error) => failure(error, request, host));
  };

  const answerLater = async (request: Request, host: string): Promise<Response> => {
    try {
      const pointer = hosts.peek(host) ?? (await hosts.read(host));
      if (pointer === undefined) return pages.pageResponse(pages.unknownHost(host), request);
      const passage = gate.pass(pointer, host, request);
      // Side by side, so that a cold host costs no round trip more.
      if (passage instanceof Promise && pointer.state === "ready") loadSite(pointer.deployment).catch(() => {});
      return await gate.guard(passage, async (entrance) => {
        const page = pageFor(pointer);
        if (page !== undefined) return pages.pageResponse(page, request);
        const site = sites.peek(pointer.deployment) ?? (await loadSite(pointer.deployment));
        if (site === undefined) return pages.pageResponse(pages.unknownHost(host), request);
        return await answer(site, request, host, entrance);
      });
    } catch (error) {
      return failure(error, request, host);
    }
  };

  return {
    fetch(request) {
      counts.requests += 1;
      const host = parseHost(request.headers.get("host"));
      if (host === undefined) return pages.pageResponse(pages.badHost, request);
      const pointer = hosts.peek(host);
      const site = pointer?.state === "ready" ? sites.peek(pointer.deployment) : undefined;
      if (site === undefined) return answerLater(request, host);
      try {
        const passage = gate.pass(pointer!, host, request);
        if (passage === undefined) return answer(site, request, host);
        return gate
          .guard(passage, (entrance) => answer(site, request, host, entrance))
          .catch((error) => failure(error, request, host));
      } catch (error) {
        return failure(error, request, host);
      }
    },
    invalidate: (hostname) => hosts.invalidate(hostname),
    invalidateAll() {
      hosts.invalidateAll();
      gate.invalidateAll();
    },
    stats: () => ({
      ...counts,
      hosts: hosts.size,
      stalePointers: hosts.stale,
      manifestHits: sites.hits,
      manifestMisses: sites.misses,
      manifestBytes: sites.bytes,
      blobHits: blobs.cache.hits,
      blobMisses: blobs.cache.misses,
      blobBytes: blobs.cache.bytes,
      ...gate.counts,
    }),
    close() {
      sites.clear();
      blobs.cache.clear();
    },
  };
}

function pageFor(pointer: HostPointer) {
  if (pointer.state === "building") return pages.building;
  return pointer.state === "failed" ? pages.failed : undefined;
}

function respond(
  site: Site,
  request: Request,
  options: {
    isIndexed: boolean;
    blobs: BlobReader;
    proxy: (decision: ProxyDecision, request: Request) => Promise<Response>;
  },
): Response | Promise<Response> {
  const { path, query } = splitTarget(request.url);
  const { method, headers } = request;
  const decision = resolve(site, { method, path, query, headers });
  switch (decision.kind) {
    case "serve":
      return fileResponse(decision.file, request, { ...options, status: decision.status });
    case "redirect":
      return redirect(decision, options.isIndexed);
    case "proxy":
      return options.proxy(decision, request);
    case "not-found":
      return pages.pageResponse(pages.notFound, request);
    case "bad-path":
      return pages.pageResponse(pages.badPath(decision.reason), request);
    case "options":
      return new Response(null, { status: 204, headers: { allow: pages.ALLOW } });
    case "method-not-allowed":
      return pages.pageResponse(pages.methodNotAllowed, request);
  }
}

function redirect({ status, location }: { status: number; location: string }, isIndexed: boolean): Response {
  const headers = new Headers({ location, "cache-control": "public, max-age=0, must-revalidate" });
  if (!isIndexed) headers.set("x-robots-tag", "noindex");
  return new Response(null, { status, headers });
}

/** Small blobs from memory, large ones straight from the store. */
class StoredBlobs implements BlobReader {
  readonly cache: ByteCache<Sha256, Uint8Array<ArrayBuffer>>;

  constructor(
    private readonly store: ObjectStore,
    memoryBytes: number,
  ) {
    this.cache = new ByteCache(memoryBytes);
  }

  peek({ hash }: BlobRef): Uint8Array<ArrayBuffer> | undefined {
    return this.cache.peek(hash);
  }

  async read(blob: BlobRef, range?: ByteRange): Promise<BodyInit> {
    if (blob.size > SMALL_BYTES) return streamBlob(this.store, blob, range);
    const load = async () => ({ value: await loadBlob(this.store, blob), sizeBytes: blob.size });
    const bytes = this.peek(blob) ?? (await this.cache.load(blob.hash, load))!;
    return range ? bytes.subarray(range.first, range.last + 1) : bytes;
  }
}
