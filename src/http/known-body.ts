import type { Body } from "./body.ts";

const takers = new WeakSet<Request>();
const bodies = new WeakMap<Response, Body>();

/**
 * Lets a response to this request tell its body as bytes beside itself: a connection sends those as they are, where to
 * take them out of a response again would be a copy and several turns of the event loop.
 */
export function takeKnownBody(request: Request): Request {
  takers.add(request);
  return request;
}

/** Whether a request came by a connection of this server's own. */
export const isOwnRequest = (request: Request): boolean => takers.has(request);

/**
 * A response of bytes.
 * @param bodyOf the same for a request that has to be answered by a response alone; asked only then
 */
export function responseOf(
  request: Request,
  init: ResponseInit,
  body: Body,
  bodyOf: () => BodyInit = () => body.bytes as Uint8Array<ArrayBuffer>,
): Response {
  if (!takers.has(request)) return new Response(bodyOf(), init);
  const response = new Response(null, init);
  bodies.set(response, body);
  return response;
}

export const knownBody = (response: Response): Body | undefined => bodies.get(response);
