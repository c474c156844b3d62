import { expect, test } from "bun:test";
import type { BerthError } from "./errors.ts";
import { assertVariable, type Context, declaredFor, isFreeName, VALUE_MAX_BYTES } from "./variables.ts";

test.each([
  ["API_KEY", true],
  ["_x9", true],
  ["npm_config_registry", true],
  ["PATHS", true],
  ["9A", false],
  ["A-B", false],
  ["A B", false],
  ["", false],
  ["PATH", false],
  ["path", false],
  ["HOME", false],
  ["LD_PRELOAD", false],
  ["BERTH_DATA", false],
  ["HTTPS_PROXY", false],
  ["no_proxy", false],
  ["BASH_ENV", false],
  ["GCONV_PATH", false],
  ["LOCPATH", false],
  ["NLSPATH", false],
  ["HOSTALIASES", false],
  ["RESOLV_HOST_CONF", false],
  ["RES_OPTIONS", false],
  ["MALLOC_TRACE", false],
  ["malloc_trace", false],
  ["TZ", true],
  ["TMPDIR", true],
  ["NODE_OPTIONS", true],
])("the name %p is free: %p", (name, free) => {
  expect(isFreeName(name)).toBe(free);
  const set = () => assertVariable({ name, value: "value", secret: false });
  if (free) set();
  else expect(set).toThrow(expect.objectContaining({ code: "variable_invalid" }));
});

test.each([
  ["a NUL", "a\0b", false],
  ["half a character", "x\ud800", false],
  ["too much", "é".repeat(VALUE_MAX_BYTES / 2 + 1), false],
  ["a short secret", "abc", true],
  ["an empty secret", "", true],
  ["a secret of short lines", "ab\ncd\r\nefg", true],
  ["a secret of spaces", "      ", true],
])("%s is refused without being told", (_, value, secret) => {
  let told = { code: "", message: "", hint: "" };
  try {
    assertVariable({ name: "KEY", value, secret });
  } catch (error) {
    told = (error as BerthError).toBody();
  }
  expect(told).toMatchObject({ code: "variable_invalid", message: expect.stringContaining("KEY") });
  if (value.trim() !== "") expect(told.message + told.hint).not.toContain(value);
});

test("plain values may be short, and a secret's line of four characters is enough", () => {
  assertVariable({ name: "KEY", value: "", secret: false });
  assertVariable({ name: "KEY", value: "a\nabcd", secret: true });
  assertVariable({ name: "KEY", value: "x".repeat(VALUE_MAX_BYTES), secret: true });
});

test("the more specific context wins, in whatever order they come; a fork gets none", () => {
  const variable = (name: string, context: Context) => ({ name, context });
  const variables = [
    variable("A", "production"),
    variable("A", "all"),
    variable("B", "all"),
    variable("B", "preview"),
    variable("C", "production"),
  ];
  for (const order of [variables, variables.toReversed()]) {
    const names = (trust: Parameters<typeof declaredFor>[1]) =>
      declaredFor(order, trust)
        .map(({ name, context }) => `${name} ${context}`)
        .sort();
    expect(names("production")).toEqual(["A production", "B all", "C production"]);
    expect(names("preview")).toEqual(["A all", "B preview"]);
    expect(names("fork")).toEqual([]);
  }
});
