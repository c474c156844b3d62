import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { LinearRegex, MAX_INPUT, RegexFault } from "./match.ts";

const match = (regex: string, text: string, left = 10_000_000) => new LinearRegex(regex).match(text, { left });

describe("the same answers and captures as the runtime's own expressions", () => {
  test.each([
    ["/((?!api/).*)", ["/api/x", "/about", "/apix", "/", ""]],
    ["/((?!api|_next/static|favicon\\.ico$).*)", ["/api", "/favicon.ico", "/favicon.icon", "/_next/x", "/a/b"]],
    ["/(\\d{1,})/(\\w+)", ["/1/a", "/12/ab_", "/a/1", "/1/"]],
    ["/post-(.*?)-(.*)", ["/post-a-b-c", "/post--", "/post-a"]],
    ["(?:a|ab)(c|bcd)(d*)", ["abcd", "acd", "abc"]],
    ["(?=.*\\d)(?=.*[a-z])[a-z\\d]{3,6}", ["abc", "ab1", "a1", "123456", "abcde1f"]],
    ["(?!(?!a))a+", ["a", "aa", "b"]],
    ["[^/]+?(?:/[^/]+?)*", ["a", "a/b", "a//b", "/a"]],
    ["[\\w.-]+@[\\w-]+\\.com", ["a.b-c@d.com", "a@b"]],
    ["\\bfoo\\b.*", ["foo bar", "food"]],
    ["()|(a)+", ["", "aaa"]],
    ["(?<lang>en|de)/(?<rest>.*)", ["en/x", "fr/x", "de/"]],
    ["(?:)*x{0}y{2}", ["yy", "y"]],
    ["[\\]\\-a]+", ["a]-", "b"]],
    ["\\u0041\\x42\\n", ["AB\n"]],
    ["[\\D\\d]*", ["any\nthing"]],
  ])("%s", (regex, texts) => {
    for (const text of texts) {
      const own = match(regex, text);
      const native = new RegExp(`^(?:${regex})$`).exec(text);
      expect([text, own]).toEqual([text, native ? native.slice(1) : undefined] as [string, typeof own]);
    }
  });
});

const piece = fc.constantFrom(
  "a",
  "b",
  ".",
  "[ab]",
  "[^a]",
  "\\w",
  "a?",
  "b*",
  "a+",
  "(?:a|b)",
  "(a)",
  "(?=a)",
  "(?!b)",
);
const joined = fc.array(piece, { maxLength: 6 }).map((parts) => parts.join(""));
const wrapped = fc.oneof(
  joined,
  fc.tuple(joined, joined).map(([one, two]) => `(?:${one}|${two})*${one}`),
);

test("random expressions agree with the runtime's own on whether they match", () => {
  fc.assert(
    fc.property(wrapped, fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 8 }), (regex, text) => {
      expect(match(regex, text) !== undefined).toBe(new RegExp(`^(?:${regex})$`).test(text));
    }),
    { numRuns: 2000 },
  );
});

test("what makes others backtrack without end takes a bounded number of steps", () => {
  const hostile = [
    "(a+)+",
    "(a|a)*",
    "(.*)*x",
    "(.*a){12}",
    "(?!(a+)+$).*",
    "(?:(?=(a*)*b).)*",
    ".*.*.*.*=.*",
    "(a?){50}a{50}",
  ];
  for (const regex of hostile) {
    const work = { left: 100_000_000 };
    new LinearRegex(regex).match(`${"a".repeat(MAX_INPUT - 1)}!`, work);
    expect([regex, 100_000_000 - work.left < 8_000_000]).toEqual([regex, true]);
  }
});

test("work that is used up, and a text that is too long, match nothing", () => {
  expect(match(".*", "abc", 3)).toBeUndefined();
  expect(match(".*", "a".repeat(MAX_INPUT + 1))).toBeUndefined();
});

test.each([
  "(",
  ")",
  "[",
  "a**",
  "*",
  "(?<=a)b",
  "(a)\\1",
  "a{2,1}",
  "(?x)",
  "\\",
  "\\p{L}",
  "[b-a]",
  "a{999}a{999}",
  "(?:(?:(?:){9999}){9999}){9999}",
  "(".repeat(500),
])("%s is refused", (regex) => {
  expect(() => new LinearRegex(regex)).toThrow(RegexFault);
});

test("no text makes the parser fail otherwise", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."()[]{}|\\^$.*+?:!=<>-,ab01/") }), (text) => {
      try {
        new LinearRegex(text).match("ab/01", { left: 100_000 });
      } catch (error) {
        expect(error).toBeInstanceOf(RegexFault);
      }
    }),
    { numRuns: 2000 },
  );
});
