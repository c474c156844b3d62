import { isIP } from "node:net";
import { isForeignPublicAddress } from "../model/addresses.ts";
import { BerthError } from "../model/errors.ts";
import { resolveByDns, resolveBySystem } from "../resolve-name.ts";

export interface OriginPolicy {
  /** Whether private, loopback and link-local addresses and the machine's own are let through. */
  privateAddresses?: boolean;
  /** This machine's. */
  ownAddresses?(): readonly string[];
  /** By default as getaddrinfo(3) does where private servers are let through, by DNS alone else. */
  resolve?: (host: string) => Promise<string[]>;
}

export interface Origin {
  url: URL;
  /** Checked; to be connected to without asking for the name again. */
  addresses: { address: string; family: 4 | 6 }[];
}

/**
 * Asks for a server's addresses once and checks each: a name that answers differently later gains nothing. One bad
 * address condemns the name, for that is how rebinding looks.
 * @throws BerthError `origin_refused`, `origin_unreachable`
 */
export async function pinOrigin(
  target: string,
  { privateAddresses = false, ownAddresses, resolve }: OriginPolicy,
): Promise<Origin> {
  const url = URL.canParse(target) ? new URL(target) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") {
    throw refused("The rewrite leads to something that is no http or https URL without a user name.");
  }
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const ask = resolve ?? (privateAddresses ? resolveBySystem : resolveByDns);
  const found = isIP(host) ? [host] : await ask(host).catch(() => []);
  if (found.length === 0) {
    throw new BerthError("origin_unreachable", "The name of the server behind this page is not known.", {
      hint: "Its owner finds the server in the site's rules.",
    });
  }
  const own = ownAddresses?.() ?? [];
  if (!privateAddresses && !found.every((address) => isForeignPublicAddress(address, own))) {
    throw refused("The server behind this page is at an address that is not a public one, or the platform's own.");
  }
  return { url, addresses: found.map((address) => ({ address, family: isIP(address) as 4 | 6 })) };
}

function refused(message: string): BerthError {
  return new BerthError("origin_refused", message, {
    hint: "Rewrites lead to public servers; the platform's operator can allow others with BERTH_PRIVATE_ORIGINS=yes.",
  });
}
