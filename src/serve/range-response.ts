import { type ByteRange, rangesOf } from "./byte-ranges.ts";
import { bodyFor } from "./file-stream.ts";
import { pageResponse, rangeNotSatisfiable } from "./pages.ts";
import { withDisposition } from "./response-headers.ts";
import type { Variant } from "./site.ts";
import type { BlobReader } from "./stored-blobs.ts";

/**
 * The answer to a Range header (RFC 9110 section 14), or undefined where it does not count. `variant` is the file as it
 * is: ranges are of its own bytes, never of an encoding.
 */
export function rangeResponse(
  request: Request,
  variant: Variant,
  options: { range: string; blobs: BlobReader; contentType?: string | undefined },
): Response | Promise<Response> | undefined {
  const sizeBytes = variant.blob.size;
  const decision = rangesOf(options.range, sizeBytes);
  switch (decision.kind) {
    case "whole":
      return undefined;
    case "unsatisfiable":
      return pageResponse(rangeNotSatisfiable(sizeBytes), request);
    case "parts":
      return decision.parts.length === 1
        ? onePart(request, { variant, part: decision.parts[0]!, blobs: options.blobs })
        : severalParts(request, variant, decision.parts, options);
  }
}

async function onePart(
  request: Request,
  { variant, part, blobs }: { variant: Variant; part: ByteRange; blobs: BlobReader },
): Promise<Response> {
  const found = await blobs.readPart(variant.blob, part);
  const headers = new Headers(withDisposition(variant.headers, found));
  headers.set("content-range", contentRange(part, variant.blob.size));
  headers.set("content-length", String(part.last - part.first + 1));
  return new Response(bodyFor(request, found), { status: 206, headers });
}

/** RFC 9110 section 14.6. The parts are small together: `rangesOf` sees to it. */
async function severalParts(
  request: Request,
  variant: Variant,
  parts: readonly ByteRange[],
  {
    blobs,
    contentType = variant.headers.get("content-type")!,
  }: { blobs: BlobReader; contentType?: string | undefined },
): Promise<Response> {
  const headers = new Headers(variant.headers);
  const boundary = crypto.randomUUID();
  const body: BlobPart[] = [];
  for (const part of parts) {
    const bytes = await new Response(bodyFor(request, await blobs.readPart(variant.blob, part))).bytes();
    const range = contentRange(part, variant.blob.size);
    body.push(`\r\n--${boundary}\r\nContent-Type: ${contentType}\r\nContent-Range: ${range}\r\n\r\n`, bytes);
  }
  body.push(`\r\n--${boundary}--\r\n`);
  headers.set("content-type", `multipart/byteranges; boundary=${boundary}`);
  const whole = new Blob(body);
  headers.set("content-length", String(whole.size));
  return new Response(whole, { status: 206, headers });
}

function contentRange({ first, last }: ByteRange, sizeBytes: number): string {
  return `bytes ${first}-${last}/${sizeBytes}`;
}
