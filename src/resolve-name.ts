import { lookup } from "node:dns/promises";
import { dns } from "bun";

/**
 * The addresses of a name that a stranger chose, by /etc/hosts and the servers of /etc/resolv.conf. getaddrinfo(3) asks
 * more, but holds a thread for as long as a server is silent: of the few threads that read every file of every site.
 */
export async function resolveByDns(host: string): Promise<string[]> {
  return (await dns.lookup(host, { backend: "c-ares" })).map(({ address }) => address);
}

/** The addresses of a name as the system knows it, by getaddrinfo(3). */
export async function resolveBySystem(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}
