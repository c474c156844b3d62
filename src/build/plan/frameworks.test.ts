import { expect, test } from "bun:test";
import { join } from "node:path";
import { FRAMEWORKS, NOT_BUILT } from "./frameworks.ts";

/** The detection library's own list, which it does not export. */
const list = join(import.meta.dir, "../../../node_modules/@netlify/build-info/lib/frameworks/index.js");
const { frameworks } = (await import(list)) as { frameworks: (new (...parts: unknown[]) => { id: string })[] };
const theirs = frameworks.map((Framework) => new Framework({ fs: {} }, "/").id);

test("every framework that the detection library knows has a rule, or a reason why not", () => {
  expect(theirs.length).toBeGreaterThan(50);
  expect(theirs.filter((id) => !Object.hasOwn(FRAMEWORKS, id) && !Object.hasOwn(NOT_BUILT, id))).toEqual([]);
});

test("no rule is for nothing: the library detects it, or we do by its packages", () => {
  const unseen = Object.entries(FRAMEWORKS).filter(([id, { packages }]) => !theirs.includes(id) && !packages);
  expect(unseen.map(([id]) => id)).toEqual([]);
  expect(Object.keys(NOT_BUILT).filter((id) => !theirs.includes(id))).toEqual([]);
});

test("what can make a server says how it makes files", () => {
  const silent = Object.entries(FRAMEWORKS).filter(
    ([, { server, hint }]) => server !== undefined && hint === undefined,
  );
  expect(silent.map(([id]) => id)).toEqual([]);
});
