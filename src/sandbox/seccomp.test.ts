import { describe, expect, test } from "bun:test";
import { type Architecture, seccompFilter } from "./seccomp.ts";

const ALLOW = 0x7fff_0000;
const KILL = 0x8000_0000;
const errno = (number: number) => 0x0005_0000 | number;
const AUDIT = { x64: 0xc000_003e, arm64: 0xc000_00b7 };

/** The part of the kernel's machine that the filter uses. */
function answer(architecture: Architecture, call: { number: number; args?: number[]; audit?: number }): number {
  const bytes = seccompFilter(architecture);
  const view = new DataView(bytes.buffer);
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, call.number, true);
  data.setUint32(4, call.audit ?? AUDIT[architecture], true);
  for (const [index, value] of (call.args ?? []).entries()) data.setBigUint64(16 + index * 8, BigInt(value), true);
  let accumulator = 0;
  for (let at = 0; at < bytes.length / 8; at += 1) {
    const [code, yes, no] = [view.getUint16(at * 8, true), view.getUint8(at * 8 + 2), view.getUint8(at * 8 + 3)];
    const operand = view.getUint32(at * 8 + 4, true);
    if (code === 0x20) accumulator = data.getUint32(operand, true);
    else if (code === 0x15) at += accumulator === operand ? yes : no;
    else if (code === 0x35) at += accumulator >= operand ? yes : no;
    else if (code === 0x45) at += (accumulator & operand) !== 0 ? yes : no;
    else if (code === 0x54) accumulator &= operand;
    else if (code === 0x06) return operand;
    else throw new Error(`unknown instruction ${code}`);
  }
  throw new Error("the program ran off its end");
}

describe.each([
  [
    "x64",
    {
      read: 0,
      mount: 165,
      fallocate: 285,
      clone: 56,
      socket: 41,
      socketpair: 53,
      ioctl: 16,
      io_setup: 206,
      setsockopt: 54,
      fsync: 74,
      setrlimit: 160,
      prlimit64: 302,
      mmap: 9,
      memfd_create: 319,
      shmget: 29,
    },
  ],
  [
    "arm64",
    {
      read: 63,
      mount: 40,
      fallocate: 47,
      clone: 220,
      socket: 198,
      socketpair: 199,
      ioctl: 29,
      io_setup: 0,
      setsockopt: 208,
      fsync: 82,
      setrlimit: 164,
      prlimit64: 261,
      mmap: 222,
      memfd_create: 279,
      shmget: 194,
    },
  ],
] as const)("%s", (architecture, calls) => {
  test.each([
    ["read", { number: calls.read }, ALLOW],
    ["mount", { number: calls.mount }, errno(1)],
    ["fallocate", { number: calls.fallocate }, errno(95)],
    ["fsync", { number: calls.fsync }, errno(0)],
    ["io_uring_setup", { number: 425 }, errno(38)],
    ["clone3", { number: 435 }, errno(38)],
    ["mseal", { number: 462 }, ALLOW],
    ["a call of tomorrow", { number: 463 }, errno(38)],
    ["another architecture", { number: calls.read, audit: 0x4000_0003 }, KILL],
    ["fork", { number: calls.clone, args: [0x0120_0011] }, ALLOW],
    ["a new user namespace", { number: calls.clone, args: [0x1000_0011] }, errno(1)],
    ["AF_UNIX", { number: calls.socket, args: [1, 1, 0] }, ALLOW],
    ["AF_INET6", { number: calls.socket, args: [10, 1, 0] }, ALLOW],
    ["AF_INET, IPPROTO_UDP", { number: calls.socket, args: [2, 0x80002, 17] }, ALLOW],
    ["AF_INET, IPPROTO_SCTP", { number: calls.socket, args: [2, 1, 132] }, errno(93)],
    ["AF_INET6, IPPROTO_UDPLITE", { number: calls.socket, args: [10, 0x80002, 136] }, errno(93)],
    ["AF_INET, SOCK_DCCP", { number: calls.socket, args: [2, 0x80006, 0] }, errno(94)],
    ["io_setup", { number: calls.io_setup }, errno(38)],
    ["SO_REUSEADDR", { number: calls.setsockopt, args: [3, 1, 2] }, ALLOW],
    ["SO_SNDBUF", { number: calls.setsockopt, args: [3, 1, 7] }, errno(0)],
    ["SO_RCVBUF", { number: calls.setsockopt, args: [3, 1, 8] }, errno(0)],
    ["SO_ATTACH_FILTER", { number: calls.setsockopt, args: [3, 1, 26] }, errno(1)],
    ["SO_ATTACH_REUSEPORT_CBPF", { number: calls.setsockopt, args: [3, 1, 51] }, errno(1)],
    ["an option of TCP of the same number", { number: calls.setsockopt, args: [3, 6, 26] }, ALLOW],
    ["NETLINK_ROUTE", { number: calls.socket, args: [16, 3, 0] }, ALLOW],
    ["NETLINK_NETFILTER", { number: calls.socket, args: [16, 3, 12] }, errno(97)],
    ["AF_VSOCK", { number: calls.socket, args: [40, 1, 0] }, errno(97)],
    ["a pair of AF_UNIX", { number: calls.socketpair, args: [1, 0x80001, 0] }, ALLOW],
    ["a pair of AF_TIPC", { number: calls.socketpair, args: [30, 1, 0] }, errno(97)],
    ["SIOCBRADDBR", { number: calls.ioctl, args: [3, 0x89a0] }, errno(1)],
    ["SIOCGIFCONF", { number: calls.ioctl, args: [3, 0x8912] }, ALLOW],
    ["AF_ALG", { number: calls.socket, args: [38, 5, 0] }, errno(97)],
    ["TIOCSTI", { number: calls.ioctl, args: [0, 0x5412] }, errno(1)],
    ["TIOCSETD", { number: calls.ioctl, args: [0, 0x5423] }, errno(1)],
    ["setrlimit of core dumps", { number: calls.setrlimit, args: [4, 0x1000] }, errno(0)],
    ["setrlimit of files", { number: calls.setrlimit, args: [7, 0x1000] }, ALLOW],
    ["prlimit64 of core dumps", { number: calls.prlimit64, args: [0, 4, 0x1000, 0] }, errno(0)],
    ["prlimit64 of core dumps, by a high address", { number: calls.prlimit64, args: [0, 4, 2 ** 32, 0] }, errno(0)],
    ["prlimit64 that asks for core dumps", { number: calls.prlimit64, args: [0, 4, 0, 0x1000] }, ALLOW],
    ["prlimit64 of files", { number: calls.prlimit64, args: [0, 7, 0x1000, 0] }, ALLOW],
    ["mmap", { number: calls.mmap, args: [0, 4096, 3, 0x22] }, ALLOW],
    ["mmap of huge pages", { number: calls.mmap, args: [0, 4096, 3, 0x4_0022] }, errno(12)],
    ["memfd_create", { number: calls.memfd_create, args: [0x1000, 1] }, ALLOW],
    ["memfd_create of huge pages", { number: calls.memfd_create, args: [0x1000, 5] }, errno(12)],
    ["shmget", { number: calls.shmget, args: [0, 4096, 0o1600] }, ALLOW],
    ["shmget of huge pages", { number: calls.shmget, args: [0, 4096, 0o5600] }, errno(12)],
    ["TIOCGWINSZ", { number: calls.ioctl, args: [0, 0x5413] }, ALLOW],
  ])("%s", (_, call, expected) => {
    expect(answer(architecture, call as Parameters<typeof answer>[1])).toBe(expected);
  });
});

test("x32 calls, a second door to the same calls, are none", () => {
  expect(answer("x64", { number: 0x4000_0000 })).toBe(errno(38));
});
