import { BerthError } from "../../model/errors.ts";
import type { RuleOrigin } from "../../model/routes.ts";

/** A rule that can't be used, and why. */
export interface RuleFault extends RuleOrigin {
  /** A sentence without its full stop. */
  reason: string;
  /** The site is served right without it: it is told, and fails nothing. */
  isHarmless?: boolean;
  /** It comes with an output that a server is to complete. */
  isOfServer?: boolean;
}

/** Thrown by a parser for the rule that it is at; caught for each rule, so that one run names all faults. */
export class BadRule extends Error {}
/** Of a rule that the site can do without. */
export class NeedlessRule extends BadRule {}
/** Of a rule that leaves all pages to a server: most often a framework's adapter has written it, and no person. */
export class ServerRule extends BadRule {}

const MAX_SHOWN = 20;

/** Runs `parse` and notes its fault. */
export function noting<T>(faults: RuleFault[], origin: RuleOrigin, parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof BadRule)) throw error;
    faults.push({
      ...{ ...origin, reason: error.message },
      ...(error instanceof NeedlessRule && { isHarmless: true }),
      ...(error instanceof ServerRule && { isOfServer: true }),
    });
    return undefined;
  }
}

/** One line for each fault; of many the first, and how many there are. */
export function faultLines(faults: readonly RuleFault[]): string[] {
  const lines = faults.slice(0, MAX_SHOWN).map(({ file, line, reason }) => `${file} line ${line}: ${reason}.`);
  if (faults.length > MAX_SHOWN) lines.push(`${faults.length - MAX_SHOWN} more rules have faults.`);
  return lines;
}

/** @param howToWritePages of the site's framework, for an output that its server was to complete */
export function rulesInvalid(faults: readonly RuleFault[], howToWritePages: string | null = null): BerthError {
  const way = howToWritePages !== null && faults.some(({ isOfServer }) => isOfServer) ? `${howToWritePages} ` : "";
  return new BerthError("rules_invalid", faultLines(faults).join(" "), {
    hint: `${way}Mend or remove what is named, or deploy without it: berth projects set NAME rules=warn`,
  });
}

/** A piece of a file, fit for a message. */
export function quoted(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return `'${short.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, "?")}'`;
}
