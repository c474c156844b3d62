import { BlockList, isIP } from "node:net";

interface Network {
  address: string;
  family: "ipv4" | "ipv6";
  /** Bits that all of its addresses share. */
  length: number;
}

/** Reads addresses and networks such as `192.0.2.1, 10.0.0.0/8, fd00::/8`. @returns undefined when one is neither */
export function parseNetworks(text: string): Network[] | undefined {
  const networks = text
    .split(/[\s,]+/)
    .filter((each) => each !== "")
    .map(parseNetwork);
  return networks.some((each) => each === undefined) ? undefined : (networks as Network[]);
}

function parseNetwork(text: string): Network | undefined {
  const [, address = "", digits] = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i.exec(text) ?? [];
  const family = isIP(address);
  if (family === 0) return undefined;
  const bits = family === 4 ? 32 : 128;
  const length = digits === undefined ? bits : Number(digits);
  return length > bits ? undefined : { address, family: `ipv${family as 4 | 6}`, length };
}

/** Whether an address lies in one of the networks. An IPv4 address that an IPv6 one carries is the same address. */
export function withinNetworks(networks: readonly Network[]): (address: string) => boolean {
  if (networks.length === 0) return () => false;
  const list = new BlockList();
  for (const { address, length, family } of networks) list.addSubnet(address, length, family);
  return (address) => {
    const plain = address.split("%")[0]!;
    const family = isIP(plain);
    return family !== 0 && list.check(plain, family === 4 ? "ipv4" : "ipv6");
  };
}
