import type { DeploymentId, Sha256 } from "./ids.ts";
import type { ManifestFiles } from "./manifest-files.ts";

/** Cloudflare's four values and meanings (Workers static assets, "HTML handling"). */
export const HTML_HANDLING = ["auto-trailing-slash", "force-trailing-slash", "drop-trailing-slash", "none"] as const;
export type HtmlHandling = (typeof HTML_HANDLING)[number];

/** What answers a path that has no file; `none` is a plain 404. */
export const NOT_FOUND_HANDLING = ["404-page", "single-page-application", "none"] as const;
export type NotFoundHandling = (typeof NOT_FOUND_HANDLING)[number];

/** Encodings made at publish; `identity` is the file's own blob. */
export const ENCODINGS = ["br", "zstd", "gzip"] as const;
export type Encoding = (typeof ENCODINGS)[number];

export interface BlobRef {
  hash: Sha256;
  /** Bytes. */
  size: number;
}

export interface ManifestEntry extends BlobRef {
  /** Compressed copies, each a blob of its own; left out where compression does not pay. */
  encoded?: Partial<Record<Encoding, BlobRef>>;
}

/** How hard the copies were compressed: quickly before going live, or afterwards as small as they get. */
export const COMPRESSIONS = ["quick", "strong"] as const;
export type Compression = (typeof COMPRESSIONS)[number];

/**
 * Everything that is needed to serve a deployment, and nothing else; stored as `deployments/<id>/manifest.json` in the
 * form that `manifest-json.ts` reads and writes. What is served never changes; the copies it is sent in may, once, from
 * `quick` to `strong`.
 */
export interface Manifest {
  deployment: DeploymentId;
  project: string;
  /** ISO 8601, UTC. Also the `Last-Modified` of every file. */
  createdAt: string;
  htmlHandling: HtmlHandling;
  notFoundHandling: NotFoundHandling;
  compression: Compression;
  /** Symbolic links are resolved at publish: the entries are files. */
  files: ManifestFiles;
}

/** Without a setting: a `404.html` means 404 pages, one single HTML file a single-page application. */
export function defaultNotFoundHandling(paths: Iterable<string>): NotFoundHandling {
  let htmlFiles = 0;
  for (const path of paths) {
    if (path === "404.html" || path.endsWith("/404.html")) return "404-page";
    if (path.endsWith(".html")) htmlFiles += 1;
  }
  return htmlFiles === 1 ? "single-page-application" : "none";
}
