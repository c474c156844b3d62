import { timingSafeEqual } from "node:crypto";
import type { Access, Protection } from "../model/access.ts";

/** A week: long enough for a review, short enough for a machine that was lent. */
const LIFETIME_SECONDS = 7 * 24 * 3600;
/** Browsers keep `__Host-` for what came over HTTPS, for this host alone (RFC 6265bis section 4.1.3.2). */
const NAMES = { secure: "__Host-berth_access", plain: "berth_access" };
export const OWN_COOKIES: readonly string[] = Object.values(NAMES);

interface Granted {
  access: Access;
  host: string;
  nowMs: number;
}

/** The Set-Cookie that lets a browser in: for this host, this key and a week. */
export function signCookie(protection: Protection, { access, host, nowMs, isSecure }: Granted & { isSecure: boolean }) {
  const expires = Math.floor(nowMs / 1000) + LIFETIME_SECONDS;
  const value = `${protection.id}.${expires}.${signature(access, { host, id: protection.id, expires })}`;
  const name = isSecure ? NAMES.secure : NAMES.plain;
  return `${name}=${value}; Path=/; Max-Age=${LIFETIME_SECONDS}; HttpOnly; SameSite=Lax${isSecure ? "; Secure" : ""}`;
}

/** Whether one of the cookies was signed for this host by one of these keys, and still holds. */
export function hasValidCookie(
  header: string | null,
  protections: readonly Protection[],
  granted: Granted & { isSecure: boolean },
): boolean {
  if (header === null) return false;
  const name = granted.isSecure ? NAMES.secure : NAMES.plain;
  // A sibling host can set a cookie of the same name beside ours, so each is looked at.
  const values = header.split(";").map((part) => part.trim());
  return values.some((pair) => pair.startsWith(`${name}=`) && holds(pair.slice(name.length + 1), protections, granted));
}

function holds(value: string, protections: readonly Protection[], { access, host, nowMs }: Granted): boolean {
  const [, id, digits, given] = /^([\w-]{1,40})\.(\d{1,12})\.([\w-]{43})$/.exec(value) ?? [];
  if (id === undefined || given === undefined || !protections.some((each) => each.id === id)) return false;
  const expires = Number(digits);
  if (expires <= nowMs / 1000) return false;
  return isSame(given, signature(access, { host, id, expires }));
}

function signature(access: Access, { host, id, expires }: { host: string; id: string; expires: number }): string {
  const hasher = new Bun.CryptoHasher("sha256", Buffer.from(access.cookieKey, "base64"));
  return hasher.update(`berth access\n${host}\n${id}\n${expires}`).digest("base64url");
}

/** In a time that does not depend on where they differ; their lengths are no secret. */
export function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** A Cookie header without the platform's own cookies; undefined when nothing is left. */
export function withoutOwnCookies(header: string): string | undefined {
  const kept = header
    .split(";")
    .map((part) => part.trim())
    .filter((pair) => pair !== "" && !OWN_COOKIES.includes(pair.split("=")[0]!.trim()));
  return kept.length === 0 ? undefined : kept.join("; ");
}
