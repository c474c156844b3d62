import type { Context, MiddlewareHandler } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { checkToken, issueToken, spendToken } from "../database/tokens.ts";
import { BerthError } from "../model/errors.ts";
import type { ApiParts } from "./parts.ts";

/** RFC 6265bis section 4.1.3.2: a host beside the website's can set no cookie whose name begins so. */
const NAMES = { https: "__Host-berth_session", http: "berth_session" };
const SESSION_MS = 30 * 24 * 3_600_000;

export interface Caller {
  kind: "token" | "session";
  name: string;
}

export type ApiEnv = { Variables: { caller: Caller } };

/** Deny by default: a route behind this is reached with a token or a session only. */
export function requireCaller(parts: ApiParts): MiddlewareHandler<ApiEnv> {
  return async (context, next) => {
    const caller = await callerOf(parts, context);
    if (caller === undefined) {
      throw new BerthError("unauthorized", "This needs a valid token or a session.", {
        hint: "Open a sign-in link ('berth up' and 'berth open' print one), or send 'Authorization: Bearer <token>'.",
      });
    }
    if (caller.kind === "session") assertSameOrigin(context, parts);
    context.set("caller", caller);
    await next();
  };
}

/** A token in the header goes before a session in the cookie. */
export async function callerOf(parts: ApiParts, context: Context): Promise<Caller | undefined> {
  const bearer = /^Bearer ([\w-]{20,200})$/i.exec(context.req.header("authorization") ?? "")?.[1];
  if (bearer !== undefined) {
    const name = await checkToken(parts.database, "api", bearer);
    return name === undefined ? undefined : { kind: "token", name };
  }
  const session = getCookie(context, cookieName(parts));
  const name = session === undefined ? undefined : await checkToken(parts.database, "session", session);
  return name === undefined ? undefined : { kind: "session", name };
}

/**
 * A page of another origin, a hosted site among them, can make a browser send requests with our cookie. Browsers
 * name the origin on every request that is not a GET or HEAD (Fetch standard, "Origin header").
 */
function assertSameOrigin(context: Context, { baseUrl }: Pick<ApiParts, "baseUrl">): void {
  if (["GET", "HEAD"].includes(context.req.method)) return;
  const origin = context.req.header("origin");
  const host = context.req.header("host");
  if (isOwnOrigin({ origin, host, baseUrl })) return;
  throw new BerthError("forbidden", "The request comes from another site.", {
    hint: "Use the website itself, or a token.",
  });
}

/**
 * Whether a page of this origin is the website's. By whichever of its names it was asked for; but where the website has
 * HTTPS, a page of the same name that came in clear may be anybody's. Pure.
 */
export function isOwnOrigin(from: { origin: string | undefined; host: string | undefined; baseUrl: string }): boolean {
  const { origin, host, baseUrl } = from;
  if (origin === undefined || !URL.canParse(origin)) return false;
  const [page, base] = [new URL(origin), new URL(baseUrl)];
  const isInClear = page.host === base.host && base.protocol === "https:" && page.protocol !== "https:";
  return page.host === host && !isInClear;
}

/** Trades a one-time link for a session. @returns false when the link was used or has expired */
export async function signIn(parts: ApiParts, context: Context, secret: string): Promise<boolean> {
  if (!(await spendToken(parts.database, "sign-in", secret))) return false;
  const session = await issueToken(parts.database, { kind: "session", name: "owner", lifetimeMs: SESSION_MS });
  setCookie(context, cookieName(parts), session, { ...cookieOptions(parts), maxAge: SESSION_MS / 1000 });
  return true;
}

export async function signOut(parts: ApiParts, context: Context): Promise<void> {
  const session = getCookie(context, cookieName(parts));
  if (session !== undefined) await spendToken(parts.database, "session", session);
  setCookie(context, cookieName(parts), "", { ...cookieOptions(parts), maxAge: 0 });
}

export const cookieName = ({ baseUrl }: Pick<ApiParts, "baseUrl">): string =>
  baseUrl.startsWith("https:") ? NAMES.https : NAMES.http;

/** Never sent in clear where the website has HTTPS (RFC 6265 section 4.1.2.5). */
function cookieOptions({ baseUrl }: Pick<ApiParts, "baseUrl">) {
  return { httpOnly: true, sameSite: "Lax", path: "/", secure: baseUrl.startsWith("https:") } as const;
}

/** A link that signs in once, within a day. */
export async function newSignInLink({ database, baseUrl }: Pick<ApiParts, "database" | "baseUrl">): Promise<string> {
  const secret = await issueToken(database, { kind: "sign-in", name: "owner", lifetimeMs: 24 * 3_600_000 });
  return `${baseUrl}/sign-in?token=${secret}`;
}
