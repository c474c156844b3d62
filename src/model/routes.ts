/** Where a rule was written. */
export interface RuleOrigin {
  /** Path of the file as its author knows it: `_redirects`, `web/netlify.toml`. */
  file: string;
  /** From 1. */
  line: number;
}

/**
 * A pattern of a path or a hostname, as its parts in order: literal text; `one` stands for a part between slashes, or
 * some of it; `label` for a part of a hostname between dots; `rest` for anything, or nothing; `group` is a regular
 * expression of `linear-regex`. What `one`, `label`, `rest` and the one capture of a `group` hold gets the name.
 */
export type Pattern = PatternPart[];
export type PatternPart =
  | string
  | { one: string }
  | { label: string }
  | { rest: string }
  | { group: string; name?: string };

/** A text with what was captured put in. */
export type Template = (string | { use: string })[];

/** What a value has to be; a regular expression has to match all of it. */
export type Test =
  | { re: string }
  | { eq: string }
  | { neq: string }
  | { inc: string[] }
  | { ninc: string[] }
  | { pre: string }
  | { suf: string }
  | { gt: number }
  | { gte: number }
  | { lt: number }
  | { lte: number };

/** What a request must bring. */
export type Condition =
  | {
      on: "query" | "header" | "cookie" | "host";
      /** Of the parameter, header or cookie; nothing for the host. */
      name: string;
      /** All of them hold. Without any the thing has only to be there. */
      tests: Test[];
      /** The value gets this name for the destination. */
      capture?: string;
      /** The condition is that it does not hold. */
      missing?: true;
    }
  /** The language that the visitor prefers is one of these. */
  | { on: "language"; values: string[] }
  /** One of these cookies is there. */
  | { on: "cookies"; values: string[] }
  /** The query has no parameters but these. */
  | { on: "no-other-query"; values: string[] };

export interface Matcher {
  path: Pattern;
  /** A slash at the end of the request's path makes no difference. */
  anySlash?: true;
  host?: Pattern;
  when?: Condition[];
}

export interface Route extends Matcher {
  /** A path, or a URL of http or https. */
  to: Template;
  /** 3xx redirects; any other rewrites, and is the status of what is shown. */
  status: number;
  /** Goes before a file at the path. */
  forced?: true;
  /** For the origin that a rewrite to a URL asks. */
  proxyHeaders?: Record<string, string>;
  origin: RuleOrigin;
}

export interface HeaderRoute extends Matcher {
  /** In their order: a value to set, or null to take the header off. */
  headers: [name: string, value: Template | null][];
  /** A header that an earlier rule has set: the values are joined; otherwise the later one replaces it. */
  joins?: true;
  origin: RuleOrigin;
}

/** The rules of a deployment, compiled at publish; `routes` of its manifest. */
export interface Routes {
  /** Before files, the first that matches: `redirects` of a vercel.json. */
  redirects: Route[];
  /** `_redirects`, then netlify.toml: the first that matches; a file goes before it unless it is forced. */
  rules: Route[];
  /** After files, in order until one finds its target: `rewrites` of a vercel.json. */
  rewrites: Route[];
  /** All that match. */
  headers: HeaderRoute[];
  /** `cleanUrls` and `trailingSlash` of a vercel.json, in the place of HTML handling. */
  paths?: PathStyle;
}

export interface PathStyle {
  cleanUrls: boolean;
  trailingSlash?: boolean;
}

/**
 * Whether a header orders a web server in front to send a file of its own, or to cache against Cache-Control (`X-Accel-*`
 * of nginx, `X-Sendfile`, `X-LiteSpeed-Location`, `X-Reproxy-URL`): no site and no server behind one may give such orders.
 */
export function isForServerInFront(name: string): boolean {
  return FOR_SERVER_IN_FRONT.test(name);
}
const FOR_SERVER_IN_FRONT =
  /^x-(?:accel-(?:redirect|expires|charset|limit-rate)|(?:lighttpd-)?send-?file2?|litespeed-.*|reproxy-url)$/i;
