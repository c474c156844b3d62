import { expect, test } from "bun:test";
import { sanitize } from "./sanitize.ts";

const RESET = "\u001b[0m";

test("colours and weights stay and are closed at the end of the line", () => {
  expect(sanitize("\u001b[1;31mred\u001b[0m x", { color: true })).toBe(`\u001b[1;31mred\u001b[0m x${RESET}`);
  expect(sanitize("\u001b[38;5;8mgrey", { color: true })).toBe(`\u001b[38;5;8mgrey${RESET}`);
  expect(sanitize("\u001b[38;2;5;6;8;1mrgb", { color: true })).toBe(`\u001b[38;2;5;6;8;1mrgb${RESET}`);
});

test("blinking and hidden text is shown as it is", () => {
  expect(sanitize("\u001b[8mhidden", { color: true })).toBe("hidden");
  expect(sanitize("\u001b[31;8;05mred", { color: true })).toBe(`\u001b[31mred${RESET}`);
});

test.each([
  ["clear the screen", "a\u001b[2Jb", "ab"],
  ["move the cursor", "a\u001b[10;10Hb", "ab"],
  ["set the window's title", "a\u001b]0;evil\u0007b", "ab"],
  ["write the clipboard", "a\u001b]52;c;ZXZpbA==\u001b\\b", "ab"],
  ["a link", "\u001b]8;;http://evil.example\u001b\\text\u001b]8;;\u001b\\", "text"],
  ["a string that never ends", "a\u001b]0;evil", "a"],
  ["a device control string", "a\u001bP+q544e\u001b\\b", "ab"],
  ["the 8-bit forms", "a\u009b2Jb\u009d0;evil\u009cc", "abc"],
  ["private modes that look like colours", "a\u001b[?25lb\u001b[>4;1mc", "abc"],
  ["reset of the terminal", "a\u001bcb", "ab"],
  ["a switch of the character set", "a\u001b(0b", "ab"],
  ["a lone escape at the end", "a\u001b", "a"],
  ["a cut-off sequence", "a\u001b[31", "a"],
  ["bell, backspace and null", "a\u0007\b\u0000b", "ab"],
  ["a line break", "a\nb", "ab"],
  ["an overwritten line", "10%\r50%\r100%\r", "100%"],
  ["reordered text", "a\u202eb\u2066c", "abc"],
  ["an escape made by removing another", "a\u001b\u0000[2Jb", "a[2Jb"],
])("no %s", (_, text, expected) => {
  expect(sanitize(text, { color: true })).toBe(expected);
  expect(sanitize(text, { color: false })).toBe(expected);
});

test("tabs and other scripts stay; without colour nothing of it is left", () => {
  expect(sanitize("\tgrün ✓ 日本", { color: true })).toBe("\tgrün ✓ 日本");
  expect(sanitize("\u001b[1;31mred\u001b[0m", { color: false })).toBe("red");
});
