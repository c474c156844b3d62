import { endOf, isTargetCode, isTokenCode, isValueCode } from "../characters.ts";
import { type HeadFault, malformed, tooManyFields, unexpected, unknownCoding, wrongVersion } from "../faults.ts";
import type { Protocol, RequestHead } from "../request-head.ts";

/** What a request line and its fields say (RFC 9112 sections 3 and 5), as far as a server needs it. */
export class Http1Head implements RequestHead {
  /** Of the target where that names one (RFC 9112 section 3.2.2), else of the Host field. */
  host: string | null = null;
  /** Whether the client takes another response on this connection. */
  keepsAlive: boolean;
  /** Of the content, in bytes; `chunked` when its parts tell it. */
  bodyLength: number | "chunked" = 0;
  expectsContinue = false;
  acceptEncoding: string | null = null;
  ifNoneMatch: string | null = null;
  ifModifiedSince: string | null = null;
  isPlain = true;
  /** Of all that was read for it, empty lines before it too. */
  sizeBytes: number;

  /** @param text that was read */
  constructor(
    readonly text: string,
    readonly method: string,
    public target: string,
    readonly isHttp10: boolean,
  ) {
    this.keepsAlive = !isHttp10;
    this.sizeBytes = text.length;
  }

  get protocol(): Protocol {
    return this.isHttp10 ? "http/1.0" : "http/1.1";
  }

  fields(): [name: string, value: string][] {
    const { text, host } = this;
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
}

const FIELDS_MAX = 200;
/** Beyond it a length is nobody's file. */
const LENGTH = /^[0-9]{1,15}$/;

const [CR, SPACE, TAB, COLON] = [13, 32, 9, 58];

/**
 * Reads a request's head, strictly: two readers of the same bytes must not find two different requests in it.
 * @param text the bytes as latin1, from the first of the request line up to and with the empty line
 */
export function parseHead(text: string): Http1Head | HeadFault {
  const lineEnd = text.indexOf("\r\n");
  const head = parseRequestLine(text, lineEnd);
  if ("message" in head) return head;
  return readFields(head, lineEnd + 2) ?? readTarget(head) ?? head;
}

/** The head as far as its first line says it. @param lineEnd where that line ends */
export function parseRequestLine(text: string, lineEnd: number): Http1Head | HeadFault {
  const methodEnd = endOf(isTokenCode, text, 0);
  if (methodEnd === 0 || text.charCodeAt(methodEnd) !== SPACE) return malformed("The request line has no method.");
  const targetEnd = endOf(isTargetCode, text, methodEnd + 1);
  if (text.charCodeAt(targetEnd) !== SPACE) return malformed("The request line has no target, or one with odd bytes.");
  const isHttp11 =
    isVersion(text, targetEnd + 1, lineEnd, "HTTP/1.1") || isLaterMinor(text.slice(targetEnd + 1, lineEnd));
  if (!isHttp11 && !isVersion(text, targetEnd + 1, lineEnd, "HTTP/1.0")) {
    return wrongVersion(text.slice(targetEnd + 1, lineEnd));
  }
  // What every other request would make anew.
  const method = text.startsWith("GET ") ? "GET" : text.slice(0, methodEnd);
  return new Http1Head(text, method, text.slice(methodEnd + 1, targetEnd), !isHttp11);
}

const isVersion = (text: string, start: number, end: number, version: string): boolean =>
  end - start === version.length && text.startsWith(version, start);

/** RFC 9110 section 2.5: what speaks a later 1.x understands 1.1, and is answered so. */
const isLaterMinor = (version: string): boolean => /^HTTP\/1\.[2-9]$/.test(version);

function readFields(head: Http1Head, start: number): HeadFault | undefined {
  const { text } = head;
  let lengths = 0;
  let codings: string | null = null;
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
          codings = joined(codings, trimmed(text, colon + 1, end));
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
function readLength(head: Http1Head, lengths: number, codings: string | null): HeadFault | undefined {
  if (lengths > 1) return malformed("The request has more than one Content-Length.");
  if (codings !== null) {
    if (lengths === 1) return malformed("The request has both Content-Length and Transfer-Encoding.");
    if (head.isHttp10) return malformed("HTTP/1.0 has no Transfer-Encoding.");
    const fault = codingFault(codings);
    if (fault !== undefined) return fault;
    head.bodyLength = "chunked";
  }
  if (head.bodyLength !== 0) head.isPlain = false;
  else head.expectsContinue = false;
  return undefined;
}

/**
 * RFC 9112 section 6.3: where `chunked` is not the last of the codings, nobody can tell where the content ends. One before
 * it is only not known here (section 6.1).
 */
function codingFault(codings: string): HeadFault | undefined {
  const names = codings
    .toLowerCase()
    .split(",")
    .map((name) => name.trim());
  if (names.pop() !== "chunked") return malformed("The last of the request's transfer codings is not 'chunked'.");
  if (names.includes("chunked")) return malformed("The request's content is chunked twice.");
  return names.length > 0 ? unknownCoding : undefined;
}

/** RFC 9112 section 3.2: the four forms of a target. */
function readTarget(head: Http1Head): HeadFault | undefined {
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

function readConnection(head: Http1Head, value: string): void {
  for (const option of value.toLowerCase().split(",")) {
    const name = option.trim();
    if (name === "close") head.keepsAlive = false;
    // To close wins, in whatever order they stand.
    else if (name === "keep-alive" && head.isHttp10 && !CLOSES.test(head.text)) head.keepsAlive = true;
  }
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
  let from = start;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

/** RFC 9110 section 5.3: fields of one name are one list. */
const joined = (earlier: string | null, value: string): string => (earlier === null ? value : `${earlier}, ${value}`);
