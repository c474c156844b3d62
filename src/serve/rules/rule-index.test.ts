import { expect, test } from "bun:test";
import fc from "fast-check";
import { compilePattern } from "../../model/route-pattern.ts";
import type { Pattern } from "../../model/routes.ts";
import { RuleIndex } from "./rule-index.ts";

const literal = fc.constantFrom("/", "/a", "/b/", "/a/b", "x", "-", "/a/b/c", "/x/");
const part = fc.oneof(
  literal,
  fc.constant({ one: "n" }),
  fc.constant({ rest: "r" }),
  fc.constantFrom({ group: "(?:/(a|b))?", name: "g" }, { group: "([^/]+?)", name: "h" }, { group: "(.*)", name: "i" }),
);
/** As parsers make them: a slash first, and never two literal parts in a row. */
const pattern: fc.Arbitrary<Pattern> = fc.array(part, { maxLength: 4 }).map((parts) => {
  const joined: Pattern = ["/"];
  for (const one of parts) {
    const last = joined.at(-1);
    if (typeof one === "string" && typeof last === "string")
      joined[joined.length - 1] = (last + one).replace(/\/{2,}/g, "/");
    else joined.push(one);
  }
  return joined;
});
const path = fc
  .array(fc.constantFrom("a", "b", "c", "x", "ab", "a-x", "xa"), { maxLength: 4 })
  .map((parts) => `/${parts.join("/")}`);

test("no rule that matches is left out, with a slash at the end or without", () => {
  fc.assert(
    fc.property(fc.array(pattern, { minLength: 1, maxLength: 6 }), path, fc.boolean(), (patterns, bare, hasSlash) => {
      const asked = hasSlash && bare !== "/" ? `${bare}/` : bare;
      const candidates = new RuleIndex(patterns).candidates(asked);
      expect([...candidates]).toEqual([...new Set(candidates)].sort((a, b) => a - b));
      for (const [number, one] of patterns.entries()) {
        const forms = [asked, hasSlash ? bare : `${bare}/`];
        const isMatch = forms.some((form) => compilePattern(one).match(form, { left: 100_000 }) !== undefined);
        if (isMatch) expect(candidates).toContain(number);
      }
    }),
    { numRuns: 3000 },
  );
});

test("thousands of rules leave nearly none to look at", () => {
  const patterns: Pattern[] = [];
  for (let n = 0; n < 2000; n += 1) {
    patterns.push([`/static/${n}`], [`/old/${n}/`, { one: "slug" }], ["/", { one: "lang" }, `/post-${n}`]);
    patterns.push([`/files-${n}-`, { rest: "splat" }], ["/", { rest: "splat" }, `/tail-${n}`]);
  }
  const index = new RuleIndex(patterns);
  expect(index.candidates("/about/team")).toEqual([]);
  expect(index.candidates("/en/post-77").length).toBe(1);
  expect(index.candidates("/deep/down/tail-5").length).toBe(1);
  expect(index.candidates("/files-12-x").length).toBe(1);
});
