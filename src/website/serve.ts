import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { BerthError } from "../model/errors.ts";

const TYPES: Record<string, string> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  png: "image/png",
};

/** Nothing is loaded from elsewhere, nothing is inline, nobody may frame the page. */
const SECURITY_HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
};

interface Asset {
  type: string;
  bytes: Uint8Array<ArrayBuffer>;
  gzip: Uint8Array<ArrayBuffer>;
}

/**
 * Serves the built website from memory: files with a hash in their name for ever, and the page for every route of the
 * client.
 * @throws BerthError `missing_dependency` when it has not been built
 */
export function createWebsite(directory: string): { fetch(request: Request): Response } {
  const assets = readAssets(directory);
  const page = assets.get("/index.html");
  if (page === undefined) throw notBuilt();
  return {
    fetch(request) {
      if (request.method !== "GET" && request.method !== "HEAD") {
        return new Response("Method not allowed\n", { status: 405, headers: { allow: "GET, HEAD" } });
      }
      const { pathname } = new URL(request.url);
      const asset = assets.get(pathname);
      if (asset !== undefined && asset !== page) return respond(request, asset, "public, max-age=31536000, immutable");
      // A path with an ending is a file that is not there; every other path is a route of the client.
      if (/\.[a-z0-9]+$/i.test(pathname) && asset !== page) return new Response("Not found\n", { status: 404 });
      return respond(request, page, "no-cache");
    },
  };
}

function respond(request: Request, { type, bytes, gzip }: Asset, cacheControl: string): Response {
  const isGzip = /\bgzip\b/.test(request.headers.get("accept-encoding") ?? "");
  return new Response(request.method === "HEAD" ? null : isGzip ? gzip : bytes, {
    headers: {
      ...SECURITY_HEADERS,
      "content-type": type,
      "cache-control": cacheControl,
      vary: "Accept-Encoding",
      ...(isGzip && { "content-encoding": "gzip" }),
    },
  });
}

function readAssets(directory: string): Map<string, Asset> {
  const assets = new Map<string, Asset>();
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch {
    throw notBuilt();
  }
  for (const name of names) {
    const type = TYPES[name.split(".").at(-1) ?? ""];
    if (type === undefined) continue;
    const bytes = new Uint8Array(readFileSync(join(directory, name)));
    assets.set(`/${name}`, { type, bytes, gzip: Bun.gzipSync(bytes, { level: 9 }) });
  }
  return assets;
}

function notBuilt(): BerthError {
  return new BerthError("missing_dependency", "The website has not been built.", { hint: "Run script/bootstrap." });
}
