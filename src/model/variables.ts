import { BerthError } from "./errors.ts";
import type { Trust } from "./trust.ts";

/** `all`: of every build; the other two of builds of that trust, where they go before `all`. */
export const CONTEXTS = ["all", "production", "preview"] as const;
export type Context = (typeof CONTEXTS)[number];

/** What names a variable of a project, and what its encryption is bound to. */
export interface VariablePlace {
  name: string;
  context: Context;
}

/** A declared variable as the API shows it. */
export interface Variable extends VariablePlace {
  /** Write-only: its value is shown nowhere, masked in logs and kept out of what is published. */
  secret: boolean;
  /** The install step gets it too, not the build alone. */
  install: boolean;
  /** null for a secret, and for a locked one. */
  value: string | null;
  /** It was encrypted with another key than the platform has now: its value is out of reach. */
  locked: boolean;
  /** ISO 8601, UTC. */
  updatedAt: string;
}

/** A declared variable with its value, for a build. */
export interface OpenVariable extends VariablePlace {
  secret: boolean;
  install: boolean;
  value: string;
}

/** A value is one string of an environment, whose whole size the kernel limits (execve(2), about 2 MB with arguments). */
export const VALUE_MAX_BYTES = 16 * 1024;
export const VARIABLES_MAX = 100;
/** Anything shorter stands in every log and every page by chance. */
export const SECRET_MIN_CHARACTERS = 4;
const NAME_MAX = 128;

/** Names that decide on how the wall's own programs run are the platform's alone. */
const KEPT = /^(PATH|HOME|LD_.*|GLIBC_.*|BASH_ENV|ENV|BERTH_.*|.*_proxy)$/i;
/**
 * What the C library takes from nobody but the caller of a program: the list of names that it drops for programs with
 * other rights than their caller's (glibc, sysdeps/generic/unsecvars.h), without TMPDIR.
 */
const KEPT_BY_LIBRARY =
  /^(GCONV_PATH|GETCONF_DIR|HOSTALIASES|LOCALDOMAIN|LOCPATH|MALLOC_.*|NIS_PATH|NLSPATH|RESOLV_.*|RES_OPTIONS|TZDIR)$/i;

const isKept = (name: string): boolean => KEPT.test(name) || KEPT_BY_LIBRARY.test(name);

/** Whether a declared variable or one of the repository's files may bear this name. */
export function isFreeName(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name) && !isKept(name);
}

/** @throws BerthError `variable_invalid` naming the variable and the reason, never the value */
export function assertVariable({ name, value, secret }: { name: string; value: string; secret: boolean }): void {
  assertName(name);
  if (value.includes("\0")) throw invalid(name, "its value holds a NUL character", "Encode it, as base64 for one.");
  if (!value.isWellFormed()) throw invalid(name, "its value is no Unicode text", "Encode it, as base64 for one.");
  if (new TextEncoder().encode(value).byteLength > VALUE_MAX_BYTES) {
    const hint = "Keep what is larger in a file of the repository, or let the build fetch it.";
    throw invalid(name, `its value is larger than ${VALUE_MAX_BYTES / 1024} KiB`, hint);
  }
  if (secret && !value.split(/[\r\n]+/).some((line) => line.trim().length >= SECRET_MIN_CHARACTERS)) {
    throw invalid(
      name,
      `a secret has at least ${SECRET_MIN_CHARACTERS} characters in a line: a shorter one can't be kept out of logs and pages`,
      "Take a longer secret, or set it without --secret when it may be seen.",
    );
  }
}

function assertName(name: string): void {
  if (!/^[A-Za-z_]\w*$/.test(name) || name.length > NAME_MAX) {
    throw new BerthError("variable_invalid", `'${name.slice(0, NAME_MAX)}' can't be the name of a variable.`, {
      hint: `Use letters, digits and _, not a digit first, at most ${NAME_MAX} characters.`,
    });
  }
  if (isKept(name)) {
    throw invalid(name, "the platform sets variables of this name itself", "Choose another name.");
  }
}

/**
 * The variables that a build of this trust gets, one of each name: the more specific context wins. A fork gets none.
 */
export function declaredFor<V extends VariablePlace>(variables: readonly V[], trust: Trust): V[] {
  if (trust === "fork") return [];
  const chosen = new Map<string, V>();
  for (const variable of variables) {
    if (variable.context === trust || (variable.context === "all" && !chosen.has(variable.name))) {
      chosen.set(variable.name, variable);
    }
  }
  return [...chosen.values()];
}

function invalid(name: string, reason: string, hint: string): BerthError {
  return new BerthError("variable_invalid", `'${name}' can't be set: ${reason}.`, { hint });
}
