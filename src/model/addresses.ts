import { isIP } from "node:net";

/**
 * Whether an address is one of the public internet: none of the IANA special-purpose registries (RFC 6890), so no
 * loopback, private, link-local (cloud metadata), shared, documentation, multicast or reserved address, and no IPv6
 * address that carries such an IPv4 address.
 */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return isPublicIpv4(ipv4Number(address));
  if (family === 6) return isPublicIpv6(ipv6Groups(address));
  return false;
}

/**
 * Whether an address leads off the machine that has the `own` ones, and to the public internet: what a machine serves to
 * itself by a public address is not meant for strangers' code either.
 */
export function isForeignPublicAddress(address: string, own: readonly string[]): boolean {
  if (!isPublicAddress(address)) return false;
  const form = plainForm(address);
  return own.every((each) => isIP(each) === 0 || plainForm(each) !== form);
}

/** One text for all spellings of an address, and that of an IPv4 address for what carries it. */
function plainForm(address: string): string {
  if (isIP(address) === 4) return String(ipv4Number(address));
  const groups = ipv6Groups(address);
  return String(embeddedIpv4(groups) ?? groups.join(":"));
}

/** Network and prefix length. RFC 6890 and its updates, and what a cloud has made special. */
const SPECIAL_IPV4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  // Azure's own: its virtual machines are given settings and keys there (learn.microsoft.com, "IP address 168.63.129.16").
  ["168.63.129.16", 32],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.31.196.0", 24],
  ["192.52.193.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["192.175.48.0", 24],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

function isPublicIpv4(address: number): boolean {
  return !SPECIAL_IPV4.some(([network, length]) => {
    const size = 2 ** (32 - length);
    return Math.floor(address / size) === Math.floor(ipv4Number(network) / size);
  });
}

function ipv4Number(text: string): number {
  return text.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** Of IPv6 only 2000::/3 is given out; within it, what embeds IPv4 is judged by that and what is special is refused. */
function isPublicIpv6(groups: readonly number[]): boolean {
  const [first, second] = groups as [number, number];
  const embedded = embeddedIpv4(groups);
  if (embedded !== undefined) return isPublicIpv4(embedded);
  if (first < 0x2000 || first > 0x3fff) return false;
  // 2001::/23 (IETF protocols, Teredo, ORCHID), 2001:db8::/32 and 3fff::/20 (documentation).
  if (first === 0x2001 && (second < 0x200 || second === 0xdb8)) return false;
  return !(first === 0x3fff && second < 0x1000);
}

function embeddedIpv4(groups: readonly number[]): number | undefined {
  const [first, second, third] = groups as [number, number, number];
  const lowest = groups[6]! * 65536 + groups[7]!;
  // 64:ff9b::/96, RFC 6052: a NAT64 gateway would turn it into the IPv4 address at its end.
  if (first === 0x64 && second === 0xff9b && groups.slice(2, 6).every((group) => group === 0)) return lowest;
  // ::ffff:0:0/96, RFC 4291: the kernel connects by IPv4.
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) return lowest;
  // 2002::/16, RFC 3056 (6to4).
  return first === 0x2002 ? second * 65536 + third : undefined;
}

function ipv6Groups(address: string): number[] {
  let text = address.split("%")[0]!;
  const dotted = /(\d+\.\d+\.\d+\.\d+)$/.exec(text)?.[1];
  if (dotted !== undefined) {
    const number = ipv4Number(dotted);
    text = `${text.slice(0, -dotted.length)}${Math.floor(number / 65536).toString(16)}:${(number % 65536).toString(16)}`;
  }
  const [left = "", right] = text.split("::");
  const groupsOf = (part: string) => (part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16)));
  const head = groupsOf(left);
  if (right === undefined) return head;
  const tail = groupsOf(right);
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}
