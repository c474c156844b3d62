import { isIP } from "node:net";

/** Who sent a request, and how. */
export interface Client {
  /** undefined when it is not known. */
  address: string | undefined;
  /** What X-Forwarded-For said of those before that address, for whoever the request is passed on to. */
  before: string;
  /** Whether it came over TLS. */
  isSecure: boolean;
}

export const unknownClient = ({ url }: Request): Client => ({
  address: undefined,
  before: "",
  isSecure: url.startsWith("https:"),
});

/** What the platform sees by itself. */
interface Connection {
  /** The other end's. */
  address: string | undefined;
  isTls: boolean;
}

/**
 * Reads `X-Forwarded-For` and `X-Forwarded-Proto`, which anybody can send: they count as far as proxies that are trusted
 * wrote them. Each proxy puts the address that it saw at the end, so the list is read from its end; the first address
 * that is no trusted proxy's is the client's. Where a trusted one put something else, it is itself the last that is known.
 */
export function clientOf(
  { address, isTls }: Connection,
  headers: Pick<Headers, "get">,
  trusts: (address: string) => boolean,
): Client {
  const forwardedFor = headers.get("x-forwarded-for") ?? "";
  if (address === undefined || !trusts(address)) return { address, before: forwardedFor, isSecure: isTls };
  const entries = forwardedFor.split(",");
  let client = address;
  while (trusts(client)) {
    const next = addressIn(entries.at(-1));
    if (next === undefined) break;
    client = next;
    entries.pop();
  }
  const schemes = (headers.get("x-forwarded-proto") ?? "").toLowerCase().split(",");
  return { address: client, before: entries.join(",").trim(), isSecure: isTls || schemes.at(-1)!.trim() === "https" };
}

/** Some proxies write the port too, and brackets around an IPv6 address. */
function addressIn(entry: string | undefined): string | undefined {
  const text = entry?.trim() ?? "";
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  return isIP(bare) === 0 ? undefined : bare;
}
