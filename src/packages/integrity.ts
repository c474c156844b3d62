import type { Dist } from "./packument.ts";

const ALGORITHMS = ["sha512", "sha384", "sha256", "sha1"] as const;
type Algorithm = (typeof ALGORITHMS)[number];

/** Hashes bytes as they pass, by every algorithm that a registry may name. */
export class IntegrityCheck {
  private readonly hashers = new Map(ALGORITHMS.map((name) => [name, new Bun.CryptoHasher(name)] as const));

  update(bytes: Uint8Array): void {
    for (const hasher of this.hashers.values()) hasher.update(bytes);
  }

  /** Whether the bytes were those that the registry names, by the strongest hash that it gives. Called once. */
  matches({ integrity, shasum }: Pick<Dist, "integrity" | "shasum">): boolean {
    const wanted = expectedDigests(integrity, shasum);
    const digests = new Map<Algorithm, string>();
    for (const [name, hasher] of this.hashers) digests.set(name, hasher.digest("base64"));
    const strongest = ALGORITHMS.find((name) => wanted.some(([algorithm]) => algorithm === name));
    if (strongest === undefined) return false;
    return wanted.some(([algorithm, digest]) => algorithm === strongest && digest === digests.get(algorithm));
  }
}

function expectedDigests(integrity: string | undefined, shasum: string | undefined): [algorithm: string, string][] {
  const listed = (integrity ?? "").split(/\s+/).flatMap((text): [string, string][] => {
    const match = /^(sha\d+)-([A-Za-z0-9+/]+=*)(\?.*)?$/.exec(text);
    return match === null ? [] : [[match[1]!, match[2]!]];
  });
  if (listed.length > 0 || !/^[0-9a-f]{40}$/i.test(shasum ?? "")) return listed;
  return [["sha1", Buffer.from(shasum!, "hex").toString("base64")]];
}
