import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { MODES, newFolder, openWall, type Wall } from "../support/hostile.ts";

/** System calls by number, as there is no name for all in perl, which is on every Debian. */
const X64 = {
  socket: 41,
  socketpair: 53,
  ioctl: 16,
  unshare: 272,
  ptrace: 101,
  io_uring_setup: 425,
  io_setup: 206,
  mount: 165,
  bpf: 321,
  keyctl: 250,
  setns: 308,
  fsync: 74,
  fdatasync: 75,
  syncfs: 306,
  mmap: 9,
  shmget: 29,
};
const ARM64 = {
  socket: 198,
  socketpair: 199,
  ioctl: 29,
  unshare: 97,
  ptrace: 117,
  io_uring_setup: 425,
  io_setup: 0,
  mount: 40,
  bpf: 280,
  keyctl: 219,
  setns: 268,
  fsync: 82,
  fdatasync: 83,
  syncfs: 267,
  mmap: 222,
  shmget: 194,
};
const NUMBERS = process.arch === "x64" ? X64 : ARM64;
const [EPERM, EBADF, ENOMEM, ENOSYS, EPROTONOSUPPORT, ESOCKTNOSUPPORT, EAFNOSUPPORT] = [
  "1",
  "9",
  "12",
  "38",
  "93",
  "94",
  "97",
];

type Call = [name: string, number: number, args: readonly number[], refusal: string];
const { socket, socketpair, ioctl, unshare, ptrace, io_uring_setup, io_setup, mount, bpf, keyctl, setns } = NUMBERS;
const { fsync, fdatasync, syncfs, mmap, shmget } = NUMBERS;
const REFUSED: Call[] = [
  ["socket(AF_VSOCK)", socket, [40, 1, 0], EAFNOSUPPORT],
  ["socket(AF_ALG)", socket, [38, 5, 0], EAFNOSUPPORT],
  ["socket(AF_NETLINK, NETLINK_KOBJECT_UEVENT)", socket, [16, 3, 15], EAFNOSUPPORT],
  ["socket(AF_INET, IPPROTO_UDPLITE)", socket, [2, 2, 136], EPROTONOSUPPORT],
  ["socket(AF_INET6, IPPROTO_UDPLITE)", socket, [10, 2, 136], EPROTONOSUPPORT],
  ["socket(AF_INET, IPPROTO_MPTCP)", socket, [2, 1, 262], EPROTONOSUPPORT],
  ["socket(AF_INET, IPPROTO_SCTP)", socket, [2, 1, 132], EPROTONOSUPPORT],
  ["socket(AF_INET, SOCK_DCCP | SOCK_CLOEXEC)", socket, [2, 6 | 0o2000000, 0], ESOCKTNOSUPPORT],
  ["socketpair(AF_VSOCK)", socketpair, [40, 1, 0, 0], EAFNOSUPPORT],
  ["socketpair(AF_INET, IPPROTO_SCTP)", socketpair, [2, 1, 132, 0], EAFNOSUPPORT],
  ["ioctl(SIOCGIFBR)", ioctl, [0, 0x8940, 0], EPERM],
  ["ioctl(SIOCGIFVLAN)", ioctl, [0, 0x8982, 0], EPERM],
  ["unshare(CLONE_NEWUSER)", unshare, [0x1000_0000], EPERM],
  ["ptrace", ptrace, [0, 0, 0, 0], EPERM],
  ["io_uring_setup", io_uring_setup, [8, 0], ENOSYS],
  ["io_setup", io_setup, [8, 0], ENOSYS],
  ["mount", mount, [0, 0, 0, 0, 0], EPERM],
  ["bpf", bpf, [0, 0, 0], EPERM],
  ["keyctl", keyctl, [0, 0, 0], EPERM],
  ["setns", setns, [0, 0], EPERM],
  ["mmap(MAP_HUGETLB)", mmap, [0, 4096, 3, 0x4_0022, -1, 0], ENOMEM],
  ["shmget(SHM_HUGETLB)", shmget, [0, 4096, 0o5600], ENOMEM],
];
const ALLOWED: Call[] = [
  ["socket(AF_UNIX)", socket, [1, 1, 0], "ok"],
  ["socket(AF_INET)", socket, [2, 1, 0], "ok"],
  ["socket(AF_INET, IPPROTO_TCP)", socket, [2, 1 | 0o2000000, 6], "ok"],
  ["socket(AF_INET6, IPPROTO_UDP)", socket, [10, 2, 17], "ok"],
  ["socket(AF_NETLINK, NETLINK_ROUTE)", socket, [16, 3, 0], "ok"],
];
/** Of a descriptor that nobody has: whoever hears of that asked the kernel. */
const FLUSHES: Call[] = [
  ["fsync", fsync, [99], "ok"],
  ["fdatasync", fdatasync, [99], "ok"],
  ["syncfs", syncfs, [99], "ok"],
];

const script = (calls: Call[]) => {
  // A call of its own process each: ptrace(PTRACE_TRACEME) holds for what follows.
  const one = (number: number, args: readonly number[]) =>
    `print syscall(${[number, ...args].join()}) < 0 ? $!+0 : "ok"`;
  return calls.map(([, number, args]) => `perl -e '${one(number, args)}'; echo`).join("\n");
};
const answers = (text: string, calls: Call[]) => {
  const lines = text.trim().split("\n");
  return Object.fromEntries(calls.map(([name], index) => [name, lines[index]]));
};
const expected = (calls: Call[]) => Object.fromEntries(calls.map(([name, , , refusal]) => [name, refusal]));

/** A socket's filter that lets everything through, by SO_ATTACH_FILTER. */
const FILTER = `perl -MSocket -e 'socket $s, AF_INET, SOCK_DGRAM, 0; $all = pack "SCCL", 6, 0, 0, 0xffff;
  print setsockopt($s, SOL_SOCKET, 26, pack "S x6 P", 1, $all) ? "ok" : $!+0'`;

/** N_NULL, which no kernel lacks, by TIOCSETD. */
const DISCIPLINE = `perl -e 'open $p, "+<", "/dev/ptmx" or die; $n = pack "i", 27; print ioctl($p, 0x5423, $n) ? "ok" : $!+0'`;

let root: Awaited<ReturnType<typeof newFolder>>;
beforeAll(async () => {
  root = await newFolder();
});
afterAll(() => root.remove());

const withWall = async (mode: Parameters<typeof openWall>[0]["mode"], use: (wall: Wall) => Promise<void>) => {
  const wall = await openWall({ directory: root.path, mode });
  try {
    await use(wall);
  } finally {
    await wall.close();
  }
};

describe.each(MODES)("behind the wall, mode %s", (mode) => {
  test("forbidden system calls give errors", () =>
    withWall(mode, async (wall) => {
      const calls = [...REFUSED, ...ALLOWED];
      expect(answers((await wall.attempt(script(calls))).text, calls)).toEqual(expected(calls));
    }));

  test("nobody waits for the disk, or makes others wait", () =>
    withWall(mode, async (wall) => {
      expect(answers((await wall.attempt(script(FLUSHES))).text, FLUSHES)).toEqual(expected(FLUSHES));
    }));

  test("a terminal of its own takes no other line discipline, and a socket no filter", () =>
    withWall(mode, async (wall) => {
      expect((await wall.attempt(DISCIPLINE)).text).toBe(EPERM);
      expect((await wall.attempt(FILTER)).text).toBe(EPERM);
    }));

  test("no crash starts the host's program for core dumps", () =>
    withWall(mode, async (wall) => {
      // Of 0, which is tried here, the kernel takes no notice where dumps go to a program.
      const { text } = await wall.attempt("ulimit -S -c 0; grep core /proc/self/limits");
      expect(text).toMatch(/^Max core file size +1 +1 +bytes/);
    }));

  test("a namespace, a mount and a device file can't be made", () =>
    withWall(mode, async (wall) => {
      const tries = ["unshare -U true", "unshare -rn true", "mount -t tmpfs none /tmp", "mknod d c 1 5"];
      const { text } = await wall.attempt(tries.map((line) => `${line} 2>/dev/null && echo did ${line};`).join("\n"));
      expect(text).toBe("");
    }));
});

test("without the wall the kernel knows the same calls", () =>
  withWall("none", async (wall) => {
    const found = answers((await wall.attempt(script(REFUSED))).text, REFUSED);
    expect(found).toMatchObject({ "unshare(CLONE_NEWUSER)": "ok", ptrace: "ok" });
    // A kernel may lack one or the other: AF_VSOCK is a module, and io_uring can be switched off.
    const differing = REFUSED.filter(([name, , , refusal]) => found[name] !== refusal);
    expect(differing.length).toBeGreaterThanOrEqual(4);
    const flushed = answers((await wall.attempt(script(FLUSHES))).text, FLUSHES);
    expect(new Set(Object.values(flushed))).toEqual(new Set([EBADF]));
    expect(await wall.attempt("unshare -U true")).toMatchObject({ exit: 0 });
    expect((await wall.attempt(DISCIPLINE)).text).toBe("ok");
    expect((await wall.attempt(FILTER)).text).toBe("ok");
  }));
