import { AnswerHead } from "../http/answer-head.ts";
import type { QuickAnswer } from "../http/answers.ts";
import type { RequestHead } from "../http/request-head.ts";
import type { Gate } from "./access.ts";
import { isKnown } from "./conditional.ts";
import type { Counts } from "./counts.ts";
import type { HostCache } from "./host-cache.ts";
import type { KnownRoute, ReadyAnswer } from "./known-route.ts";
import { acceptedBy, choose } from "./negotiate.ts";
import type { hostReader, RequestHost } from "./request-host.ts";
import { headersOfNotModified } from "./response-headers.ts";
import { applyHeaderChanges, type HeaderChanges } from "./rules/headers.ts";
import type { Variant } from "./site.ts";
import type { SiteCache } from "./site-cache.ts";
import type { SmallBlob } from "./small-blob.ts";
import type { BlobReader } from "./stored-blobs.ts";

/** Of one variant; as a rule there is one. */
const HEADS_MAX = 8;
/** Of one route: browsers differ little in what they take. */
const READY_MAX = 4;

interface Known {
  readHost: ReturnType<typeof hostReader>;
  hosts: HostCache;
  sites: SiteCache;
  gate: Gate;
  blobs: BlobReader;
  counts: Counts;
  now(): number;
}

/**
 * Answers from memory what the handler has answered before: the file of a known address, to everybody, or that the
 * client has it. Says what the handler would, without making a request and a response of the runtime's for it.
 *
 * With thousands of sites most of the time is spent on waiting for memory, so it goes from the host to its route, and
 * from there to what the client gets, and looks at nothing else as long as nothing has changed.
 * @returns undefined for everything else
 */
export function quickly(head: RequestHead, known: Known): QuickAnswer | undefined {
  const { method } = head;
  const isHead = method === "HEAD";
  if (method !== "GET" && !isHead) return undefined;
  const host = known.readHost(head.host);
  const route = host?.routes?.get(head.target);
  if (route === undefined || !isShown(route, host!, known)) return undefined;
  const ready = readyAnswer(route, host!, head.acceptEncoding);
  if (ready === undefined) return undefined;
  const { counts } = known;
  // Of another date than the file's the handler knows whether it is too old.
  if (
    head.ifNoneMatch === null &&
    (head.ifModifiedSince ?? ready.variant.lastModified) !== ready.variant.lastModified
  ) {
    return undefined;
  }
  if (isKnown(head.ifNoneMatch, head.ifModifiedSince, ready.variant)) {
    counts.requests += 1;
    counts.status(304);
    const { isIndexed } = host!;
    return { encoding: null, head: headOf(304, ready.variant, { changes: route.changes, isIndexed }), body: undefined };
  }
  const small = isHead ? undefined : bodyOf(ready, known.blobs);
  if (!isHead && small === undefined) return undefined;
  counts.requests += 1;
  counts.status(200);
  const { encoding } = ready;
  if (!isHead) counts.encoding(encoding);
  return { encoding: isHead || encoding === "identity" ? null : encoding, head: ready.head, body: small?.body };
}

/** Whether the host shows the deployment that the route is one of, to everybody. */
function isShown(route: KnownRoute, { name }: RequestHost, { now, hosts, gate, sites }: Known): boolean {
  const news = hosts.news + gate.news;
  if (route.news === news && now() < route.validUntil) {
    sites.countHit();
    return true;
  }
  const pointer = hosts.peek(name);
  if (pointer?.state !== "ready" || sites.peek(pointer.deployment)?.serial !== route.serial) return false;
  const openUntil = gate.openUntil(pointer.project);
  if (openUntil === 0) return false;
  route.news = news;
  route.validUntil = Math.min(hosts.freshUntil(name), openUntil);
  return true;
}

function readyAnswer(
  route: KnownRoute,
  { isIndexed }: RequestHost,
  acceptEncoding: string | null,
): ReadyAnswer | undefined {
  const accepted = acceptedBy(acceptEncoding);
  let count = 0;
  for (let ready = route.ready; ready !== undefined; ready = ready.next) {
    if (ready.accepted === accepted) return ready;
    count += 1;
  }
  const { file, changes } = route;
  const encoding = choose(accepted, file.entry.encoded);
  if (encoding === undefined) return undefined;
  const variant = file.variant(encoding, isIndexed);
  const head = headOf(200, variant, { changes, isIndexed });
  const next = count < READY_MAX ? route.ready : undefined;
  route.ready = { accepted, encoding, variant, head, body: undefined, next };
  return route.ready;
}

/** @returns undefined when it is not in memory, or no longer */
function bodyOf(ready: ReadyAnswer, blobs: BlobReader): SmallBlob | undefined {
  const kept = ready.body && blobs.take(ready.body);
  if (kept !== undefined) return kept;
  ready.body = blobs.hold(ready.variant.blob);
  return ready.body && blobs.take(ready.body);
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
