import type { CertificateSet } from "./certificates.ts";
import { hostName, isBaseHost } from "./front-door.ts";

export interface HttpsRedirect {
  domain: string;
  /** As browsers see it. */
  port: number;
  certificates: CertificateSet;
}

/** Where certificate authorities look for the answer to a challenge (RFC 8555 section 8.3), in clear. */
const CHALLENGES = "/.well-known/acme-challenge/";

/**
 * Where a plain HTTP request is sent (308, so that method and body are kept): the same target over HTTPS, where a
 * certificate is valid for the host. The base domain's `/healthz` and the challenges of certificate authorities stay.
 * @returns undefined when the request is answered as it is
 */
export function httpsLocation(request: Request, { domain, port, certificates }: HttpsRedirect): string | undefined {
  const hostHeader = request.headers.get("host") ?? "";
  const host = hostName(hostHeader);
  if (!certificates.covers(host)) return undefined;
  const { pathname, search } = new URL(request.url);
  if (pathname.startsWith(CHALLENGES)) return undefined;
  if (pathname === "/healthz" && isBaseHost(hostHeader, domain)) return undefined;
  return `https://${host}${port === 443 ? "" : `:${port}`}${pathname}${search}`;
}

export function redirectTo(location: string): Response {
  return new Response(null, { status: 308, headers: { location, "cache-control": "no-store", "content-length": "0" } });
}
