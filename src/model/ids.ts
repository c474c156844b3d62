import { customAlphabet } from "nanoid";

declare const brand: unique symbol;
type Branded<T, Name> = T & { readonly [brand]: Name };

/** 20 characters of `0-9a-z`, the first a letter: about 100 random bits, and a DNS label as it stands. */
export type DeploymentId = Branded<string, "DeploymentId">;
/** Lower-case hexadecimal SHA-256, 64 characters. */
export type Sha256 = Branded<string, "Sha256">;

const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const firstLetter = customAlphabet(LETTERS, 1);
const rest = customAlphabet(`0123456789${LETTERS}`, 19);

export function newDeploymentId(): DeploymentId {
  return `${firstLetter()}${rest()}` as DeploymentId;
}

export function isDeploymentId(text: string): text is DeploymentId {
  return /^[a-z][0-9a-z]{19}$/.test(text);
}

export function isSha256(text: string): text is Sha256 {
  return /^[0-9a-f]{64}$/.test(text);
}

export function sha256(bytes: Uint8Array | string): Sha256 {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex") as Sha256;
}
