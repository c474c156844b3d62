import type { AnswerHead } from "../http/answer-head.ts";
import type { BlobRef, Encoding, Manifest, ManifestEntry } from "../model/manifest.ts";
import type { ManifestFiles } from "../model/manifest-files.ts";
import { cacheControlOf } from "./cache-control.ts";
import type { Validators } from "./conditional.ts";
import { contentTypeOf, ownCodingOf } from "./media-types.ts";
import type { Routable } from "./resolve.ts";
import type { HeaderChanges } from "./rules/headers.ts";
import { siteRules } from "./rules/site-rules.ts";
import { SiteFiles } from "./site-files.ts";

/** A deployment ready to be served; its files go by their numbers until one is answered with. */
export interface Site extends Routable<number> {
  files: SiteFiles<SiteFile>;
  /** Of this very object, for those who must not keep it in memory. */
  serial: number;
}

/** Measured: what a site takes beyond the bytes of its columns. */
const SITE_BYTES = 3_500;
/** What parsed JSON takes, against its text. */
const PARSED_FACTOR = 4;

/** One encoding of one file with the headers of its responses. */
export interface Variant extends Validators {
  blob: BlobRef;
  headers: Headers;
  /** The heads of a 200 and of a 304, once they were sent, by what header rules change in them. */
  heads: Map<HeaderChanges | undefined, AnswerHead>;
  notModifiedHeads: Map<HeaderChanges | undefined, AnswerHead>;
}

let sites = 0;

export function siteOf(manifest: Manifest): Site {
  const lastModified = new Date(manifest.createdAt).toUTCString();
  const files = new SiteFiles(manifest.files, (path, entry) => new SiteFile(path, entry, lastModified));
  const { htmlHandling, notFoundHandling } = manifest;
  const routes = manifest.routes && siteRules(manifest.routes);
  sites += 1;
  const site = { serial: sites, files, htmlHandling, notFoundHandling, routes };
  if (notFoundHandling !== "single-page-application") return site;
  const singlePage = files.get("/index.html") ?? files.get(`/${onlyPage(manifest.files)}`);
  return { ...site, singlePage };
}

function onlyPage(files: ManifestFiles): string | undefined {
  let page: string | undefined;
  for (const path of files.paths()) {
    if (!path.endsWith(".html")) continue;
    if (page !== undefined) return undefined;
    page = path;
  }
  return page;
}

/** About what a site takes in memory, without the files that were asked for: `SiteFiles` bounds those by itself. */
export function memoryOf(manifest: Manifest): number {
  const { files, ...rest } = manifest;
  return files.memoryBytes + SITE_BYTES + JSON.stringify(rest).length * PARSED_FACTOR;
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
      "content-length": String(blob.size),
    });
    const coding = encoding === "identity" ? ownCodingOf(this.path) : encoding;
    if (coding !== undefined) headers.set("content-encoding", coding);
    if (this.entry.encoded && Object.keys(this.entry.encoded).length > 0) headers.set("vary", "Accept-Encoding");
    if (!isIndexed) headers.set("x-robots-tag", "noindex");
    return {
      ...{ blob: { hash: blob.hash, size: blob.size }, etag, lastModified: this.lastModified, headers },
      ...{ heads: new Map(), notModifiedHeads: new Map() },
    };
  }
}
