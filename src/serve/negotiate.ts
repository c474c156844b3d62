import { ENCODINGS, type Encoding } from "../model/manifest.ts";
import { ownText } from "../model/own-text.ts";

/** What a client takes, by weight: one and the same object for the same header, as a rule. */
export type Accepted = Readonly<Record<Encoding | "identity", number>>;

/** Clients send few different headers, so each is read once. */
const read = new Map<string, Accepted>();
const READ_MAX = 256;
const IDENTITY_ONLY: Accepted = { br: 0, zstd: 0, gzip: 0, identity: 1 };

/**
 * Picks the encoding of a response by Accept-Encoding (RFC 9110 section 12.5.3): the highest weight among what there is,
 * then the platform's order br, zstd, gzip; identity when nothing else is asked for.
 * @returns undefined when nothing that exists is acceptable, which needs an explicit `identity;q=0` or `*;q=0`
 */
export function negotiate(
  header: string | null,
  available: Partial<Record<Encoding, unknown>> | undefined,
): Encoding | "identity" | undefined {
  return choose(acceptedBy(header), available);
}

/** Reads Accept-Encoding; null: not sent. */
export const acceptedBy = (header: string | null): Accepted => (header === null ? IDENTITY_ONLY : weightsOf(header));

/** As `negotiate`. */
export function choose(
  weights: Accepted,
  available: Partial<Record<Encoding, unknown>> | undefined,
): Encoding | "identity" | undefined {
  let best: Encoding | "identity" | undefined;
  let bestWeight = 0;
  if (available !== undefined) {
    for (const encoding of ENCODINGS) {
      if (available[encoding] === undefined || weights[encoding] <= bestWeight) continue;
      best = encoding;
      bestWeight = weights[encoding];
    }
  }
  return weights.identity > bestWeight ? "identity" : best;
}

function weightsOf(header: string): Accepted {
  const known = read.get(header);
  if (known !== undefined) return known;
  const weights = readWeights(header);
  if (read.size >= READ_MAX) read.clear();
  if (header.length <= 200) read.set(ownText(header), weights);
  return weights;
}

function readWeights(header: string): Accepted {
  const given = new Map<string, number>();
  for (const part of header.toLowerCase().split(",")) {
    const [rawName = "", ...parameters] = part.split(";");
    const name = rawName.trim() === "x-gzip" ? "gzip" : rawName.trim();
    if (name !== "") given.set(name, weightIn(parameters));
  }
  const rest = given.get("*");
  // Identity is acceptable unless refused, but below everything that was named.
  const identity = given.get("identity") ?? (rest === 0 ? 0 : Number.MIN_VALUE);
  const weightOf = (encoding: Encoding) => given.get(encoding) ?? rest ?? 0;
  return { br: weightOf("br"), zstd: weightOf("zstd"), gzip: weightOf("gzip"), identity };
}

function weightIn(parameters: readonly string[]): number {
  for (const parameter of parameters) {
    const match = /^\s*q\s*=\s*(\d(?:\.\d{0,3})?|\.\d{1,3})\s*$/.exec(parameter);
    if (match) return Math.min(1, Number(match[1]));
    if (/^\s*q\s*=/.test(parameter)) return 0;
  }
  return 1;
}
