import { AnswerHead } from "../http/answer-head.ts";
import type { QuickAnswer } from "../http/answers.ts";
import type { RequestHead } from "../http/request-head.ts";
import type { Gate } from "./access.ts";
import { isKnown } from "./conditional.ts";
import type { Counts } from "./counts.ts";
import type { HostCache } from "./host-cache.ts";
import type { KnownRoutes } from "./known-routes.ts";
import { negotiate } from "./negotiate.ts";
import type { hostReader } from "./request-host.ts";
import { headersOfNotModified } from "./response-headers.ts";
import { applyHeaderChanges, type HeaderChanges } from "./rules/headers.ts";
import type { Variant } from "./site.ts";
import type { SiteCache } from "./site-cache.ts";
import type { BlobReader } from "./stored-blobs.ts";

/** Of one variant; as a rule there is one. */
const HEADS_MAX = 8;

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
  const route = site && known.routes.get(asked, head.target, site);
  if (route === undefined) return undefined;
  const { file, changes } = route;
  const encoding = negotiate(head.acceptEncoding, file.entry.encoded);
  if (encoding === undefined) return undefined;
  const variant = file.variant(encoding, asked.isIndexed);
  const { counts } = known;
  if (isKnown(head.ifNoneMatch, head.ifModifiedSince, variant)) {
    counts.requests += 1;
    counts.status(304);
    return {
      encoding: null,
      head: headOf(304, variant, { changes, isIndexed: asked.isIndexed }),
      body: undefined,
    };
  }
  const small = isHead ? undefined : known.blobs.peek(variant.blob);
  if (!isHead && small === undefined) return undefined;
  counts.requests += 1;
  counts.status(200);
  if (!isHead) counts.encoding(encoding);
  return {
    encoding: isHead || encoding === "identity" ? null : encoding,
    head: headOf(200, variant, { changes, isIndexed: asked.isIndexed }),
    body: small?.bytes,
  };
}

/** Made once for each variant and combination of header rules. */
function headOf(
  status: 200 | 304,
  variant: Variant,
  applied: { changes: HeaderChanges | undefined; isIndexed: boolean },
): AnswerHead {
  const { changes, isIndexed } = applied;
  const heads = status === 200 ? variant.heads : variant.notModifiedHeads;
  const known = heads.get(changes);
  if (known !== undefined) return known;
  const fields = status === 200 ? variant.headers : headersOfNotModified(variant);
  const headers = changes === undefined ? fields : new Headers(fields);
  if (changes !== undefined) applyHeaderChanges(headers, changes, { status, isIndexed });
  const head = new AnswerHead(status, [...headers]);
  if (heads.size >= HEADS_MAX) heads.clear();
  heads.set(changes, head);
  return head;
}
