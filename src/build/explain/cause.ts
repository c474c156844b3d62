import type { ErrorCode } from "../../model/errors.ts";
import type { EgressPolicy, RunLimits } from "../../sandbox/sandbox.ts";

/** What is known of a command that failed. */
export interface FailedCommand {
  step: "install" | "build";
  /** As a person would type it. */
  command: string;
  exit: number | null;
  /** The end of its log, without colours. */
  lines: readonly string[];
  /** The same as one text. */
  text: string;
  refusedHosts: readonly string[];
  egress: EgressPolicy;
  /** URLs of default registries that the repository's files name. */
  registries?: readonly string[];
  limits: RunLimits;
  /** Name of the package manager. */
  manager: string;
  /** Full version of the Node that it ran on. */
  node: string;
}

/** Why it failed, as the end of a sentence ("The build failed: …"), and what to do about it. */
export interface Cause {
  what: string;
  next: string;
  /** The step's own code when absent. */
  code?: ErrorCode;
  /** The lockfile does not fit package.json, and the package manager was told to keep to it. */
  isStaleLockfile?: true;
}

/** Knows one kind of failure by what its log says. */
export type Explain = (failed: FailedCommand) => Cause | undefined;

/** A kind of failure that one pattern tells. */
export function told(pattern: RegExp, explain: (match: RegExpExecArray, failed: FailedCommand) => Cause): Explain {
  return (failed) => {
    const match = pattern.exec(failed.text);
    return match === null ? undefined : explain(match, failed);
  };
}

/** Names that a log holds go into an error only when they look like names. */
export function name(text: string | undefined): string {
  return (text ?? "")
    .replace(/[^\w@./:^~<>=|* +[\]-]/g, "")
    .trim()
    .slice(0, 100);
}
