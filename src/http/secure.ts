import { createSecureContext } from "node:tls";

/** A certificate with its key, in PEM form; the one without a name is shown to whoever names none that is known. */
export interface ServerCertificate {
  /** Lower-cased; one that begins with `*.` stands for one label more (RFC 6125 section 6.4.3). */
  serverName?: string;
  cert: string;
  key: string;
}

/** RFC 7301: as they are preferred, each behind its length. */
const PROTOCOLS = Buffer.from("\x02h2\x08http/1.1", "latin1");

/** What the runtime's listener takes for TLS. */
export interface Secure {
  tls: Bun.TLSOptions;
  /** Asked with the name that a client wants to speak to. */
  serverName(listener: unknown, name: string | undefined): unknown;
}

/** @param certificates with one that has no name */
export function securing(certificates: readonly ServerCertificate[]): Secure {
  const { cert, key } = certificates.find(({ serverName }) => serverName === undefined)!;
  const made = new Map<string, unknown>();
  const contexts = new Map<string, unknown>();
  for (const { serverName, cert, key } of certificates) {
    // Bun 1.4.5's listener wants its own kind of context, which is what is inside of Node's.
    if (!made.has(cert)) made.set(cert, createSecureContext({ cert, key }).context);
    if (serverName !== undefined) contexts.set(serverName, made.get(cert));
  }
  return {
    tls: { cert, key, ALPNProtocols: PROTOCOLS },
    serverName(_listener, name = "") {
      const asked = name.toLowerCase().replace(/\.$/, "");
      const dot = asked.indexOf(".");
      return contexts.get(asked) ?? (dot > 0 ? contexts.get(`*${asked.slice(dot)}`) : undefined);
    },
  };
}
