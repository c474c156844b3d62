import type { ErrorCode } from "../model/errors.ts";

/** Where the form is sent. Reserved on protected hosts alone. */
export const UNLOCK_PATH = "/.berth/unlock";

interface Refusal {
  status: 401 | 413 | 429 | 503;
  code: ErrorCode;
  message: string;
  hint: string;
  retryAfterSeconds?: number;
}

export const asks: Refusal = {
  status: 401,
  code: "site_protected",
  message: "This site is protected.",
  hint: "Sign in with its password, or send its token as 'Authorization: Bearer'.",
};

export const wrong: Refusal = { ...asks, message: "That is not the password." };

export const tooMany = (seconds: number): Refusal => ({
  status: 429,
  code: "too_many_attempts",
  message: "Too many wrong passwords.",
  hint: `Try again in ${seconds} seconds.`,
  retryAfterSeconds: seconds,
});

export const busy: Refusal = {
  status: 503,
  code: "too_many_attempts",
  message: "Too many people sign in at the moment.",
  hint: "Try again in a few seconds.",
  retryAfterSeconds: 2,
};

export const tooLarge: Refusal = {
  status: 413,
  code: "payload_too_large",
  message: "The form is over its limit.",
  hint: "Send the password alone.",
};

const STYLE =
  ":root{color-scheme:light dark}body{font:16px/1.6 system-ui,sans-serif;margin:0;min-height:100vh;display:grid;" +
  "place-items:center;background:#fafafa;color:#18181b}main{width:min(22rem,100vw - 4rem);padding:2rem}h1{font-size:1.5rem;" +
  "line-height:1.3;margin:0 0 .5rem}p{margin:0 0 1.5rem;color:#52525b}label{display:block;font-weight:600;margin-bottom:.4rem}" +
  "input,button{font:inherit;box-sizing:border-box;width:100%;padding:.55rem .75rem;border-radius:.5rem;border:1px solid #a1a1aa}" +
  "button{margin-top:1rem;border:0;background:#18181b;color:#fafafa;font-weight:600;cursor:pointer}" +
  ":focus-visible{outline:3px solid #3b82f6;outline-offset:2px}@media(prefers-color-scheme:dark){body{background:#09090b;" +
  "color:#fafafa}p{color:#a1a1aa}input{background:#18181b;color:inherit;border-color:#52525b}button{background:#fafafa;color:#18181b}}";
const STYLE_HASH = new Bun.CryptoHasher("sha256").update(STYLE).digest("base64");
const POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`;

interface Asking {
  request: Request;
  /** Whether a password opens the host, or tokens alone. */
  takesPassword: boolean;
  /** Path and query on this host, for after the sign-in. */
  returnTo: string;
}

/**
 * What somebody without a key gets (RFC 9110 section 15.5.2): browsers that go to a page a form, everybody else the
 * API's error document.
 */
export function refuse(refusal: Refusal, { request, takesPassword, returnTo }: Asking): Response {
  const showsForm = isNavigation(request);
  const { code, message, hint, status, retryAfterSeconds } = refusal;
  const body = showsForm
    ? page(refusal, { takesPassword, returnTo })
    : JSON.stringify({ error: { code, message, hint } });
  const headers = new Headers({
    "content-type": showsForm ? "text/html; charset=utf-8" : "application/json; charset=utf-8",
    "content-security-policy": POLICY,
    "cache-control": "private, no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
    vary: "Accept, Sec-Fetch-Mode, Cookie, Authorization",
    "content-length": String(Buffer.byteLength(body)),
  });
  if (status === 401) headers.set("www-authenticate", 'Bearer realm="site"');
  if (retryAfterSeconds !== undefined) headers.set("retry-after", String(retryAfterSeconds));
  return new Response(request.method === "HEAD" ? null : body, { status, headers });
}

/** A HEAD gets what its GET would get (RFC 9110 section 9.3.2). */
function isNavigation({ method, headers }: Request): boolean {
  if (!["GET", "HEAD", "POST"].includes(method)) return false;
  const mode = headers.get("sec-fetch-mode");
  return (mode === null || mode === "navigate") && /\btext\/html\b/i.test(headers.get("accept") ?? "");
}

function page({ message, hint, status }: Refusal, { takesPassword, returnTo }: Omit<Asking, "request">): string {
  const title = Bun.escapeHTML(message);
  const form =
    `<form method="post" action="${UNLOCK_PATH}"><input type="hidden" name="return" value="${Bun.escapeHTML(returnTo)}">` +
    `<label for="password">Password</label><input id="password" name="password" type="password" required autofocus ` +
    `autocomplete="current-password" maxlength="200"><button>Sign in</button></form>`;
  const text =
    status !== 401 ? hint : takesPassword ? "Sign in with its password to see it." : "It is opened with a token alone.";
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
    `<title>${title}</title><style>${STYLE}</style></head><body><main><h1>${title}</h1><p>${Bun.escapeHTML(text)}</p>` +
    `${takesPassword ? form : ""}</main></body></html>\n`
  );
}
