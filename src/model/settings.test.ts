import { describe, expect, test } from "bun:test";
import { BerthError } from "./errors.ts";
import { parseSettings, type SettingsInput } from "./settings.ts";

const parse = (input: Partial<SettingsInput>) =>
  parseSettings({ dataDirectory: "/data", flags: {}, variables: {}, file: undefined, ...input });

function errorOf(input: Partial<SettingsInput>): BerthError {
  try {
    parse(input);
  } catch (thrown) {
    if (thrown instanceof BerthError) return thrown;
  }
  throw new Error("it was taken");
}

test("flags go before the environment, that before config.json, that before the default", () => {
  const file = { port: 1, uploads: 4, host: "::1" };
  const variables = { BERTH_PORT: "2", BERTH_HOST: "127.0.0.2" };
  expect(parse({ file, variables, flags: { port: "3" } })).toMatchObject({ port: 3, host: "127.0.0.2", uploads: 4 });
  expect(parse({})).toMatchObject({
    port: 3000,
    host: "127.0.0.1",
    store: "file:/data/objects",
    sitesDomain: "localhost",
  });
  expect(parse({ flags: { domain: "Example.COM" } })).toMatchObject({
    domain: "example.com",
    sitesDomain: "example.com",
  });
});

describe("what is no number is not taken for one", () => {
  test.each([[" "], [""], ["0x10"], ["1e3"], ["-1"], ["1.5"], ["99999"], [true], [[]], [{}]])("port %j", (port) => {
    expect(errorOf({ file: { port } })).toMatchObject({
      code: "setting_invalid",
      message: expect.stringMatching(/^config\.json port: .* must be a whole number from 0 to 65535\.$/),
    });
  });
});

test("a wrong flag is named as it is typed, and is wrong usage", () => {
  const error = errorOf({ flags: { edgeWorkers: "0" } });
  expect([error.code, error.message]).toEqual(["usage", "--edge-workers: '0' must be a whole number from 1 to 64."]);
});

test("a choice names what there is", () => {
  expect(errorOf({ variables: { BERTH_SANDBOX: "x" } }).message).toBe(
    "BERTH_SANDBOX: 'x' must be one of bubblewrap, gvisor, none.",
  );
});

test("an address has no hosts below it", () => {
  expect(errorOf({ variables: { BERTH_DOMAIN: "127.0.0.1" } }).message).toContain("BERTH_SITES_DOMAIN");
  expect(parse({ variables: { BERTH_DOMAIN: "127.0.0.1", BERTH_SITES_DOMAIN: "sites.example" } })).toMatchObject({
    domain: "127.0.0.1",
    sitesDomain: "sites.example",
  });
});
