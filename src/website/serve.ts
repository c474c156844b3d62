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
  "cross-origin-resource-policy": "same-origin",
};

/** By what the build names a compressed copy, best first. */
const ENCODINGS = { br: "br", gzip: "gz" } as const;

type Bytes = Uint8Array<ArrayBuffer>;

interface Asset {
  type: string;
  bytes: Bytes;
  copies: Partial<Record<keyof typeof ENCODINGS, Bytes>>;
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
  assets.delete("/index.html");
  return {
    fetch(request) {
      if (request.method !== "GET" && request.method !== "HEAD") {
        return refuse(405, { allow: "GET, HEAD" });
      }
      const { pathname } = new URL(request.url);
      const asset = assets.get(pathname);
      if (asset !== undefined) return respond(request, asset, "public, max-age=31536000, immutable");
      // A path at the top with an ending is a file that is not there; every other path is a route of the client.
      if (/^\/[^/]*\.[a-z0-9]+$/i.test(pathname)) return refuse(404);
      return respond(request, page, "no-cache");
    },
  };
}

function respond(request: Request, asset: Asset, cacheControl: string): Response {
  const encoding = chooseEncoding(request.headers.get("accept-encoding") ?? "", asset);
  const bytes = encoding === undefined ? asset.bytes : asset.copies[encoding]!;
  return new Response(request.method === "HEAD" ? null : bytes, {
    headers: {
      ...SECURITY_HEADERS,
      "content-type": asset.type,
      "cache-control": cacheControl,
      "content-length": String(bytes.length),
      vary: "Accept-Encoding",
      ...(encoding && { "content-encoding": encoding }),
    },
  });
}

/** RFC 9110, section 12.5.3, as far as browsers use it: a coding that is named, and not with a weight of zero. */
function chooseEncoding(accepted: string, { copies }: Asset): keyof typeof ENCODINGS | undefined {
  const named = accepted
    .toLowerCase()
    .split(",")
    .filter((part) => !/;\s*q=0(\.0*)?\s*$/.test(part))
    .map((part) => part.split(";")[0]!.trim());
  return (["br", "gzip"] as const).find((encoding) => copies[encoding] !== undefined && named.includes(encoding));
}

function refuse(status: 404 | 405, headers: Record<string, string> = {}): Response {
  return new Response(status === 404 ? "Not found\n" : "Method not allowed\n", {
    status,
    headers: {
      ...SECURITY_HEADERS,
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-store",
      ...headers,
    },
  });
}

function readAssets(directory: string): Map<string, Asset> {
  let names: Set<string>;
  try {
    names = new Set(readdirSync(directory));
  } catch {
    throw notBuilt();
  }
  const read = (name: string): Bytes => new Uint8Array(readFileSync(join(directory, name)));
  const assets = new Map<string, Asset>();
  for (const name of names) {
    const type = TYPES[name.split(".").at(-1) ?? ""];
    if (type === undefined) continue;
    const asset: Asset = { type, bytes: read(name), copies: {} };
    for (const [encoding, ending] of Object.entries(ENCODINGS)) {
      const copy = `${name}.${ending}`;
      if (names.has(copy)) asset.copies[encoding as keyof typeof ENCODINGS] = read(copy);
    }
    assets.set(`/${name}`, asset);
  }
  return assets;
}

function notBuilt(): BerthError {
  return new BerthError("missing_dependency", "The website has not been built.", { hint: "Run script/bootstrap." });
}
