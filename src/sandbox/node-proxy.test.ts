import { expect, test } from "bun:test";
import { nodeProxyVariables } from "./node-proxy.ts";

const PRELOAD = "--require=/run/berth/proxied-fetch.cjs";

test.each([
  ["16.20.2", "public", undefined, undefined],
  ["18.20.8", "registry", PRELOAD, undefined],
  ["22.23.3", "public", PRELOAD, undefined],
  ["24.13.1", "registry", undefined, "1"],
  ["24.14.0", "registry", PRELOAD, undefined],
  ["24.22.3", "none", PRELOAD, undefined],
  ["24.22.3", "public", undefined, "1"],
  ["25.3.0", "registry", undefined, "1"],
  ["25.4.0", "registry", PRELOAD, undefined],
  ["26.10.0", "registry", PRELOAD, undefined],
  ["26.10.0", "public", undefined, "1"],
] as const)("Node %s with egress %s: preload %s, NODE_USE_ENV_PROXY %s", (node, egress, preload, whole) => {
  const { NODE_OPTIONS, NODE_USE_ENV_PROXY } = nodeProxyVariables(node, egress, undefined);
  expect([NODE_OPTIONS, NODE_USE_ENV_PROXY]).toEqual([preload, whole]);
});

test("a project's own options stay; what is no build's command gets none", () => {
  const own = "--max-old-space-size=4096";
  expect(nodeProxyVariables("24.22.3", "registry", own)).toEqual({ NODE_OPTIONS: `${PRELOAD} ${own}` });
  expect(nodeProxyVariables("16.20.2", "registry", own)).toEqual({});
  expect(nodeProxyVariables(undefined, "registry", undefined)).toEqual({});
});
