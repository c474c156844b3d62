import type { Scheme } from "./answers.ts";
import { takeKnownBody } from "./known-body.ts";
import type { Protocol, RequestHead } from "./request-head.ts";

const protocols = new WeakMap<Request, Protocol>();

/** What a request came by; those that are not made here are of the runtime's own server, which speaks HTTP/3 alone. */
export const protocolOf = (request: Request): Protocol => protocols.get(request) ?? "h3";

/** Whose content has no meaning (RFC 9110 sections 9.3.1, 9.3.2, 9.3.6 and 9.3.8), and is read past. */
const WITHOUT_CONTENT = new Set(["GET", "HEAD", "CONNECT", "TRACE"]);
const HOST = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/i;

/** @returns undefined when host and target make no address */
export function requestOf(
  head: RequestHead,
  scheme: Scheme,
  { content, signal }: { content: ReadableStream<Uint8Array> | undefined; signal: AbortSignal },
): Request | undefined {
  const { method, host, target } = head;
  // The address is for reading the path; who is asked, the Host field says.
  const authority = host !== null && HOST.test(host) ? host : "localhost";
  const body = content === undefined || WITHOUT_CONTENT.has(method) ? null : content;
  try {
    const url = `${scheme}://${authority}${target.startsWith("/") ? escaped(target) : "/"}`;
    const request = new Request(url, { method, headers: headersOf(head), body, signal });
    // To the runtime, a method that it does not know is a GET.
    if (request.method !== method) Object.defineProperty(request, "method", { value: method });
    protocols.set(request, head.protocol);
    return takeKnownBody(request);
  } catch {
    return undefined;
  }
}

/** Bytes beyond ASCII are no part of a URI; whoever sends them means their escapes. */
function escaped(target: string): string {
  return target.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`);
}

function headersOf(head: RequestHead): Headers {
  const headers = new Headers();
  let cookies = "";
  for (const [name, value] of head.fields()) {
    // Cookies that came in several fields are one list (RFC 9113 section 8.2.3 has them so; others split them too).
    if (/^cookie$/i.test(name)) cookies += `${cookies === "" ? "" : "; "}${value}`;
    else headers.append(name, value);
  }
  if (cookies !== "") headers.set("cookie", cookies);
  if (head.host !== null && !headers.has("host")) headers.set("host", head.host);
  return headers;
}
