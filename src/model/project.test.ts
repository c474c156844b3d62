import { expect, test } from "bun:test";
import { parseProjectSettings } from "./project.ts";

test.each([
  [{ root: "../up" }, "'root' must stay inside the repository."],
  [{ root: "a".repeat(501) }, "'root' must have at most 500 characters."],
  [{ build_command: "\n" }, "'build_command' must not be empty."],
  [{ egress: "all" }, "'egress' must be one of none, registry, public."],
  [{ production_branch: "a b" }, "'production_branch' must be the name of a branch as 'git branch' prints it."],
  [{ constructor: "x" }, "'constructor' is not a setting."],
])("settings of no use are refused in a sentence: %j", (input, message) => {
  expect(() => parseProjectSettings(input)).toThrow(message);
});
