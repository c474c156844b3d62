import { plainLines } from "./explain/log-lines.ts";

const NEEDLESS = /^npm warn Unknown env config\b|^warning You don't appear to have an internet connection\./i;

/**
 * Tells, line by line, what a command prints that says nothing of the build: npm's help, some hundred lines after each
 * refused `npm ci`, and its warnings of variables that are pnpm's own, the platform's among them; and that Yarn 1 sees no
 * network card, as there is none in a sandbox.
 */
export function needlessLines(): (line: string) => boolean {
  let isHelp = false;
  return (line) => {
    const plain = plainLines([line])[0] ?? "";
    if (NEEDLESS.test(plain)) return true;
    const said = /^npm (?:error|ERR!) ?(.*)$/.exec(plain)?.[1];
    if (said === undefined) isHelp = false;
    else if (said === "Usage:") isHelp = true;
    if (!isHelp) return false;
    isHelp = !/^Run "npm help/.test(said!);
    return true;
  };
}
