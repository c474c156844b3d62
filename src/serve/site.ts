import type { BlobRef, Encoding, Manifest, ManifestEntry } from "../model/manifest.ts";
import { cacheControlOf } from "./cache-control.ts";
import type { Validators } from "./conditional.ts";
import { contentTypeOf } from "./media-types.ts";
import type { Routable } from "./resolve.ts";
import { siteRules } from "./rules/site-rules.ts";

/** A deployment ready to be served. */
export type Site = Routable<SiteFile>;

/** One encoding of one file with the headers of its responses. */
export interface Variant extends Validators {
  blob: BlobRef;
  /** Without Content-Length. */
  headers: Headers;
  headersForHead: Headers;
}

export function siteOf(manifest: Manifest): Site {
  const lastModified = new Date(manifest.createdAt).toUTCString();
  const files = new Map<string, SiteFile>();
  for (const [path, entry] of Object.entries(manifest.files)) {
    files.set(`/${path}`, new SiteFile(path, entry, lastModified));
  }
  const { htmlHandling, notFoundHandling } = manifest;
  const routes = manifest.routes && siteRules(manifest.routes);
  return { files, htmlHandling, notFoundHandling, singlePage: files.get("/index.html") ?? onlyPage(files), routes };
}

function onlyPage(files: ReadonlyMap<string, SiteFile>): SiteFile | undefined {
  const pages = [...files.keys()].filter((path) => path.endsWith(".html"));
  return pages.length === 1 ? files.get(pages[0]!) : undefined;
}

/** A file of a deployment; the headers are made at the first request of each variant. */
export class SiteFile {
  private readonly variants: Record<string, Variant> = {};

  constructor(
    readonly path: string,
    readonly entry: ManifestEntry,
    private readonly lastModified: string,
  ) {}

  variant(encoding: Encoding | "identity", isIndexed: boolean): Variant {
    const name = isIndexed ? encoding : `noindex ${encoding}`;
    this.variants[name] ??= this.makeVariant(encoding, isIndexed);
    return this.variants[name];
  }

  private makeVariant(encoding: Encoding | "identity", isIndexed: boolean): Variant {
    const blob = encoding === "identity" ? this.entry : this.entry.encoded![encoding]!;
    const etag = `"${blob.hash.slice(0, 32)}"`;
    const headers = new Headers({
      "content-type": contentTypeOf(this.path),
      "cache-control": cacheControlOf(this.path),
      etag,
      "last-modified": this.lastModified,
      "x-content-type-options": "nosniff",
      "accept-ranges": "bytes",
    });
    if (encoding !== "identity") headers.set("content-encoding", encoding);
    if (this.entry.encoded && Object.keys(this.entry.encoded).length > 0) headers.set("vary", "Accept-Encoding");
    if (!isIndexed) headers.set("x-robots-tag", "noindex");
    const headersForHead = new Headers(headers);
    headersForHead.set("content-length", String(blob.size));
    return {
      blob: { hash: blob.hash, size: blob.size },
      etag,
      lastModified: this.lastModified,
      headers,
      headersForHead,
    };
  }
}
