import { expect, test } from "bun:test";
import { needlessLines } from "./needless-lines.ts";

const kept = (lines: readonly string[]) => {
  const isNeedless = needlessLines();
  return lines.filter((line) => !isNeedless(line));
};

test("npm's help goes, and what stands around it stays", () => {
  const before = ["npm error code EUSAGE", "npm error Missing: left-pad@1.3.0 from lock file", "npm error"];
  const help = ["npm error Usage:", "npm error npm ci", "npm error", "npm error Options:", "npm error   --dry-run"];
  const last = 'npm error Run "npm help ci" for more info';
  const after = ["npm error A complete log of this run can be found in: /x.log", "added 3 packages"];
  expect(kept([...before, ...help, last, ...after])).toEqual([...before, ...after]);
});

test("coloured, older and cut short it is known, too", () => {
  const coloured = (text: string) => `\u001b[1mnpm\u001b[22m \u001b[31merror\u001b[39m ${text}`;
  expect(kept([coloured("Usage:"), coloured("npm ci"), "> build", coloured("code 1")])).toEqual([
    "> build",
    coloured("code 1"),
  ]);
  expect(kept(["npm ERR! Usage:", "npm ERR! npm ci", "npm ERR! ", 'npm ERR! Run "npm help ci" for more info'])).toEqual(
    [],
  );
});

test("warnings of variables that npm does not know go, those of files stay", () => {
  const ofFile = 'npm warn Unknown project config "shamefully-hoist". This will stop working.';
  expect(kept(['npm warn Unknown env config "verify-deps-before-run".', ofFile])).toEqual([ofFile]);
});

test("that Yarn 1 sees no network card goes, its other warnings stay", () => {
  const other = "warning package.json: No license field";
  const none = "warning You don't appear to have an internet connection. Try the --offline flag to use the cache.";
  expect(kept([none, `\u001b[33m${none}\u001b[39m`, other])).toEqual([other]);
});
