import { responseOf } from "../http/known-body.ts";
import { checkConditions, isIfRangeMet, type Validators } from "./conditional.ts";
import type { Counts } from "./counts.ts";
import { bodyFor } from "./file-stream.ts";
import { negotiate } from "./negotiate.ts";
import { notAcceptable, pageResponse, preconditionFailed } from "./pages.ts";
import { rangeResponse } from "./range-response.ts";
import { headersOfNotFound, headersOfNotModified, withDisposition } from "./response-headers.ts";
import type { SiteFile, Variant } from "./site.ts";
import { SmallBlob } from "./small-blob.ts";
import type { BlobReader } from "./stored-blobs.ts";

interface Options {
  status: number;
  /** Of the file, where a header rule gives it another one than its name. */
  contentType?: string | undefined;
  /** What differs from the file's own: clients send back what they have got. */
  validators: Partial<Validators>;
  isIndexed: boolean;
  blobs: BlobReader;
  counts: Counts;
}

/** Answers GET and HEAD for a file; conditions and ranges hold for a 200 alone (RFC 9110 section 13.2.1). */
export function fileResponse(file: SiteFile, request: Request, options: Options): Response | Promise<Response> {
  const { headers, method } = request;
  const { status, isIndexed, blobs, counts, contentType, validators } = options;
  const validatorsOf = ({ etag, lastModified }: Variant): Validators => ({ etag, lastModified, ...validators });
  const acceptEncoding = headers.get("accept-encoding");
  const range = status === 200 && method === "GET" ? headers.get("range") : null;
  // Of what can be had in parts, the parts are those of the file itself, where the client takes it as it is.
  const isRanged = range !== null && negotiate(acceptEncoding, undefined) !== undefined;
  if (isRanged) {
    const variant = file.variant("identity", isIndexed);
    if (isIfRangeMet(headers, validatorsOf(variant))) {
      const outcome = checkConditions(headers, validatorsOf(variant));
      const ranged =
        outcome === "proceed"
          ? rangeResponse(request, variant, { range, blobs, contentType })
          : stopped(outcome, variant, request);
      if (ranged !== undefined) return ranged;
    }
  }
  const encoding = encodingFor(acceptEncoding, file, status);
  if (encoding === undefined) return pageResponse(notAcceptable, request);
  const variant = file.variant(encoding, isIndexed);
  if (status === 200) {
    const outcome = checkConditions(headers, validatorsOf(variant));
    if (outcome !== "proceed") return stopped(outcome, variant, request);
  }
  const responseHeaders = status === 200 ? variant.headers : headersOfNotFound(variant);
  if (method === "HEAD") return new Response(null, { status, headers: responseHeaders });
  counts.encoding(encoding);
  const inMemory = (small: SmallBlob) =>
    responseOf(request, { status, headers: responseHeaders }, small.body, () => small.blob);
  const known = blobs.peek(variant.blob);
  if (known !== undefined) return inMemory(known);
  return blobs.read(variant.blob).then((found) => {
    if (found instanceof SmallBlob) return inMemory(found);
    return new Response(bodyFor(request, found), { status, headers: withDisposition(responseHeaders, found) });
  });
}

/**
 * A page that tells of a fault is better sent in a form that was not asked for than turned into another fault.
 * @returns undefined when the file can't be sent as it is asked for
 */
export function encodingFor(acceptEncoding: string | null, { entry }: SiteFile, status: number) {
  return negotiate(acceptEncoding, entry.encoded) ?? (status === 200 ? undefined : "identity");
}

function stopped(outcome: "not-modified" | "failed", variant: Variant, request: Request): Response {
  if (outcome === "failed") return pageResponse(preconditionFailed, request);
  return new Response(null, { status: 304, headers: headersOfNotModified(variant) });
}
