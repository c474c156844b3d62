import { plainLines } from "./explain/log-lines.ts";

/**
 * Tells, line by line, what a command prints that says nothing of the build: npm's help, some hundred lines after each
 * refused `npm ci`, and its warnings of variables that are pnpm's own, the platform's among them.
 */
export function needlessLines(): (line: string) => boolean {
  let isHelp = false;
  return (line) => {
    const plain = plainLines([line])[0] ?? "";
    if (/^npm warn Unknown env config\b/i.test(plain)) return true;
    const said = /^npm (?:error|ERR!) ?(.*)$/.exec(plain)?.[1];
    if (said === undefined) isHelp = false;
    else if (said === "Usage:") isHelp = true;
    if (!isHelp) return false;
    isHelp = !/^Run "npm help/.test(said!);
    return true;
  };
}
