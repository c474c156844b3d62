import { isNotModified, rangeOf } from "./conditional.ts";
import type { Counts } from "./counts.ts";
import { negotiate } from "./negotiate.ts";
import { notAcceptable, pageResponse } from "./pages.ts";
import type { SiteFile, Variant } from "./site.ts";
import type { BlobReader } from "./stored-blobs.ts";

interface Options {
  status: 200 | 404;
  isIndexed: boolean;
  blobs: BlobReader;
  counts: Counts;
}

/** Answers GET and HEAD for a file; conditions and ranges hold for a 200 alone. */
export function fileResponse(file: SiteFile, request: Request, options: Options): Response | Promise<Response> {
  const { headers } = request;
  const { status, isIndexed, blobs, counts } = options;
  if (status === 200 && request.method === "GET" && headers.has("range")) {
    const ranged = rangeResponse(file.variant("identity", isIndexed), headers, blobs);
    if (ranged !== undefined) return ranged;
  }
  const encoding = negotiate(headers.get("accept-encoding"), file.entry.encoded);
  if (encoding === undefined) return pageResponse(notAcceptable, request);
  const variant = file.variant(encoding, isIndexed);
  if (status === 200 && isNotModified(headers, variant)) return notModified(variant);
  if (request.method === "HEAD") return new Response(null, { status, headers: variant.headersForHead });
  counts.encoding(encoding);
  const blob = blobs.peek(variant.blob);
  if (blob !== undefined) return new Response(blob, { status, headers: variant.headers });
  return blobs.read(variant.blob).then((body) => new Response(body, { status, headers: variant.headersForHead }));
}

/** The fields that RFC 9110 section 15.4.5 asks for, and none that describes the content. */
function notModified(variant: Variant): Response {
  const headers = new Headers(variant.headers);
  for (const name of ["content-type", "content-encoding", "accept-ranges"]) headers.delete(name);
  return new Response(null, { status: 304, headers });
}

/** Ranges are of the file's own bytes, never of an encoding. undefined: the header does not count. */
function rangeResponse(
  variant: Variant,
  requestHeaders: Headers,
  blobs: BlobReader,
): Response | Promise<Response> | undefined {
  const sizeBytes = variant.blob.size;
  const range = rangeOf(requestHeaders, sizeBytes, variant);
  if (range.kind === "whole") return undefined;
  if (isNotModified(requestHeaders, variant)) return notModified(variant);
  const headers = new Headers(variant.headers);
  if (range.kind === "unsatisfiable") {
    headers.set("content-range", `bytes */${sizeBytes}`);
    headers.set("cache-control", "no-store");
    return new Response(null, { status: 416, headers });
  }
  headers.set("content-range", `bytes ${range.first}-${range.last}/${sizeBytes}`);
  headers.set("content-length", String(range.last - range.first + 1));
  return blobs.read(variant.blob, range).then((body) => new Response(body, { status: 206, headers }));
}
