import { expect, test } from "bun:test";
import { isForeignPublicAddress, isPublicAddress } from "./addresses.ts";

test.each([
  ["93.184.216.34", true],
  ["8.8.8.8", true],
  ["172.15.255.255", true],
  ["172.32.0.0", true],
  ["100.63.255.255", true],
  ["2606:2800:220:1::1", true],
  ["::ffff:8.8.8.8", true],
  ["64:ff9b::8.8.8.8", true],
  ["2002:808:808::", true],
  ["0.0.0.0", false],
  ["10.1.2.3", false],
  ["100.64.0.1", false],
  ["127.0.0.1", false],
  ["127.255.255.254", false],
  ["169.254.169.254", false],
  ["168.63.129.16", false],
  ["168.63.129.17", true],
  ["::ffff:168.63.129.16", false],
  ["172.16.0.1", false],
  ["172.31.255.255", false],
  ["192.0.0.1", false],
  ["192.168.1.1", false],
  ["198.19.0.1", false],
  ["203.0.113.9", false],
  ["224.0.0.1", false],
  ["255.255.255.255", false],
  ["::", false],
  ["::1", false],
  ["::7f00:1", false],
  ["::ffff:127.0.0.1", false],
  ["::ffff:7f00:1", false],
  ["::ffff:a9fe:a9fe", false],
  ["64:ff9b::10.0.0.1", false],
  ["64:ff9b:1::1", false],
  ["2002:7f00:1::", false],
  ["2001::1", false],
  ["2001:db8::1", false],
  ["3fff::1", false],
  ["fc00::1", false],
  ["fd12:3456::1", false],
  ["fe80::1", false],
  ["fe80::1%eth0", false],
  ["ff02::1", false],
  ["", false],
  ["localhost", false],
])("%s: public %p", (address, expected) => {
  expect(isPublicAddress(address)).toBe(expected);
});

test.each([
  ["8.8.8.8", true],
  ["2606:2800:220:1::1", true],
  ["9.9.9.9", false],
  ["::ffff:9.9.9.9", false],
  ["::ffff:909:909", false],
  ["64:ff9b::909:909", false],
  ["2002:909:909::1", false],
  ["2606:2800:220:1::2", false],
  ["2606:2800:0220:0001:0:0:0:2", false],
  ["10.0.0.1", false],
  ["localhost", false],
])("%s: public, and not of this machine %p", (address, expected) => {
  const own = ["127.0.0.1", "::1", "9.9.9.9", "fe80::1%eth0", "2606:2800:220:1:0:0:0:2"];
  expect(isForeignPublicAddress(address, own)).toBe(expected);
});
