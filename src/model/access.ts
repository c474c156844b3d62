import { BerthError } from "./errors.ts";

/** Which hosts of a project a key is for: all of them, all but production's, or those of one branch's deployments. */
export type Scope = "all" | "previews" | `branch:${string}`;

export const KINDS = ["password", "token"] as const;
export type ProtectionKind = (typeof KINDS)[number];

/** One key to a project's hosts. */
export interface Protection {
  /** Drawn anew whenever a password is set, so that cookies of the one before are worth nothing. */
  id: string;
  scope: Scope;
  kind: ProtectionKind;
  /** argon2id of a password in PHC form; SHA-256 of a token in hexadecimal. */
  hash: string;
  /** ISO 8601, UTC. */
  createdAt: string;
}

/** What may be shown of it. */
export type ProtectionView = Omit<Protection, "hash">;

/** The keys of one project, stored as `access/<project>`; without the object every host is open. */
export interface Access {
  version: 1;
  /** What sign-in cookies are signed with: 32 random bytes in base64. */
  cookieKey: string;
  protections: Protection[];
}

/** What of a host decides whether it is protected. */
export interface Door {
  /** The project's own host or a custom domain. */
  isProduction: boolean;
  /** Of the deployment that it shows. */
  branch: string | null;
}

const PROTECTIONS_MAX = 40;
const PASSWORD = { least: 8, most: 200 };

/**
 * The keys that open a door; it is open to all when there are none. Production's own host asks for a key of `all`
 * alone: it must not close because of the branch that is shown there.
 */
export function protectionsOf({ protections }: Access, { isProduction, branch }: Door): Protection[] {
  return protections.filter(({ scope }) => {
    if (scope === "all") return true;
    return !isProduction && (scope === "previews" || (branch !== null && scope === `branch:${branch}`));
  });
}

/** @throws BerthError `protection_invalid` */
export function parseScope(text: string): Scope {
  if (text === "all" || text === "previews") return text;
  const branch = /^branch:(.{1,200})$/.exec(text)?.[1];
  if (branch !== undefined && !/[\s\u0000-\u001f\u007f]/.test(branch)) return `branch:${branch}`;
  throw new BerthError("protection_invalid", "The scope is none of all, previews and branch:NAME.", {
    hint: "Give --scope all, --scope previews or, for one branch, --scope branch:NAME.",
  });
}

/**
 * The one form of a password that is hashed and checked: keyboards write one letter in several ways.
 * @throws BerthError `protection_invalid`, without the password
 */
export function parsePassword(text: string): string {
  const { least, most } = PASSWORD;
  const password = normalPassword(text);
  const isFit = password.length >= least && password.length <= most && password.trim() === password;
  if (isFit && !/[\u0000-\u001f\u007f]/.test(password)) return password;
  throw new BerthError(
    "protection_invalid",
    `A password has ${least} to ${most} characters, no control character, and no space at its ends.`,
    { hint: "Choose another one." },
  );
}

export const normalPassword = (text: string): string => text.normalize("NFC");

/**
 * Adds a key. A scope has one password, which the new one replaces, and any number of tokens.
 * @throws BerthError `protection_invalid` when there are too many
 */
export function withProtection(access: Access, added: Protection): Access {
  const kept = access.protections.filter(
    ({ scope, kind }) => added.kind !== "password" || kind !== "password" || scope !== added.scope,
  );
  if (kept.length >= PROTECTIONS_MAX) {
    throw new BerthError("protection_invalid", `A project has at most ${PROTECTIONS_MAX} passwords and tokens.`, {
      hint: "Remove one that is not used any more: berth protect rm",
    });
  }
  return { ...access, protections: [...kept, added] };
}

/** @throws BerthError `protection_not_found` */
export function withoutProtection(access: Access | undefined, id: string): Access {
  const kept = access?.protections.filter((each) => each.id !== id) ?? [];
  if (access !== undefined && kept.length < access.protections.length) return { ...access, protections: kept };
  throw new BerthError("protection_not_found", `The project has no password or token '${id}'.`, {
    hint: "'berth protect ls' lists them.",
  });
}
