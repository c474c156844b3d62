import { existsSync, lstatSync, readlinkSync } from "node:fs";
import { FOLLOW_ORDERS } from "./inside/frames.ts";
import { TOOL_ENVIRONMENT } from "./launch.ts";
import { heapOption } from "./node-heap.ts";
import { nodeProxyVariables } from "./node-proxy.ts";
import { isOwnRegistry, type RegistryConfiguration } from "./registries.ts";
import { ETC_FILES, RUNTIME_INSIDE, type RuntimeFiles } from "./runtime-files.ts";
import type { RunOptions, SlotFolders } from "./sandbox.ts";
import { TEMPORARY } from "./slots.ts";

/** `user`: bwrap makes a user namespace. `capabilities`: root's bwrap mounts, and the user changes inside. */
export type WallMode = "user" | "capabilities";

export const PROXY_PORT = 3128;
export const EGRESS_SOCKET = "/run/egress.sock";
const ENVIRONMENT_FILE = "/run/environment";
/** Where bwrap finds the text of that file. */
export const ENVIRONMENT_FD = 8;
export const CA_FILE = "/run/ca.pem";
const UID_INSIDE = "1000";
export const TMP_BYTES = 256 * 1024 ** 2;
const SHM_BYTES = 64 * 1024 ** 2;

export interface ProfileInput {
  mode: WallMode;
  options: RunOptions;
  folders: SlotFolders;
  runtime: RuntimeFiles;
  registries: RegistryConfiguration;
  /** Path of the proxy's socket on the host; undefined closes the last way out. */
  egressSocket: string | undefined;
}

/**
 * bwrap's arguments (bwrap(1)) for one run. Mounts go to fixed top-level targets alone: below a folder that a build
 * writes, a link could lead a mount out (CVE-2026-87766).
 */
export function profileArguments(input: ProfileInput): string[] {
  const { mode, options, folders, runtime, registries, egressSocket } = input;
  const namespaces =
    mode === "user"
      ? ["--unshare-user", "--disable-userns", "--uid", UID_INSIDE, "--gid", UID_INSIDE, "--cap-drop", "ALL"]
      : ["--cap-drop", "ALL", ...["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"].flatMap((name) => ["--cap-add", name])];
  const made = [
    ...namespaces,
    ...["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--unshare-net"],
    ...["--hostname", "build", "--die-with-parent", "--new-session", "--clearenv"],
    ...["--tmpfs", "/", "--perms", "0755", "--dir", "/etc", "--perms", "0755", "--dir", "/etc/ssl"],
    ...["--perms", "0755", "--dir", "/run", "--perms", "0755", "--dir", "/opt"],
    ...systemFolders(),
    ...ETC_FILES.flatMap((name) => [...["--ro-bind", `${runtime.etc}/${name}`, `/etc/${name}`]]),
    ...["--proc", "/proc", "--dev", "/dev"],
    ...["--size", String(TMP_BYTES), "--perms", "1777", "--tmpfs", "/tmp"],
    ...["--size", String(SHM_BYTES), "--perms", "1777", "--tmpfs", "/dev/shm", "--remount-ro", "/dev"],
    ...["--ro-bind", runtime.directory, RUNTIME_INSIDE],
    ...(egressSocket === undefined ? [] : ["--ro-bind", egressSocket, EGRESS_SOCKET]),
    ...(registries.caFile === undefined ? [] : ["--ro-bind", registries.caFile, CA_FILE]),
    ...options.readOnly.flatMap(({ host, inside }) => ["--ro-bind", host, belowOpt(inside)]),
    ...["--bind", folders.work, "/work", "--bind", folders.cache, "/cache", "--bind", folders.home, "/home"],
    ...(mode === "user" ? [] : ["--perms", "0444", "--file", String(ENVIRONMENT_FD), ENVIRONMENT_FILE]),
    ...["--remount-ro", "/", "--chdir", "/"],
    ...environmentArguments(input),
  ];
  // bwrap reads them from a descriptor, one ending with a NUL: with one in a value, a value could become an option.
  if (made.some((argument) => argument.includes("\0"))) throw new TypeError("a NUL in an environment value or a path");
  return made;
}

/**
 * A build may name any variable, and some of them load code into whatever is started: LD_PRELOAD. Where root's own
 * programs run inside before the user changes, they get none of it.
 */
function environmentArguments(input: ProfileInput): string[] {
  const variables = input.mode === "user" ? insideEnvironment(input) : TOOL_ENVIRONMENT;
  return Object.entries(variables).flatMap(([name, value]) => ["--setenv", name, value]);
}

/** Of a shell itself: to set one ends some shells. */
const OF_SHELLS = /^(OPTIND|LINENO|PPID|E?UID|GROUPS|SHELLOPTS|BASH\w*)$/;

/** The same variables as a file that a shell reads, when the user has changed. */
export function environmentScript(input: ProfileInput): string {
  const lines = Object.entries(insideEnvironment(input)).flatMap(([name, value]) => {
    if (value.includes("\0")) throw new TypeError("a NUL in an environment value");
    const isName = /^[A-Za-z_]\w*$/.test(name) && !OF_SHELLS.test(name);
    return isName ? [`command export ${name}='${value.replaceAll("'", "'\\''")}'\n`] : [];
  });
  return lines.join("");
}

/** Puts the variables of `environmentScript` before what follows. */
export const WITH_ENVIRONMENT = ["/bin/sh", "-c", `. ${ENVIRONMENT_FILE} || exit 126; exec "$@"`, "sh"];

function systemFolders(): string[] {
  const merged = ["/bin", "/sbin", "/lib", "/lib32", "/lib64"].filter(existsSync).flatMap((path) => {
    return lstatSync(path).isSymbolicLink() ? ["--symlink", readlinkSync(path), path] : ["--ro-bind", path, path];
  });
  const settings = ["/etc/ssl/certs", "/etc/alternatives", "/etc/ld.so.cache"];
  // Settings of programs on the host, a package manager's tokens among them, are none of a build's business.
  const hidden = ["/usr/etc", "/usr/local/etc"].filter(existsSync);
  return [
    ...["--ro-bind", "/usr", "/usr"],
    ...merged,
    ...settings.flatMap((path) => ["--ro-bind-try", path, path]),
    ...hidden.flatMap((path) => ["--tmpfs", path, "--remount-ro", path]),
  ];
}

function belowOpt(inside: string): string {
  if (/^\/opt\/[A-Za-z0-9][A-Za-z0-9._-]*$/.test(inside)) return inside;
  throw new TypeError(`a mount goes right below /opt, not to ${inside}`);
}

/** What a build sees. Its own variables may take the place of the caches', never of HOME, PATH and the proxy. */
export function insideEnvironment({ options, registries, egressSocket }: ProfileInput): Record<string, string> {
  const proxy = `http://127.0.0.1:${PROXY_PORT}`;
  // Of an option that is there twice, Node takes the last: a build's own goes before ours.
  const heap = options.node === undefined ? undefined : heapOption(options.limits.memoryBytes);
  const nodeOptions = [heap, options.env.NODE_OPTIONS].filter(Boolean).join(" ");
  return {
    CI: "1",
    LANG: "C.UTF-8",
    npm_config_cache: "/cache/npm",
    pnpm_config_store_dir: "/cache/pnpm",
    YARN_CACHE_FOLDER: "/cache/yarn",
    YARN_ENABLE_GLOBAL_CACHE: "false",
    BUN_INSTALL_CACHE_DIR: "/cache/bun",
    XDG_CACHE_HOME: "/cache/xdg",
    // Yarn converts what it fetches there, hundreds of packages at a time: more than /tmp holds.
    TMPDIR: `/home/${TEMPORARY}`,
    ...(isOwnRegistry(options.registries ?? [], registries) ? {} : registryVariables(registries)),
    ...(registries.caFile === undefined ? {} : { NODE_EXTRA_CA_CERTS: CA_FILE, npm_config_cafile: CA_FILE }),
    ...options.env,
    ...(nodeOptions === "" ? {} : { NODE_OPTIONS: nodeOptions }),
    HOME: "/home",
    PATH: [...options.path, "/usr/local/bin", "/usr/bin", "/bin"].join(":"),
    ...(egressSocket === undefined
      ? {}
      : {
          HTTP_PROXY: proxy,
          HTTPS_PROXY: proxy,
          http_proxy: proxy,
          https_proxy: proxy,
          YARN_HTTP_PROXY: proxy,
          YARN_HTTPS_PROXY: proxy,
          NO_PROXY: NOT_PROXIED,
          no_proxy: NOT_PROXIED,
          ...nodeProxyVariables(options.node, options.egress, nodeOptions),
        }),
  };
}

/**
 * They go before a project's own files, and so to the operator's registry also where those write out npm's default.
 * A project with a registry of its own gets none: its private names would be asked of another registry.
 */
function registryVariables({ registry }: RegistryConfiguration): Record<string, string> {
  return {
    npm_config_registry: registry,
    YARN_NPM_REGISTRY_SERVER: registry,
    ...(registry.startsWith("http:") ? { YARN_UNSAFE_HTTP_WHITELIST: new URL(registry).hostname } : {}),
  };
}

/** The sandbox's own loopback: a development server of the build, and the tunnels to registries on the host's. */
const NOT_PROXIED = "localhost,127.0.0.1,::1";

/** The shell's text is always this one: folder and command are its arguments. A start of the runtime costs much more. */
const IN_FOLDER = 'cd "$1" || exit 127; shift; exec "$@"';

/** The forwarder and the command behind it, as they run inside. Without a way out there is nothing to forward. */
export function insideCommand(command: readonly string[], input: ProfileInput): string[] {
  const { options, registries, egressSocket } = input;
  if (egressSocket === undefined && command[0] !== FOLLOW_ORDERS)
    return ["/bin/sh", "-c", IN_FOLDER, "sh", options.cwd, ...command];
  const tunnels = registries.hosts.filter(({ host }) => host === "localhost" || host === "127.0.0.1" || host === "::1");
  const ways = egressSocket === undefined ? [] : ["--listen", String(PROXY_PORT)];
  if (egressSocket !== undefined) {
    for (const { host, port } of tunnels) ways.push("--tunnel", `${host.includes(":") ? `[${host}]` : host}:${port}`);
  }
  const bun = [`${RUNTIME_INSIDE}/bun`, "--no-env-file", `--config=${RUNTIME_INSIDE}/bunfig.toml`];
  return [...bun, `${RUNTIME_INSIDE}/forwarder.ts`, "--cwd", options.cwd, ...ways, "--", ...command];
}
