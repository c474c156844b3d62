import { expect, test } from "bun:test";
import { parseNetworks, withinNetworks } from "./networks.ts";

test.each([
  ["192.0.2.1", "192.0.2.1", true],
  ["192.0.2.1", "192.0.2.2", false],
  ["192.0.2.1", "::ffff:192.0.2.1", true],
  ["10.0.0.0/8", "10.255.1.2", true],
  ["10.1.2.3/8", "10.9.9.9", true],
  ["10.0.0.0/8", "11.0.0.1", false],
  ["198.51.100.7, 10.0.0.0/8", "10.0.0.1", true],
  ["198.51.100.7  10.0.0.0/8", "198.51.100.7", true],
  ["fd00::/8", "fd12::1", true],
  ["fd00::/8", "fe80::1", false],
  ["fe80::/10", "fe80::1%eth0", true],
  ["::1", "0:0:0:0:0:0:0:1", true],
  ["::1", "127.0.0.1", false],
  ["0.0.0.0/0", "203.0.113.9", true],
  ["0.0.0.0/0", "2001:db8::1", false],
  ["10.0.0.0/8", "no address", false],
  ["", "127.0.0.1", false],
])("'%s' holds %s: %p", (text, address, holds) => {
  expect(withinNetworks(parseNetworks(text)!)(address)).toBe(holds);
});

test.each([
  "10.0.0.0/33",
  "fd00::/129",
  "10.0.0",
  "proxy.example",
  "10.0.0.1-10.0.0.9",
  "10.0.0.0/",
  "[::1]",
  "10.0.0.1:80",
])("%s is no network", (text) => expect(parseNetworks(text)).toBeUndefined());
