import { expect, test } from "bun:test";
import { localAddress } from "./local-address.ts";

test.each([
  ["127.0.0.1", "127.0.0.1"],
  ["127.0.0.2", "127.0.0.2"],
  ["192.0.2.7", "192.0.2.7"],
  ["0.0.0.0", "127.0.0.1"],
  ["::", "[::1]"],
  ["::1", "[::1]"],
  ["2001:db8::7", "[2001:db8::7]"],
  ["localhost", "localhost"],
])("what listens on %s is reached at %s", async (host, address) => {
  expect(await localAddress(host)).toBe(address);
  expect(URL.canParse(`http://${address}:3000`)).toBe(true);
});
