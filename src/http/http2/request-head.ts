import { isAllOf, isTargetCode, isTokenCode, isValueCode, tableOf } from "../characters.ts";
import { type HeadFault, malformed, tooLarge, tooManyFields, unexpected } from "../faults.ts";
import { CONTENT_MAX_BYTES } from "../http1/content.ts";
import type { Protocol, RequestHead } from "../request-head.ts";

/** A request's fields as they were decoded, pseudo-header fields first (RFC 9113 section 8.3). */
export type Fields = readonly [name: string, value: string][];

/** What the fields of a request say. */
export class Http2Head implements RequestHead {
  method = "";
  target = "";
  /** Of `:authority`, else of the Host field. */
  host: string | null = null;
  /** Of the content, in bytes, where it is told. */
  contentLength: number | undefined;
  expectsContinue = false;
  acceptEncoding: string | null = null;
  ifNoneMatch: string | null = null;
  ifModifiedSince: string | null = null;
  isPlain = true;

  constructor(private readonly list: Fields) {}

  get protocol(): Protocol {
    return "h2";
  }

  fields(): [name: string, value: string][] {
    const fields = this.list.filter(([name]) => name !== "host" && name.charCodeAt(0) !== COLON);
    return this.host === null ? fields : [["host", this.host], ...fields];
  }
}

const COLON = 58;
const LENGTH = /^[0-9]{1,15}$/;
const isNameCode = tableOf((code) => isTokenCode[code] === 1 && !(code >= 65 && code <= 90));
const OF_CONNECTIONS = new Set(["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"]);

/** The request is malformed (RFC 9113 section 8.1.1): its stream is reset. */
export const MALFORMED = "malformed";

/**
 * Reads a request's fields, as strictly as HTTP/1.1's are read: nothing comes through that a server behind this one,
 * or a rule, could take for something else.
 * @param isTooLarge there were more, which were not kept
 */
export function readHead(
  list: Fields,
  { isTooLarge, hasContent }: { isTooLarge: boolean; hasContent: boolean },
): Http2Head | HeadFault | typeof MALFORMED {
  const head = new Http2Head(list);
  const pseudo = readFields(head, list);
  if (typeof pseudo === "string" || "message" in pseudo) return pseudo;
  const { method, scheme, path, authority } = pseudo;
  if (isTooLarge) return tooManyFields;
  if (method === undefined || !isAllOf(isTokenCode, method) || method === "") return MALFORMED;
  head.method = method;
  if (authority !== undefined) {
    if (head.host !== null && head.host.toLowerCase() !== authority.toLowerCase()) {
      return malformed("The request names two hosts.");
    }
    head.host = authority;
  }
  if (hasContent) {
    if ((head.contentLength ?? 0) > CONTENT_MAX_BYTES) return tooLarge;
    head.isPlain = false;
  } else if ((head.contentLength ?? 0) > 0) return MALFORMED;
  else head.expectsContinue = false;
  if (method === "CONNECT") {
    if (scheme !== undefined || path !== undefined || authority === undefined) return MALFORMED;
    head.target = authority;
    return head;
  }
  if (path === undefined || path === "" || scheme === undefined) return MALFORMED;
  if (!/^https?$/i.test(scheme)) return malformed("The request is for another scheme than http and https.");
  if (!path.startsWith("/") && !(path === "*" && method === "OPTIONS")) {
    return malformed("The request's target is no path.");
  }
  if (!isAllOf(isTargetCode, path)) return malformed("The request has a target with odd bytes.");
  head.target = path;
  return head;
}

interface Pseudo {
  method?: string;
  scheme?: string;
  path?: string;
  authority?: string;
}

function readFields(head: Http2Head, list: Fields): Pseudo | HeadFault | typeof MALFORMED {
  const pseudo: Pseudo = {};
  let isPastPseudo = false;
  for (const [name, value] of list) {
    if (name.charCodeAt(0) === COLON) {
      const key = name.slice(1);
      if (!isValue(value) || isPastPseudo || !isPseudo(key) || pseudo[key] !== undefined) return MALFORMED;
      pseudo[key] = value;
      continue;
    }
    isPastPseudo = true;
    if (!isField(name, value)) return MALFORMED;
    const fault = readField(head, name, value);
    if (fault !== undefined) return fault;
  }
  return pseudo;
}

function readField(head: Http2Head, name: string, value: string): HeadFault | typeof MALFORMED | undefined {
  switch (name) {
    case "host":
      if (head.host !== null) return malformed("The request names two hosts.");
      head.host = value;
      break;
    case "te":
      if (value.toLowerCase() !== "trailers") return MALFORMED;
      break;
    case "expect":
      if (value.toLowerCase() !== "100-continue") return unexpected;
      head.expectsContinue = true;
      break;
    case "content-length":
      if (!LENGTH.test(value) || head.contentLength !== undefined) return MALFORMED;
      head.contentLength = Number(value);
      break;
    case "accept-encoding":
      head.acceptEncoding = joined(head.acceptEncoding, value);
      break;
    case "if-none-match":
      head.ifNoneMatch = joined(head.ifNoneMatch, value);
      break;
    case "if-modified-since":
      head.ifModifiedSince = joined(head.ifModifiedSince, value);
      break;
    case "range":
    case "if-range":
    case "if-match":
    case "if-unmodified-since":
      head.isPlain = false;
      break;
  }
  return undefined;
}

const isPseudo = (key: string): key is keyof Pseudo =>
  key === "method" || key === "scheme" || key === "path" || key === "authority";

/** Also of fields that are no valid head: their answer has no content either. */
export const isHead = (fields: Fields): boolean =>
  fields.some(([name, value]) => name === ":method" && value === "HEAD");

/** Whether fields can stand behind the content (RFC 9113 section 8.1): none is a pseudo-header field. */
export const areTrailers = (fields: Fields): boolean => fields.every(([name, value]) => isField(name, value));

const isField = (name: string, value: string): boolean =>
  name !== "" && isAllOf(isNameCode, name) && !OF_CONNECTIONS.has(name) && isValue(value);

/** RFC 9113 section 8.2.1. */
function isValue(value: string): boolean {
  return isAllOf(isValueCode, value) && !isBlank(value.charCodeAt(0)) && !isBlank(value.charCodeAt(value.length - 1));
}

const isBlank = (code: number): boolean => code === 32 || code === 9;

/** RFC 9110 section 5.3: fields of one name are one list. */
const joined = (earlier: string | null, value: string): string => (earlier === null ? value : `${earlier}, ${value}`);
