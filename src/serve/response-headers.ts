import { REVALIDATE } from "./cache-control.ts";
import type { Variant } from "./site.ts";

const notModified = new WeakMap<Variant, Headers>();
const notFound = new WeakMap<Variant, Headers>();

const OF_CONTENT = ["content-type", "content-encoding", "content-length", "accept-ranges", "last-modified"];

/** Of a 304: the fields that RFC 9110 section 15.4.5 asks for, and none that describes the content. */
export function headersOfNotModified(variant: Variant): Headers {
  return derived(notModified, variant, (headers) => {
    for (const name of OF_CONTENT) headers.delete(name);
  });
}

/**
 * Of a file that is the site's own 404 page. It stands for something that isn't there, and may be tomorrow: nobody keeps
 * it unless the site's rules say so, and its validators are not those of the address.
 */
export function headersOfNotFound(variant: Variant): Headers {
  return derived(notFound, variant, (headers) => {
    if (headers.get("cache-control") === REVALIDATE) headers.set("cache-control", "no-store");
    for (const name of ["etag", "accept-ranges", "last-modified"]) headers.delete(name);
  });
}

/** The runtime proposes the name of a file that is a body to whoever saves it, which would be the blob's hash. */
export function withDisposition(headers: Headers, body: object): Headers {
  if (!("name" in body) || body.name === undefined || headers.has("content-disposition")) return headers;
  const all = new Headers(headers);
  all.set("content-disposition", "inline");
  return all;
}

function derived(known: WeakMap<Variant, Headers>, variant: Variant, change: (headers: Headers) => void): Headers {
  const ready = known.get(variant);
  if (ready !== undefined) return ready;
  const headers = new Headers(variant.headers);
  change(headers);
  known.set(variant, headers);
  return headers;
}
