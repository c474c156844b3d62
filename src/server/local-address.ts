import { lookup } from "node:dns/promises";
import { isIP } from "node:net";

/** Listened on by all addresses of their family, and no address to connect to. */
const ANY: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

/**
 * Where the command line on this machine reaches what listens on `host`, fit for a URL. A name becomes an address, for
 * an address is the website's whatever its domain is.
 */
export async function localAddress(host: string): Promise<string> {
  const address = ANY[host] ?? (isIP(host) === 0 && host !== "localhost" ? (await lookup(host)).address : host);
  return isIP(address) === 6 ? `[${address}]` : address;
}
