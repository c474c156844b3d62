interface Bucket {
  left: number;
  at: number;
}

/**
 * Counts attempts in token buckets, one a key, in bounded memory: when there are too many keys, the one that was used
 * the longest time ago is forgotten.
 */
export class Attempts {
  private readonly buckets = new Map<string, Bucket>();

  constructor(
    private readonly options: { burst: number; refillMs: number; keysMax: number },
    private readonly now: () => number,
  ) {}

  /** Takes one attempt. @returns 0, or the seconds to wait when there is none left */
  take(key: string): number {
    const { burst, refillMs, keysMax } = this.options;
    const now = this.now();
    const before = this.buckets.get(key) ?? { left: burst, at: now };
    const left = Math.min(burst, before.left + Math.max(0, now - before.at) / refillMs);
    this.buckets.delete(key);
    this.buckets.set(key, { left: left >= 1 ? left - 1 : left, at: now });
    if (this.buckets.size > keysMax) this.buckets.delete(this.buckets.keys().next().value!);
    return left >= 1 ? 0 : Math.ceil(((1 - left) * refillMs) / 1000);
  }

  /** The attempt was a right one. */
  forget(key: string): void {
    this.buckets.delete(key);
  }

  get size(): number {
    return this.buckets.size;
  }
}

/** What tells clients apart: an IPv6 network of 64 bits is one household's, and so one client. */
export function clientKey(address: string | undefined): string {
  if (address === undefined) return "unknown";
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.toLowerCase().split("%")[0]!.split("::");
  const groups = head === "" ? [] : head.split(":");
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === "" ? 0 : tail.split(":").length);
  const full = [...groups, ...new Array<string>(Math.max(0, missing)).fill("0"), ...(tail ? tail.split(":") : [])];
  return `${full
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":")}::/64`;
}
