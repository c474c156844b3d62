import { isTokenCode } from "../characters.ts";
import { type HeadFault, malformed, tooLong } from "../faults.ts";
import { type Http1Head, parseHead, parseRequestLine } from "./parse-head.ts";

export const HEAD_MAX_BYTES = 16 * 1024;
/** Empty lines before a head, and the end of it. */
const AROUND_HEAD_BYTES = 16;
const CR = 13;

/** The head that begins at `from`; undefined when its end did not come yet. */
export function nextHead(bytes: Buffer, from: number): Http1Head | HeadFault | undefined {
  const window = bytes.toString("latin1", from, from + HEAD_MAX_BYTES + AROUND_HEAD_BYTES);
  const start = startOfHead(window);
  const end = window.indexOf("\r\n\r\n", start) + 4;
  if (end === 3) return window.length - start > HEAD_MAX_BYTES ? tooLong(window) : faultOfPart(window, start);
  if (end - start > HEAD_MAX_BYTES) return tooLong(window);
  if (start === 0) return parseHead(end === window.length ? window : window.slice(0, end));
  const head = parseHead(window.slice(start, end));
  if ("sizeBytes" in head) head.sizeBytes += start;
  return head;
}

/** Where a request begins in what came in: empty lines before it do not count (RFC 9112 section 2.2). */
function startOfHead(text: string): number {
  let at = 0;
  while (at < 4 && text.startsWith("\r\n", at)) at += 2;
  return at;
}

/** Why no head can come of this part of one, whatever follows: then nobody is kept waiting for its end. */
function faultOfPart(text: string, start: number): HeadFault | undefined {
  const first = text.charCodeAt(start);
  if (start < text.length && first !== CR && isTokenCode[first] !== 1) {
    return malformed("The request line has no method.");
  }
  const lineEnd = text.indexOf("\r\n", start);
  const line = lineEnd === -1 ? undefined : parseRequestLine(text.slice(start), lineEnd - start);
  if (line !== undefined && "message" in line) return line;
  return /[^\r]\n/.test(text) ? malformed("A line of the request's head does not end in CR LF.") : undefined;
}
