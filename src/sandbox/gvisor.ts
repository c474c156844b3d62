import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { nanoid } from "nanoid";
import { CA_FILE, EGRESS_SOCKET, insideCommand, insideEnvironment, type ProfileInput, TMP_BYTES } from "./profile.ts";
import { ETC_FILES, RUNTIME_INSIDE } from "./runtime-files.ts";

/** gVisor's folder mounts alone take sockets of the host: this one is linked into a folder of its own. */
const EGRESS_FOLDER = "/run/egress";

/**
 * bwrap as the gate alone: a pid namespace, whose end is the end of all, and the wait until the control group is set.
 * The wall is runsc's own; it needs root's rights to build it.
 */
export const GATE_ARGUMENTS = [
  ...["--dev-bind", "/", "/", "--proc", "/proc", "--unshare-pid", "--die-with-parent", "--cap-add", "ALL"],
];

export interface Bundle {
  /** The runsc command that runs it in the foreground. */
  command: string[];
  remove(): void;
}

interface BundleInput extends ProfileInput {
  command: readonly string[];
  uid: number;
  runDirectory: string;
}

/** Writes an OCI bundle (opencontainers.org, runtime-spec, config.md) that gives the command what bwrap would. */
export function makeBundle(input: BundleInput): Bundle {
  const id = `run-${nanoid(8)}`;
  const directory = join(input.runDirectory, `gvisor.${id}`);
  const rootfs = join(directory, "rootfs");
  mkdirSync(directory, { mode: 0o711 });
  const mounts = mountsOf(input, join(directory, "egress"));
  makeRoot(rootfs, input);
  for (const { destination } of mounts) mkdirSync(join(rootfs, destination), { recursive: true });
  if (input.egressSocket !== undefined) {
    mkdirSync(join(directory, "egress"), { mode: 0o711 });
    chmodSync(join(directory, "egress"), 0o755);
    linkSync(input.egressSocket, join(directory, "egress", "sock"));
    symlinkSync(`${EGRESS_FOLDER}/sock`, join(rootfs, EGRESS_SOCKET));
  }
  writeFileSync(join(directory, "config.json"), JSON.stringify(bundleConfig(input, mounts)), { mode: 0o600 });
  const options = ["--root", join(directory, "state"), "--network=none", "--fsgofer-host-uds", "--ignore-cgroups"];
  return {
    command: ["runsc", ...options, "run", "--bundle", directory, id],
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

interface Mount {
  destination: string;
  type: string;
  source: string;
  options: string[];
}

function mountsOf({ options, folders, runtime, egressSocket }: BundleInput, egressFolder: string): Mount[] {
  const bind = (source: string, destination: string, access: "ro" | "rw" = "ro"): Mount => ({
    ...{ destination, type: "bind", source, options: ["rbind", access] },
  });
  const memory = (destination: string, ...more: string[]): Mount => ({
    ...{ destination, type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev", ...more] },
  });
  const system = ["/usr", "/etc/ssl/certs", "/etc/alternatives"].filter(existsSync);
  // As behind bwrap: settings of programs on the host are none of a build's business.
  const hidden = ["/usr/etc", "/usr/local/etc"].filter(existsSync);
  return [
    { destination: "/proc", type: "proc", source: "proc", options: [] },
    memory("/dev"),
    memory("/tmp", "mode=1777", `size=${TMP_BYTES}`),
    ...system.map((path) => bind(path, path)),
    ...hidden.map((path) => memory(path, "ro")),
    bind(runtime.directory, RUNTIME_INSIDE),
    ...(egressSocket === undefined ? [] : [bind(egressFolder, EGRESS_FOLDER)]),
    ...options.readOnly.map(({ host, inside }) => bind(host, inside)),
    bind(folders.work, "/work", "rw"),
    bind(folders.cache, "/cache", "rw"),
    bind(folders.home, "/home", "rw"),
  ];
}

/** What is not mounted: links of a merged /usr, and small files. */
function makeRoot(rootfs: string, { runtime, registries }: BundleInput): void {
  for (const folder of ["etc", "run"]) mkdirSync(join(rootfs, folder), { recursive: true });
  for (const path of ["/bin", "/sbin", "/lib", "/lib32", "/lib64"].filter(existsSync)) {
    if (lstatSync(path).isSymbolicLink()) symlinkSync(readlinkSync(path), join(rootfs, path));
  }
  for (const name of ETC_FILES) copyFileSync(join(runtime.etc, name), join(rootfs, "etc", name));
  const copies = [
    ["/etc/ld.so.cache", "/etc/ld.so.cache"],
    ...(registries.caFile === undefined ? [] : [[registries.caFile, CA_FILE] as const]),
  ] as const;
  for (const [from, to] of copies) {
    if (!existsSync(from)) continue;
    mkdirSync(dirname(join(rootfs, to)), { recursive: true });
    copyFileSync(from, join(rootfs, to));
    chmodSync(join(rootfs, to), 0o644);
  }
}

function bundleConfig(input: BundleInput, mounts: readonly Mount[]): object {
  const { uid, command, options } = input;
  const limit = (type: string, value: number) => ({ type, soft: value, hard: value });
  return {
    ociVersion: "1.0.0",
    hostname: "build",
    process: {
      user: { uid, gid: uid },
      args: insideCommand(command, input),
      env: Object.entries(insideEnvironment(input)).map(([name, value]) => `${name}=${value}`),
      cwd: "/",
      capabilities: {},
      noNewPrivileges: true,
      rlimits: [limit("RLIMIT_CORE", 0), limit("RLIMIT_NOFILE", 4096), limit("RLIMIT_FSIZE", options.limits.fileBytes)],
    },
    root: { path: "rootfs", readonly: true },
    mounts,
    linux: { namespaces: ["pid", "network", "ipc", "uts", "mount"].map((type) => ({ type })) },
  };
}
