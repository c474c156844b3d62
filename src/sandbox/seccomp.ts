/**
 * The system call filter of builds, as classic BPF (Linux Documentation/userspace-api/seccomp_filter.rst). It is
 * written here so that no compiler and no library is needed.
 *
 * EPERM: calls that change the machine or look into other processes, and those that take of what all of the machine
 * shares: filters of sockets. ENOSYS: io_uring, io_setup (the machine has 65,536 events for everybody), clone3 (its flags
 * lie in memory, out of a filter's sight) and all calls newer than this list, so that programs take their older way.
 * EOPNOTSUPP:
 * fallocate, which takes gigabytes of a disk within a millisecond, faster than a total is watched; programs and glibc's
 * posix_fallocate write instead, as on file systems that don't have it. Done, with nothing done: fsync and its like. What a
 * build writes outlives no crash anyway, and what waits for the disk holds up everybody who uses it, sync even for
 * what the others wrote; other sizes of a socket's buffers, which some sockets fill with memory that nobody counts
 * (`guard.ts`); and a limit for core dumps, since that of the run keeps the kernel from starting the host's program
 * for them, as root and outside of every limit (core(5)). ENOMEM: huge pages, which the operator has set aside for
 * somebody else and which count as nobody's memory. Sockets only of
 * the families that builds use, which closes AF_VSOCK and AF_ALG; a network namespace alone does not. Of internet sockets
 * only the protocols that builds use, of pairs only AF_UNIX, no line discipline, no bridge and no VLAN: to ask for another
 * one is enough to make the host's kernel load its module.
 */
export type Architecture = "x64" | "arm64";

/** Little-endian `struct sock_filter` entries, ready for `bwrap --seccomp`. */
export function seccompFilter(architecture: Architecture): Uint8Array {
  const calls = CALLS[architecture];
  const program: Instruction[] = [
    load(OFFSET_ARCHITECTURE),
    ...unlessEqual(AUDIT_ARCHITECTURE[architecture], [answer(KILL_PROCESS)]),
    load(OFFSET_NUMBER),
    ...(architecture === "x64" ? ifAtLeast(X32_BIT, [answer(errno(ENOSYS))]) : []),
    ...Object.values(calls.denied).flatMap((number) => ifEqual(number, [answer(errno(EPERM))])),
    ...MISSING.flatMap((number) => ifEqual(number, [answer(errno(ENOSYS))])),
    ...ifAtLeast(NEWEST_KNOWN + 1, [answer(errno(ENOSYS))]),
    ...ifEqual(calls.fallocate, [answer(errno(EOPNOTSUPP))]),
    ...Object.values(calls.flushes).flatMap((number) => ifEqual(number, [answer(errno(0))])),
    ...ifEqual(calls.io_setup, [answer(errno(ENOSYS))]),
    ...ifEqual(calls.setsockopt, CHECK_SOCKET_OPTION),
    ...ifEqual(calls.setrlimit, ifLimitsCore(OFFSET_FIRST)),
    ...ifEqual(calls.prlimit64, CHECK_PRLIMIT),
    ...ifEqual(calls.mmap, ifHuge(OFFSET_FOURTH, MAP_HUGETLB)),
    ...ifEqual(calls.memfd_create, ifHuge(OFFSET_SECOND, MFD_HUGETLB)),
    ...ifEqual(calls.shmget, ifHuge(OFFSET_THIRD, SHM_HUGETLB)),
    ...ifEqual(calls.clone, CHECK_CLONE),
    ...ifEqual(calls.socket, CHECK_SOCKET),
    ...ifEqual(calls.socketpair, CHECK_PAIR),
    ...ifEqual(calls.ioctl, CHECK_IOCTL),
    answer(ALLOW),
  ];
  const bytes = new DataView(new ArrayBuffer(program.length * 8));
  for (const [index, { code, jumpTrue, jumpFalse, operand }] of program.entries()) {
    bytes.setUint16(index * 8, code, true);
    bytes.setUint8(index * 8 + 2, jumpTrue);
    bytes.setUint8(index * 8 + 3, jumpFalse);
    bytes.setUint32(index * 8 + 4, operand, true);
  }
  return new Uint8Array(bytes.buffer);
}

interface Instruction {
  code: number;
  jumpTrue: number;
  jumpFalse: number;
  operand: number;
}

// linux/bpf_common.h
const LOAD_WORD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_AT_LEAST = 0x35;
const JUMP_ANY_BIT = 0x45;
const RETURN = 0x06;
const AND = 0x54;

// struct seccomp_data; the low halves of the arguments, which is where the kernel reads these `int`s
const OFFSET_NUMBER = 0;
const OFFSET_ARCHITECTURE = 4;
const OFFSET_FIRST = 16;
const OFFSET_SECOND = 24;
const OFFSET_THIRD = 32;
const OFFSET_THIRD_HIGH = 36;
const OFFSET_FOURTH = 40;

// linux/seccomp.h, asm-generic/errno.h
const KILL_PROCESS = 0x8000_0000;
const ALLOW = 0x7fff_0000;
const EPERM = 1;
const ENOMEM = 12;
const ENOSYS = 38;
const EPROTONOSUPPORT = 93;
const ESOCKTNOSUPPORT = 94;
const EOPNOTSUPP = 95;
const EAFNOSUPPORT = 97;
/** @param number 0 makes the call look as if it were done */
const errno = (number: number): number => 0x0005_0000 | number;

const AUDIT_ARCHITECTURE: Record<Architecture, number> = { x64: 0xc000_003e, arm64: 0xc000_00b7 };
/** asm/unistd.h: calls of the x32 interface, a second door to the same calls. */
const X32_BIT = 0x4000_0000;

const load = (operand: number): Instruction => ({ code: LOAD_WORD, jumpTrue: 0, jumpFalse: 0, operand });
const answer = (operand: number): Instruction => ({ code: RETURN, jumpTrue: 0, jumpFalse: 0, operand });
const ifEqual = (operand: number, body: Instruction[]) => [
  { code: JUMP_EQUAL, jumpTrue: 0, jumpFalse: body.length, operand },
  ...body,
];
const unlessEqual = (operand: number, body: Instruction[]) => [
  { code: JUMP_EQUAL, jumpTrue: body.length, jumpFalse: 0, operand },
  ...body,
];
const ifAtLeast = (operand: number, body: Instruction[]) => [
  { code: JUMP_AT_LEAST, jumpTrue: 0, jumpFalse: body.length, operand },
  ...body,
];
const ifAnyBit = (operand: number, body: Instruction[]) => [
  { code: JUMP_ANY_BIT, jumpTrue: 0, jumpFalse: body.length, operand },
  ...body,
];

/** asm-generic/resource.h */
const RLIMIT_CORE = 4;
const ifLimitsCore = (offset: number) => [load(offset), ...ifEqual(RLIMIT_CORE, [answer(errno(0))]), answer(ALLOW)];
/** Without new values, a pointer to nothing, it asks alone. */
const CHECK_PRLIMIT = [
  load(OFFSET_SECOND),
  ...unlessEqual(RLIMIT_CORE, [answer(ALLOW)]),
  ...[OFFSET_THIRD, OFFSET_THIRD_HIGH].flatMap((half) => [load(half), ...unlessEqual(0, [answer(errno(0))])]),
  answer(ALLOW),
];

/** asm-generic/mman-common.h, linux/memfd.h, linux/shm.h */
const MAP_HUGETLB = 0x4_0000;
const MFD_HUGETLB = 0x4;
const SHM_HUGETLB = 0x800;
const ifHuge = (offset: number, bit: number) => [
  load(offset),
  ...ifAnyBit(bit, [answer(errno(ENOMEM))]),
  answer(ALLOW),
];

/** linux/sched.h: CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const CLONE_NAMESPACES = 0x7e02_0000;
const CHECK_CLONE = [load(OFFSET_FIRST), ...ifAnyBit(CLONE_NAMESPACES, [answer(errno(EPERM))]), answer(ALLOW)];

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;
/** linux/in.h: IPPROTO_IP, which takes the type's own, ICMP, TCP, UDP, ICMPV6. */
const PROTOCOLS = [0, 1, 6, 17, 58];
/** linux/net.h: the kernel keeps flags above the type; SOCK_DCCP, SOCK_PACKET. */
const SOCKET_TYPE_MASK = 0xf;
const OTHER_TYPES = [6, 10];
const CHECK_INTERNET = [
  load(OFFSET_SECOND),
  { code: AND, jumpTrue: 0, jumpFalse: 0, operand: SOCKET_TYPE_MASK },
  ...OTHER_TYPES.flatMap((type) => ifEqual(type, [answer(errno(ESOCKTNOSUPPORT))])),
  load(OFFSET_THIRD),
  ...PROTOCOLS.flatMap((protocol) => ifEqual(protocol, [answer(ALLOW)])),
  answer(errno(EPROTONOSUPPORT)),
];
const CHECK_SOCKET = [
  load(OFFSET_FIRST),
  ...ifEqual(AF_UNIX, [answer(ALLOW)]),
  ...ifEqual(AF_INET, CHECK_INTERNET),
  ...ifEqual(AF_INET6, CHECK_INTERNET),
  ...unlessEqual(AF_NETLINK, [answer(errno(EAFNOSUPPORT))]),
  load(OFFSET_THIRD),
  ...unlessEqual(NETLINK_ROUTE, [answer(errno(EAFNOSUPPORT))]),
  answer(ALLOW),
];

/** The kernel makes both sockets before it asks whether the family has pairs at all. */
const CHECK_PAIR = [load(OFFSET_FIRST), ...unlessEqual(AF_UNIX, [answer(errno(EAFNOSUPPORT))]), answer(ALLOW)];

/** asm-generic/socket.h: SO_ATTACH_FILTER, _BPF, _REUSEPORT_CBPF, _REUSEPORT_EBPF. */
const SOL_SOCKET = 1;
const FILTER_OPTIONS = [26, 50, 51, 52];
/** SO_SNDBUF, SO_RCVBUF. */
const SIZE_OPTIONS = [7, 8];
const CHECK_SOCKET_OPTION = [
  load(OFFSET_SECOND),
  ...unlessEqual(SOL_SOCKET, [answer(ALLOW)]),
  load(OFFSET_THIRD),
  ...FILTER_OPTIONS.flatMap((option) => ifEqual(option, [answer(errno(EPERM))])),
  ...SIZE_OPTIONS.flatMap((option) => ifEqual(option, [answer(errno(0))])),
  answer(ALLOW),
];

/** asm-generic/ioctls.h: both put characters into a terminal's input. */
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;
/** Another line discipline for a terminal, of which everybody can make one. */
const TIOCSETD = 0x5423;
/** linux/sockios.h: SIOCGIFBR, SIOCSIFBR, SIOCGIFVLAN, SIOCSIFVLAN, SIOCBRADDBR, SIOCBRDELBR: of any socket, by anybody. */
const OF_BRIDGES = [0x8940, 0x8941, 0x8982, 0x8983, 0x89a0, 0x89a1];
const CHECK_IOCTL = [
  load(OFFSET_SECOND),
  ...[TIOCSTI, TIOCLINUX, TIOCSETD, ...OF_BRIDGES].flatMap((request) => ifEqual(request, [answer(errno(EPERM))])),
  answer(ALLOW),
];

/** io_uring_setup, _enter, _register, clone3: the same numbers everywhere. */
const MISSING = [425, 426, 427, 435];
/** mseal. */
const NEWEST_KNOWN = 462;

/** From 424 on, all architectures count alike. */
const DENIED_EVERYWHERE = {
  open_tree: 428,
  move_mount: 429,
  fsopen: 430,
  fsconfig: 431,
  fsmount: 432,
  fspick: 433,
  pidfd_getfd: 438,
  mount_setattr: 442,
  quotactl_fd: 443,
  memfd_secret: 447,
};

interface Calls {
  fallocate: number;
  io_setup: number;
  setsockopt: number;
  clone: number;
  socket: number;
  socketpair: number;
  ioctl: number;
  setrlimit: number;
  prlimit64: number;
  mmap: number;
  memfd_create: number;
  shmget: number;
  flushes: Record<string, number>;
  denied: Record<string, number>;
}

const CALLS: Record<Architecture, Calls> = {
  x64: {
    fallocate: 285,
    io_setup: 206,
    setsockopt: 54,
    clone: 56,
    socket: 41,
    socketpair: 53,
    ioctl: 16,
    setrlimit: 160,
    prlimit64: 302,
    mmap: 9,
    memfd_create: 319,
    shmget: 29,
    flushes: { fsync: 74, fdatasync: 75, sync: 162, sync_file_range: 277, syncfs: 306 },
    denied: {
      ...{ ptrace: 101, syslog: 103, vhangup: 153, modify_ldt: 154, pivot_root: 155, adjtimex: 159, chroot: 161 },
      ...{ acct: 163, settimeofday: 164, mount: 165, umount2: 166, swapon: 167, swapoff: 168, reboot: 169 },
      ...{ sethostname: 170, setdomainname: 171, iopl: 172, ioperm: 173, create_module: 174, init_module: 175 },
      ...{ delete_module: 176, get_kernel_syms: 177, query_module: 178, quotactl: 179, nfsservctl: 180 },
      ...{ lookup_dcookie: 212, clock_settime: 227, kexec_load: 246, add_key: 248, request_key: 249, keyctl: 250 },
      ...{ migrate_pages: 256, unshare: 272, move_pages: 279, perf_event_open: 298, fanotify_init: 300 },
      ...{ name_to_handle_at: 303, open_by_handle_at: 304, clock_adjtime: 305, setns: 308, process_vm_readv: 310 },
      ...{ process_vm_writev: 311, kcmp: 312, finit_module: 313, kexec_file_load: 320, bpf: 321, userfaultfd: 323 },
      ...DENIED_EVERYWHERE,
    },
  },
  arm64: {
    fallocate: 47,
    io_setup: 0,
    setsockopt: 208,
    clone: 220,
    socket: 198,
    socketpair: 199,
    ioctl: 29,
    setrlimit: 164,
    prlimit64: 261,
    mmap: 222,
    memfd_create: 279,
    shmget: 194,
    flushes: { sync: 81, fsync: 82, fdatasync: 83, sync_file_range: 84, syncfs: 267 },
    denied: {
      ...{ lookup_dcookie: 18, umount2: 39, mount: 40, pivot_root: 41, nfsservctl: 42, chroot: 51, vhangup: 58 },
      ...{ quotactl: 60, acct: 89, unshare: 97, kexec_load: 104, init_module: 105, delete_module: 106 },
      ...{ clock_settime: 112, syslog: 116, ptrace: 117, reboot: 142, sethostname: 161, setdomainname: 162 },
      ...{ settimeofday: 170, adjtimex: 171, add_key: 217, request_key: 218, keyctl: 219, swapon: 224, swapoff: 225 },
      ...{ migrate_pages: 238, move_pages: 239, perf_event_open: 241, fanotify_init: 262, name_to_handle_at: 264 },
      ...{ open_by_handle_at: 265, clock_adjtime: 266, setns: 268, process_vm_readv: 270, process_vm_writev: 271 },
      ...{ kcmp: 272, finit_module: 273, bpf: 280, userfaultfd: 282, kexec_file_load: 294 },
      ...DENIED_EVERYWHERE,
    },
  },
};
