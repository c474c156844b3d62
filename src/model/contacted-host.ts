/** A host that a build asked for, by its egress. */
export interface ContactedHost {
  host: string;
  port: number;
  /** Bytes from the build to the host, and back; TLS included. */
  sentBytes: number;
  receivedBytes: number;
  /** By the egress policy. A name that answered differently may have been refused in one try and reached in another. */
  refused: boolean;
}

/** The hosts of several runs as of one; order of the first try. */
export function sumContacted(runs: readonly (readonly ContactedHost[])[]): ContactedHost[] {
  const sums = new Map<string, ContactedHost>();
  for (const contact of runs.flat()) {
    const key = `${contact.host}:${contact.port}`;
    const sum = sums.get(key);
    if (sum === undefined) {
      sums.set(key, { ...contact });
      continue;
    }
    sum.sentBytes += contact.sentBytes;
    sum.receivedBytes += contact.receivedBytes;
    sum.refused ||= contact.refused;
  }
  return [...sums.values()];
}
