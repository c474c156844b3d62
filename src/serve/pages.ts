import { Body } from "../http/body.ts";
import { responseOf, takeKnownBody } from "../http/known-body.ts";
import { BerthError, ERROR_CODES, type ErrorCode, toErrorBody } from "../model/errors.ts";
import { weightOf } from "./accept.ts";

interface Page {
  status: number;
  code: ErrorCode;
  message: string;
  hint: string;
  /** The browser asks again by itself. */
  refreshSeconds?: number;
  headers?: Record<string, string>;
}

const STYLE =
  ":root{color-scheme:light dark}body{font:16px/1.6 system-ui,sans-serif;margin:0;min-height:100vh;display:grid;" +
  "place-items:center;background:#fafafa;color:#18181b}main{max-width:34rem;padding:2rem}h1{font-size:1.5rem;" +
  "line-height:1.3;margin:0 0 .5rem}p{margin:0;color:#52525b}.status{font-size:.875rem;margin-bottom:1rem}" +
  "@media(prefers-color-scheme:dark){body{background:#09090b;color:#fafafa}p{color:#a1a1aa}}";
const STYLE_HASH = new Bun.CryptoHasher("sha256").update(STYLE).digest("base64");
const POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

export const unknownHost = (host: string): Page => ({
  status: 404,
  code: "not_found",
  message: `There is no site at ${host}.`,
  hint: "Check the address; the site may have been removed.",
});

export const building: Page = {
  status: 503,
  code: "deployment_building",
  message: "This deployment is being built.",
  hint: "This page shows it as soon as it is ready.",
  refreshSeconds: 2,
};

export const failed: Page = {
  status: 404,
  code: "deployment_failed",
  message: "This deployment did not become ready.",
  hint: "Its owner finds the reason in the deployment's log.",
};

export const notFound: Page = {
  status: 404,
  code: "not_found",
  message: "There is no page at this address.",
  hint: "Check the address, or start from the site's first page.",
};

/** Of a path without a page; `status` is that of a rule which wants another one than 404. */
export function notShown(status = 404): Page {
  if (status === 404) return notFound;
  if (status === 410) return { ...notFound, status, message: "The page at this address is gone." };
  return {
    ...notFound,
    status,
    code: codeOfStatus(status) ?? "status_by_rule",
    message: `This site answers this address with ${status}, and has no page for it.`,
  };
}

export const badHost: Page = {
  status: 400,
  code: "bad_request",
  message: "The request names no valid host.",
  hint: "Send one Host header with a hostname and, if need be, a port.",
  headers: { connection: "close" },
};

export const badPath = (reason: string): Page => ({
  status: 400,
  code: "bad_request",
  message: reason,
  hint: "Percent-encode the path as UTF-8, once.",
});

export const ALLOW = "GET, HEAD, OPTIONS";

export const methodNotAllowed: Page = {
  status: 405,
  code: "method_not_allowed",
  message: "Sites are read with GET and HEAD.",
  hint: "Send forms and other data to an API of your own.",
  headers: { allow: ALLOW },
};

/** What follows a CONNECT is not HTTP (RFC 9110 section 9.3.6), so the connection ends. */
export const connectNotAllowed: Page = { ...methodNotAllowed, headers: { allow: ALLOW, connection: "close" } };

export const notAcceptable: Page = {
  status: 406,
  code: "not_acceptable",
  message: "The file exists in no encoding that the request accepts.",
  hint: "Allow 'identity' in Accept-Encoding.",
};

export const preconditionFailed: Page = {
  status: 412,
  code: "precondition_failed",
  message: "The file is not the one that the request asks for.",
  hint: "Read it again without If-Match and If-Unmodified-Since.",
};

export const rangeNotSatisfiable = (sizeBytes: number): Page => ({
  status: 416,
  code: "range_not_satisfiable",
  message: "The file has no bytes in the range that was asked for.",
  hint: `Ask for bytes below ${sizeBytes}, its size.`,
  headers: { "content-range": `bytes */${sizeBytes}`, "accept-ranges": "bytes" },
});

/** What a visitor sees of a fault: its code, but no key and no path of the platform. */
export function fault(error: unknown): Page {
  const { code } = toErrorBody(error);
  if (error instanceof BerthError && error.status === 503) {
    return {
      status: 503,
      code,
      message: "The site can't be read at the moment.",
      hint: "Try again in a few seconds.",
      headers: { "retry-after": "5" },
    };
  }
  return {
    status: 500,
    code,
    message: "The site can't be shown.",
    hint: "Tell its owner; the platform's log has more.",
  };
}

const PLAIN = [
  "unauthorized",
  "forbidden",
  "method_not_allowed",
  "not_acceptable",
  "conflict",
  "payload_too_large",
] as const;

/** The code that says no more than the status does. */
function codeOfStatus(status: number): ErrorCode | undefined {
  return PLAIN.find((code) => ERROR_CODES[code].status === status);
}

/** What is no valid request, told as the client asked to be told, as far as that could be read. */
export function badRequest(fault: Pick<Page, "status" | "message" | "hint">, accept: string | null): Response {
  const request = new Request("http://localhost/", { headers: accept === null ? {} : { accept } });
  return pageResponse({ ...fault, code: codeOfStatus(fault.status) ?? "bad_request" }, takeKnownBody(request));
}

/** The platform's own answer, as HTML or, for a client that prefers it, as the API's error document. */
export function pageResponse(page: Page, request: Request): Response {
  const isJson = prefersJson(request.headers.get("accept"));
  const body = isJson
    ? JSON.stringify({ error: { code: page.code, message: page.message, hint: page.hint } })
    : html(page);
  const bytes = Buffer.from(body);
  const headers: Record<string, string> = {
    "content-type": isJson ? "application/json; charset=utf-8" : "text/html; charset=utf-8",
    "content-security-policy": POLICY,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
    vary: "Accept",
    "content-length": String(bytes.length),
    ...page.headers,
  };
  if (page.refreshSeconds !== undefined) headers["retry-after"] = String(page.refreshSeconds);
  const init = { status: page.status, headers };
  return request.method === "HEAD" ? new Response(null, init) : responseOf(request, init, new Body(bytes));
}

function html(page: Page): string {
  const refresh =
    page.refreshSeconds === undefined ? "" : `<meta http-equiv="refresh" content="${page.refreshSeconds}">`;
  const title = Bun.escapeHTML(page.message);
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
    `${refresh}<title>${title}</title><style>${STYLE}</style></head><body><main><p class="status">${page.status}</p>` +
    `<h1>${title}</h1><p>${Bun.escapeHTML(page.hint)}</p></main></body></html>\n`
  );
}

function prefersJson(accept: string | null): boolean {
  if (accept === null) return false;
  const json = weightOf(accept, /^application\/(?:(?:[\w.-]+\+)?json|\*)$/) ?? 0;
  return json > 0 && json > (weightOf(accept, /^text\/(?:html|\*)$/) ?? 0);
}
