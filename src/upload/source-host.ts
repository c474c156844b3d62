import { isForeignPublicAddress } from "../model/addresses.ts";
import { BerthError } from "../model/errors.ts";
import type { PinnedHost } from "../sandbox/sandbox.ts";

/** Name to addresses, as getaddrinfo(3) does. */
export type Resolve = (host: string) => Promise<string[]>;

export interface RemoteHost {
  protocol: "http" | "https" | "ssh";
  user: string | undefined;
  /** Lower case, without brackets. */
  host: string;
  /** undefined: the protocol's own. */
  port: number | undefined;
}

/** Where a URL leads that `parseSource` has let through; undefined for a path. Pure. */
export function remoteHost(url: string): RemoteHost | undefined {
  if (url.startsWith("/")) return undefined;
  if (/^(https?|ssh):\/\//i.test(url)) {
    const { protocol, hostname, port, username } = new URL(url);
    const host = bare(hostname);
    const name = protocol.slice(0, -1) as RemoteHost["protocol"];
    return { protocol: name, user: username || undefined, host, port: port === "" ? undefined : Number(port) };
  }
  // git's scp-like form: [user@]host:path, the host in brackets when it is an IPv6 address.
  const [, user, host] = /^(?:([^@/]+)@)?(\[[^\]]+\]|[^:/]+):/.exec(url) ?? [];
  return host === undefined ? undefined : { protocol: "ssh", user, host: bare(host), port: undefined };
}

const bare = (host: string): string => host.replace(/^\[|\]$/g, "").toLowerCase();

export const defaultPort = { http: 80, https: 443, ssh: 22 };

interface PinOptions {
  /** Whether loopback, private and link-local addresses and this machine's own are let through. */
  privateAddresses: boolean;
  /** This machine's. */
  ownAddresses(): readonly string[];
  resolve: Resolve;
}

/**
 * Asks for a host's addresses once and checks each: a name that answers differently later gains nothing.
 * @throws BerthError `source_unreachable` when the name is unknown, `source_private` when an address is not public
 */
export async function pinHost(
  { host, port }: { host: string; port: number },
  { privateAddresses, ownAddresses, resolve }: PinOptions,
): Promise<PinnedHost> {
  const addresses = await resolve(host).catch((cause: unknown) => {
    throw new BerthError("source_unreachable", `The name '${host}' could not be resolved.`, {
      hint: "Check the URL, and that the platform's machine resolves names; then deploy again.",
      cause,
    });
  });
  // One bad address condemns the name: it is how rebinding looks.
  const own = privateAddresses ? [] : ownAddresses();
  if (privateAddresses || addresses.every((address) => isForeignPublicAddress(address, own))) {
    return { host, port, addresses };
  }
  throw new BerthError(
    "source_private",
    `'${host}' is at an address that is not a public one, or this machine's own.`,
    {
      hint: "Private, loopback and link-local addresses and the platform's own are refused; the platform's operator can allow them with BERTH_PRIVATE_SOURCES=yes.",
    },
  );
}
