import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { DiskStore } from "./disk-store.ts";
import { gzipped, type KeptDocument } from "./kept-document.ts";
import { ABBREVIATED_TYPE, Metadata, newParsingGate, Refused } from "./metadata.ts";
import { type PackageRequest, parsePackagePath } from "./registry-path.ts";
import { Tarballs } from "./tarballs.ts";
import type { UpstreamSettings } from "./upstream.ts";

export interface PackageCacheSettings {
  directory: string;
  maxBytes: number;
  upstream: UpstreamSettings;
  /** URL of the cache as package managers see it; ends with a slash. */
  base: string;
}

export interface PackageCache {
  /** Path of its socket in this process's eyes: short, however deep the directory lies. */
  socket: string;
  close(): Promise<void>;
}

/**
 * Bun's own limit of ten seconds would end a request that waits for a slow registry; asking one has its limit already.
 * Its types leave the option out for unix sockets, where it holds all the same.
 */
const NO_IDLE_TIMEOUT = 0 as unknown as undefined;

/**
 * A registry that answers from what it kept and asks the operator's registries for the rest. It is read alone: no
 * request changes what another one gets. It listens on a socket that this process's user alone may open, since it has
 * the operator's credentials behind it.
 */
export async function openPackageCache(settings: PackageCacheSettings): Promise<PackageCache> {
  const { directory, maxBytes, upstream, base } = settings;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const store = await DiskStore.open(directory, maxBytes);
  const metadata = new Metadata({ store, upstream, base, parsing: newParsingGate() });
  const tarballs = new Tarballs({ store, upstream, metadata });
  await rm(join(directory, "socket"), { force: true });
  // unix(7) allows 108 bytes, and data directories may lie deep: the way by the open folder is always short.
  const folder = await open(directory, "r");
  const socket = `/proc/self/fd/${folder.fd}/socket`;
  const server = Bun.serve({
    unix: socket,
    idleTimeout: NO_IDLE_TIMEOUT,
    fetch: (request) => answer(request, { metadata, tarballs }),
    error: () => new Response("the package cache failed\n", { status: 500 }),
  });
  return {
    socket,
    async close() {
      await server.stop(true);
      await folder.close();
    },
  };
}

interface Answering {
  metadata: Metadata;
  tarballs: Tarballs;
}

async function answer(request: Request, parts: Answering): Promise<Response> {
  if (request.method !== "GET" && request.method !== "HEAD") return said(405, "this registry is read alone");
  const { pathname } = new URL(request.url);
  if (pathname === "/-/ping") return Response.json({});
  const wanted = parsePackagePath(pathname);
  if (wanted === undefined) return said(404, "no package has this path");
  try {
    return await answerPackage(request, wanted, parts);
  } catch (error) {
    if (error instanceof Refused) return said(error.status >= 500 ? 502 : error.status, error.message);
    return said(502, `the registry can't be asked: ${error instanceof Error ? error.message : "unknown"}`);
  }
}

async function answerPackage(
  request: Request,
  wanted: PackageRequest,
  { metadata, tarballs }: Answering,
): Promise<Response> {
  const { name } = wanted;
  if (wanted.kind === "tarball") {
    const { path } = await tarballs.file(name, wanted.version);
    return new Response(Bun.file(path), { headers: { "content-type": "application/octet-stream" } });
  }
  if (wanted.kind === "version") {
    const manifest = await metadata.version(name, wanted.version);
    return new Response(manifest, { headers: { "content-type": "application/json" } });
  }
  const isShort = request.headers.get("accept")?.includes(ABBREVIATED_TYPE) === true;
  const document = await metadata.document(name, isShort ? "abbreviated" : "full");
  return json(request, document, isShort ? ABBREVIATED_TYPE : "application/json");
}

function json(request: Request, document: KeptDocument, type: string): Response {
  const headers = { "content-type": type, vary: "accept, accept-encoding" };
  const body = gzipped(document);
  if (/\bgzip\b/.test(request.headers.get("accept-encoding") ?? ""))
    return new Response(body, { headers: { ...headers, "content-encoding": "gzip" } });
  return new Response(body.stream().pipeThrough(new DecompressionStream("gzip")), { headers });
}

function said(status: number, error: string): Response {
  return Response.json({ error }, { status });
}
