import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createMasker } from "./mask.ts";

const masked = (secrets: string[], text: string) => createMasker(secrets).mask(text);
const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("forms of a secret", () => {
  const secret = 'pa"ss/wörd&<+> 1';
  test.each([
    ["as it is", `key=${secret};`, "key=***;"],
    ["twice, touching", secret + secret, "***"],
    ["in a URL", `?k=${encodeURIComponent(secret)}&x`, "?k=***&x"],
    ["in a form", `k=${encodeURIComponent(secret).replaceAll("%20", "+")}&x`, "k=***&x"],
    ["in JSON", JSON.stringify({ secret }), '{"secret":"***"}'],
    ["in HTML", `<p title="pa&quot;ss/wörd&amp;&lt;+&gt; 1">`, `<p title="***">`],
    ["in base64", `Basic ${base64(secret)}`, expect.stringMatching(/^Basic \*\*\*.{0,4}$/)],
    ["in base64 behind one byte", `Basic ${base64(`:${secret}`)}`, expect.stringMatching(/^Basic ..\*\*\*.{0,4}$/)],
    ["in base64 behind two", `Basic ${base64(`u:${secret}`)}`, expect.stringMatching(/^Basic ...\*\*\*.{0,4}$/)],
    ["in hexadecimal digits", `k=${Buffer.from(secret).toString("hex")}`, "k=***"],
    ["in large ones", Buffer.from(secret).toString("hex").toUpperCase(), "***"],
    ["in base64 for URLs", Buffer.from(secret).toString("base64url"), expect.stringMatching(/^\*\*\*.?$/)],
  ])("%s", (_, text, shown) => {
    expect(masked([secret], text)).toEqual(shown as string);
  });

  test("each line of a long value, and its base64 broken into lines", () => {
    const key = `-----BEGIN KEY-----\n${"QUJD".repeat(20)}\r\n  tail\nabc\n-----END KEY-----\n`;
    expect(masked([key], key.replaceAll("\r", ""))).toBe("***\n***\n  ***\nabc\n***\n");
    expect(masked([key], JSON.stringify(key))).toBe('"***"');
    for (const width of [64, 76]) {
      const lines = base64(key).match(new RegExp(`.{1,${width}}`, "g"))!;
      for (const line of lines.slice(0, -1)) expect(masked([key], line)).toBe("***");
    }
  });

  test("in small letters, as names of hosts are written, unless it is as short as a word", () => {
    expect(masked(["S3cret-Key"], "refused s3cret-key.example.com, S3cret-Key")).toBe("refused ***.example.com, ***");
    expect(masked(["Site-Ab"], "site-ab Site-Ab")).toBe("site-ab ***");
  });

  test.each([
    ["a colour", "pass\u001b[31mword\u001b[0m-1", "***\u001b[0m-1"],
    ["colours on every letter", [..."password"].map((letter) => `\u001b[1;3m${letter}`).join(""), "\u001b[1;3m***"],
    ["a move that the log does not make", "a pass\u009b5Cword b", "a *** b"],
    ["a control character", "pass\u0001wo\u0007rd", "***"],
    ["a link's address", "pass\u001b]8;;http://a.example\u0007word", "***"],
    ["a character without width", "pass\u200bword", "***"],
    ["an escape that was cut off", "pass\u001bword", "pass\u001bword"],
  ])("with %s in its midst", (_, text, shown) => {
    expect(masked(["password"], text)).toBe(shown);
  });

  test("secrets that overlap leave nothing of themselves", () => {
    expect(masked(["abcdef", "defghi"], "-abcdefghi-")).toBe("-***-");
    expect(masked(["abcd", "abcdefgh"], "-abcdefgh-")).toBe("-***-");
    expect(masked(["aaaa"], "baaaaaaab")).toBe("b***b");
  });

  test("a mask makes no other secret", () => {
    expect(masked(["a***b", "secret"], "asecretb")).toBe("***");
    expect(masked(["****"], "*******")).toBe("***");
  });

  test("without secrets nothing is changed or held back", () => {
    const masker = createMasker([]);
    expect(masker.mask("a *** b")).toBe("a *** b");
    expect(masker.cut("abc")).toBe(3);
  });
});

describe("any text", () => {
  const character = fc.constantFrom(...'ab*\n é"%+/=\\&😀'.match(/./gsu)!);
  const secret = fc
    .array(character, { minLength: 4, maxLength: 12 })
    .map((characters) => characters.join(""))
    .filter((text) => text.split(/[\r\n]+/).some((line) => line.trim().length >= 4));
  const secrets = fc.array(secret, { minLength: 1, maxLength: 4 });
  const piece = (values: string[]) =>
    fc.oneof(
      fc.constantFrom(...values),
      fc.string({ unit: character, maxLength: 6 }),
      fc.constantFrom(...values.map(base64)),
    );
  const textWith = secrets.chain((values) =>
    fc.record({
      values: fc.constant(values),
      text: fc.array(piece(values), { maxLength: 8 }).map((all) => all.join("")),
    }),
  );

  test("no secret is left in what is masked", () => {
    fc.assert(
      fc.property(textWith, ({ values, text }) => {
        const lines = text.split("\n").map(createMasker(values).mask).join("\n");
        for (const value of values) {
          expect(lines).not.toContain(value);
          expect(createMasker(values).mask(text)).not.toContain(value);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("no secret is seen in a text that is cut where it may be, however it comes", () => {
    fc.assert(
      fc.property(textWith, fc.infiniteStream(fc.integer({ min: 1, max: 9 })), ({ values, text }, sizes) => {
        const masker = createMasker(values);
        let [held, written] = ["", ""];
        for (let at = 0; at < text.length; ) {
          const size = sizes.next().value as number;
          held += text.slice(at, at + size);
          at += size;
          const cut = masker.cut(held);
          if (held.length > masker.reach) expect(cut).toBeGreaterThan(0);
          written += masker.mask(held.slice(0, cut));
          held = held.slice(cut);
        }
        written += masker.mask(held);
        for (const value of values.filter((value) => !value.includes("*"))) expect(written).not.toContain(value);
      }),
      { numRuns: 1000 },
    );
  });
});
