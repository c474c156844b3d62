/** As ALPN names them (RFC 7301 section 6), and HTTP/1.0 like them. */
export type Protocol = "http/1.0" | "http/1.1" | "h2" | "h3";

/** What a request says before its content, whatever the version of HTTP. */
export interface RequestHead {
  readonly protocol: Protocol;
  method: string;
  /** In origin form, so with a slash at first; `*` of OPTIONS and the authority of CONNECT stand as they came. */
  target: string;
  /** Whom the request is for; null when it does not say. */
  host: string | null;
  acceptEncoding: string | null;
  ifNoneMatch: string | null;
  ifModifiedSince: string | null;
  /** No content, no range, and none of the conditions but the two above. */
  isPlain: boolean;
  /** All fields in the order in which they came, names as they were written; Host says what `host` does. */
  fields(): [name: string, value: string][];
}

/** The values of all fields of that name, lower-cased, as one list; null without one. */
export function fieldOf(head: RequestHead, name: string): string | null {
  const values = head.fields().flatMap(([each, value]) => (each.toLowerCase() === name ? [value] : []));
  return values.length === 0 ? null : values.join(", ");
}
