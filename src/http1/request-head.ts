import { type HeadFault, malformed, tooManyFields, unexpected, unknownCoding, wrongVersion } from "./faults.ts";

/** What a request line and its fields say (RFC 9112 sections 3 and 5), as far as a server needs it. */
export interface RequestHead {
  method: string;
  /** In origin form, so with a slash at first; `*` of OPTIONS and the authority of CONNECT stand as they came. */
  target: string;
  /** Of the target where that names one (RFC 9112 section 3.2.2), else of the Host field; null without either. */
  host: string | null;
  isHttp10: boolean;
  /** Whether the client takes another response on this connection. */
  keepsAlive: boolean;
  /** Of the content, in bytes; `chunked` when its parts tell it. */
  bodyLength: number | "chunked";
  expectsContinue: boolean;
  acceptEncoding: string | null;
  ifNoneMatch: string | null;
  ifModifiedSince: string | null;
  /** No content, no range, and none of the conditions but the two above. */
  isPlain: boolean;
  /** The text that was read, of which `fieldsOf` tells all fields. */
  text: string;
  /** Of all that was read for it, empty lines before it too. */
  sizeBytes: number;
}

const FIELDS_MAX = 200;
/** Beyond it a length is nobody's file. */
const LENGTH = /^[0-9]{1,15}$/;

const [CR, SPACE, TAB, COLON] = [13, 32, 9, 58];
/** Of a field name or a method (RFC 9110 section 5.6.2). */
export const isTokenCode = tableOf((code) => /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(code)));
/** Of a field value (RFC 9110 section 5.5), bytes beyond ASCII included. */
const isValueCode = tableOf((code) => code === TAB || (code >= SPACE && code !== 127));
/** Bytes beyond ASCII are no part of a URI, but some clients send a path without escaping it. */
const isTargetCode = tableOf((code) => code > SPACE && code !== 127);

/**
 * Reads a request's head, strictly: two readers of the same bytes must not find two different requests in it.
 * @param text the bytes as latin1, from the first of the request line up to and with the empty line
 */
export function parseHead(text: string): RequestHead | HeadFault {
  const lineEnd = text.indexOf("\r\n");
  const methodEnd = endOf(isTokenCode, text, 0);
  if (methodEnd === 0 || text.charCodeAt(methodEnd) !== SPACE) return malformed("The request line has no method.");
  const targetEnd = endOf(isTargetCode, text, methodEnd + 1);
  if (text.charCodeAt(targetEnd) !== SPACE) return malformed("The request line has no target, or one with odd bytes.");
  const version = text.slice(targetEnd + 1, lineEnd);
  if (version !== "HTTP/1.1" && version !== "HTTP/1.0") return wrongVersion(version);

  const head: RequestHead = {
    method: text.slice(0, methodEnd),
    target: text.slice(methodEnd + 1, targetEnd),
    host: null,
    isHttp10: version === "HTTP/1.0",
    keepsAlive: version === "HTTP/1.1",
    bodyLength: 0,
    expectsContinue: false,
    acceptEncoding: null,
    ifNoneMatch: null,
    ifModifiedSince: null,
    isPlain: true,
    text,
    sizeBytes: text.length,
  };
  return readFields(head, lineEnd + 2) ?? readTarget(head) ?? head;
}

/** The values of all fields of that name, lower-cased, as one list; null without one. */
export function fieldOf(head: RequestHead, name: string): string | null {
  const values = fieldsOf(head).flatMap(([each, value]) => (each.toLowerCase() === name ? [value] : []));
  return values.length === 0 ? null : values.join(", ");
}

/** All fields in the order in which they came, names as they were written; Host says what `head.host` does. */
export function fieldsOf({ text, host }: RequestHead): [name: string, value: string][] {
  const fields: [string, string][] = [];
  for (let at = text.indexOf("\r\n") + 2; text.charCodeAt(at) !== CR; ) {
    const colon = text.indexOf(":", at);
    const end = text.indexOf("\r\n", colon);
    const name = text.slice(at, colon);
    fields.push([name, isHost(text, at, colon) ? (host ?? "") : trimmed(text, colon + 1, end)]);
    at = end + 2;
  }
  return fields;
}

function readFields(head: RequestHead, start: number): HeadFault | undefined {
  const { text } = head;
  let lengths = 0;
  let codings = 0;
  let count = 0;
  // Up to the empty line, which is the end of the text; a CR alone is no line.
  for (let at = start; at < text.length - 2; ) {
    const colon = endOf(isTokenCode, text, at);
    if (colon === at || text.charCodeAt(colon) !== COLON) return malformed("A header field has no valid name.");
    const end = endOf(isValueCode, text, colon + 1);
    if (text.charCodeAt(end) !== CR || text.charCodeAt(end + 1) !== 10) {
      return malformed("The value of a header field holds a control character.");
    }
    count += 1;
    if (count > FIELDS_MAX) return tooManyFields;
    switch (colon - at) {
      case 4:
        if (!isName(text, at, "host")) break;
        if (head.host !== null) return malformed("The request names two hosts.");
        head.host = trimmed(text, colon + 1, end);
        break;
      case 5:
        if (isName(text, at, "range")) head.isPlain = false;
        break;
      case 6:
        if (!isName(text, at, "expect")) break;
        if (trimmed(text, colon + 1, end).toLowerCase() !== "100-continue") return unexpected;
        head.expectsContinue = !head.isHttp10;
        break;
      case 8:
        if (isName(text, at, "if-range") || isName(text, at, "if-match")) head.isPlain = false;
        break;
      case 10:
        if (isName(text, at, "connection")) readConnection(head, trimmed(text, colon + 1, end));
        break;
      case 13:
        if (!isName(text, at, "if-none-match")) break;
        head.ifNoneMatch = joined(head.ifNoneMatch, trimmed(text, colon + 1, end));
        break;
      case 14: {
        if (!isName(text, at, "content-length")) break;
        const length = trimmed(text, colon + 1, end);
        if (!LENGTH.test(length)) return malformed("Content-Length is not a number.");
        head.bodyLength = Number(length);
        lengths += 1;
        break;
      }
      case 15:
        if (!isName(text, at, "accept-encoding")) break;
        head.acceptEncoding = joined(head.acceptEncoding, trimmed(text, colon + 1, end));
        break;
      case 17:
        if (isName(text, at, "if-modified-since")) {
          head.ifModifiedSince = joined(head.ifModifiedSince, trimmed(text, colon + 1, end));
        } else if (isName(text, at, "transfer-encoding")) {
          if (trimmed(text, colon + 1, end).toLowerCase() !== "chunked") return unknownCoding;
          codings += 1;
        }
        break;
      case 19:
        if (isName(text, at, "if-unmodified-since")) head.isPlain = false;
        break;
    }
    at = end + 2;
  }
  return readLength(head, lengths, codings);
}

/** RFC 9112 section 6.3: what could be read in two ways is refused. */
function readLength(head: RequestHead, lengths: number, codings: number): HeadFault | undefined {
  if (lengths > 1) return malformed("The request has more than one Content-Length.");
  if (codings > 1) return malformed("The request's content is chunked twice.");
  if (codings === 1) {
    if (lengths === 1) return malformed("The request has both Content-Length and Transfer-Encoding.");
    if (head.isHttp10) return malformed("HTTP/1.0 has no Transfer-Encoding.");
    head.bodyLength = "chunked";
  }
  if (head.bodyLength !== 0) head.isPlain = false;
  else head.expectsContinue = false;
  return undefined;
}

/** RFC 9112 section 3.2: the four forms of a target. */
function readTarget(head: RequestHead): HeadFault | undefined {
  const { method, target } = head;
  if (target.startsWith("/")) return undefined;
  if (method === "CONNECT" || (target === "*" && method === "OPTIONS")) return undefined;
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(target);
  if (absolute === null) return malformed("The request's target is no path.");
  if (head.host === null && !head.isHttp10) return malformed("The request has no Host field.");
  const [, authority = "", rest = ""] = absolute;
  head.host = authority;
  head.target = rest.startsWith("/") ? rest : `/${rest}`;
  return undefined;
}

const CLOSES = /\r\nconnection:[^\r\n]*\bclose\b/i;

function readConnection(head: RequestHead, value: string): void {
  for (const option of value.toLowerCase().split(",")) {
    const name = option.trim();
    if (name === "close") head.keepsAlive = false;
    // To close wins, in whatever order they stand.
    else if (name === "keep-alive" && head.isHttp10 && !CLOSES.test(head.text)) head.keepsAlive = true;
  }
}

function endOf(table: Uint8Array, text: string, from: number): number {
  let at = from;
  // Past the end there is NaN, which is in no table.
  while (table[text.charCodeAt(at)] === 1) at += 1;
  return at;
}

/** Whether a field name, a token, is `name`, whatever its case. */
function isName(text: string, start: number, name: string): boolean {
  for (let at = 0; at < name.length; at += 1) {
    if ((text.charCodeAt(start + at) | 32) !== name.charCodeAt(at)) return false;
  }
  return true;
}

const isHost = (text: string, start: number, end: number): boolean => end - start === 4 && isName(text, start, "host");

const isBlank = (code: number): boolean => code === SPACE || code === TAB;

function trimmed(text: string, start: number, end: number): string {
  let [from, to] = [start, end];
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

/** RFC 9110 section 5.3: fields of one name are one list. */
const joined = (earlier: string | null, value: string): string => (earlier === null ? value : `${earlier}, ${value}`);

function tableOf(isMember: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (isMember(code) ? 1 : 0));
}
