import { expect, test } from "bun:test";
import { gitError } from "./git-errors.ts";

const NOT_FOUND = "fatal: repository 'https://git.example/x/' not found";

test.each([
  ["https://git.example/me/site/tree/main/docs", true],
  ["https://git.example/me/site/-/tree/main", true],
  ["https://git.example/me/site/src/branch/main", true],
  ["https://git.example/tree/site.git", false],
  ["git@git.example:me/tree/x", false],
])("the address of a page within a repository is told as one: %s", (url, isPage) => {
  const { code, hint } = gitError(NOT_FOUND, { url });
  expect([code, hint.includes("--branch")]).toEqual(["repository_not_found", isPage]);
});

test.each([
  ["CONNECT tunnel failed, response 502", "it takes no connection"],
  ["Received HTTP code 502 from proxy after CONNECT", "it takes no connection"],
  ["The requested URL returned error: 503", "The requested URL returned error: 503"],
])("a host out of reach is told of once, in words: %s", (said, reason) => {
  const url = "https://git.example/x.git";
  expect(gitError(`fatal: unable to access '${url}/': ${said}\n`, { url })).toMatchObject({
    code: "source_unreachable",
    message: `${url} could not be reached: ${reason}.`,
  });
});
