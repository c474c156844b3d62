import { dns } from "bun";

/**
 * The addresses of a name that a stranger chose, by /etc/hosts and the servers of /etc/resolv.conf. getaddrinfo(3) asks
 * more, but holds a thread for as long as a server is silent: of the few threads that read every file of every site.
 */
export async function resolveName(host: string): Promise<string[]> {
  return (await dns.lookup(host, { backend: "c-ares" })).map(({ address }) => address);
}
