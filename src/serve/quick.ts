import type { QuickAnswer } from "../http1/answers.ts";
import type { RequestHead } from "../http1/request-head.ts";
import { headText } from "../http1/response-head.ts";
import type { Gate } from "./access.ts";
import { isKnown } from "./conditional.ts";
import type { Counts } from "./counts.ts";
import type { HostCache } from "./host-cache.ts";
import type { KnownRoutes } from "./known-routes.ts";
import { negotiate } from "./negotiate.ts";
import type { hostReader } from "./request-host.ts";
import { headersOfNotModified } from "./response-headers.ts";
import type { Variant } from "./site.ts";
import type { SiteCache } from "./site-cache.ts";
import type { BlobReader } from "./stored-blobs.ts";

interface Known {
  readHost: ReturnType<typeof hostReader>;
  hosts: HostCache;
  sites: SiteCache;
  gate: Gate;
  routes: KnownRoutes;
  blobs: BlobReader;
  counts: Counts;
}

/**
 * Answers from memory what the handler has answered before: the file of a known address, to everybody, or that the
 * client has it. Says what the handler would, without making a request and a response of the runtime's for it.
 * @returns undefined for everything else
 */
export function quickly(head: RequestHead, known: Known): QuickAnswer | undefined {
  const { method, host } = head;
  const isHead = method === "HEAD";
  if (method !== "GET" && !isHead) return undefined;
  const asked = known.readHost(host);
  if (asked === undefined) return undefined;
  const pointer = known.hosts.peek(asked.name);
  if (pointer?.state !== "ready" || !known.gate.isOpen(pointer.project)) return undefined;
  const site = known.sites.peek(pointer.deployment);
  const file = site && known.routes.get(`http://${host}${head.target}`, site);
  if (file === undefined) return undefined;
  const encoding = negotiate(head.acceptEncoding, file.entry.encoded);
  if (encoding === undefined) return undefined;
  const variant = file.variant(encoding, asked.isIndexed);
  const { counts } = known;
  if (isKnown(head.ifNoneMatch, head.ifModifiedSince, variant)) {
    counts.requests += 1;
    counts.status(304);
    return { status: 304, encoding: null, head: textOfNotModified(variant), body: undefined };
  }
  const small = isHead ? undefined : known.blobs.peek(variant.blob);
  if (!isHead && small === undefined) return undefined;
  counts.requests += 1;
  counts.status(200);
  if (!isHead) counts.encoding(encoding);
  return {
    status: 200,
    encoding: isHead || encoding === "identity" ? null : encoding,
    head: textOfWhole(variant),
    body: small?.bytes,
  };
}

function textOfWhole(variant: Variant): string {
  variant.text ??= headText(200, variant.headers);
  return variant.text;
}

function textOfNotModified(variant: Variant): string {
  variant.notModifiedText ??= headText(304, headersOfNotModified(variant));
  return variant.notModifiedText;
}
