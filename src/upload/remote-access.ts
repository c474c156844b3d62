import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PROXY_PORT } from "../sandbox/profile.ts";
import { RUNTIME_INSIDE } from "../sandbox/runtime-files.ts";
import type { PinnedHost, Sandbox } from "../sandbox/sandbox.ts";
import { type GitEnvironment, LOCAL_CONFIG, sshCommand } from "./git.ts";
import { prepareLocalRepository, SHOWN_REPOSITORY } from "./local-repository.ts";
import { defaultPort, pinHost, type RemoteHost, type Resolve, remoteHost } from "./source-host.ts";
import { keepHostKeys, knownHosts, offerKeys, sshTarget } from "./ssh-keys.ts";

/** The sandbox slot that a fetch has to itself. */
export interface FetchWall {
  sandbox: Sandbox;
  slot: number;
  /** Whether sources at loopback, private and link-local addresses and this machine's own are let through. */
  privateAddresses: boolean;
  /** This machine's. */
  ownAddresses(): readonly string[];
  resolve: Resolve;
}

/** How one repository is reached from where git runs. */
export interface RemoteAccess {
  /** As git is told. */
  url: string;
  /** Beside those of `gitVariables`. */
  variables: Record<string, string>;
  mounts: { host: string; inside: string }[];
  hosts: PinnedHost[];
  close(): Promise<void>;
}

interface AccessOptions {
  environment: GitEnvironment;
  /** Paths on the host. */
  folders: { work: string; home: string };
  /** undefined: without a wall. */
  wall: FetchWall | undefined;
  /** Tells the repositories of one fetch apart. */
  name: string;
}

const PROXY = `http://127.0.0.1:${PROXY_PORT}`;
const CA_INSIDE = "/opt/ca.pem";

/** @throws BerthError `source_unreachable`, `source_private`, `repository_not_found` */
export async function openAccess(url: string, options: AccessOptions): Promise<RemoteAccess> {
  const remote = remoteHost(url);
  const { wall, environment } = options;
  if (wall === undefined) return plainAccess(url, options);
  if (remote === undefined) return await localAccess(url, { ...options, wall });
  if (remote.protocol === "ssh") return await sshAccess(url, { ...options, wall, remote });
  const port = remote.port ?? defaultPort[remote.protocol];
  const ca = environment.caFile;
  return {
    url,
    hosts: [await pinHost({ host: remote.host, port }, wall)],
    mounts: ca === undefined ? [] : [{ host: ca, inside: CA_INSIDE }],
    variables: {
      GIT_ALLOW_PROTOCOL: "https:http",
      http_proxy: PROXY,
      https_proxy: PROXY,
      ...(ca === undefined ? {} : { GIT_SSL_CAINFO: CA_INSIDE }),
    },
    close: async () => undefined,
  };
}

type Walled = AccessOptions & { wall: FetchWall };

async function localAccess(path: string, { folders, wall, name }: Walled): Promise<RemoteAccess> {
  const target = join(folders.work, `${name}${SHOWN_REPOSITORY}`);
  await mkdir(target);
  const { mounts } = await prepareLocalRepository(path, { target, needsOthers: wall.sandbox.tier.level === 2 });
  const close = async () => undefined;
  return {
    url: `/work/${name}${SHOWN_REPOSITORY}`,
    mounts,
    hosts: [],
    variables: { GIT_ALLOW_PROTOCOL: "file" },
    close,
  };
}

const CONNECT = `${RUNTIME_INSIDE}/bun --no-env-file --config=${RUNTIME_INSIDE}/bunfig.toml ${RUNTIME_INSIDE}/connect.ts`;

async function sshAccess(url: string, options: Walled & { remote: RemoteHost }): Promise<RemoteAccess> {
  const { environment, folders, wall, remote } = options;
  const target = await sshTarget(remote, environment);
  const pinned = await pinHost(target, wall);
  const before = await knownHosts(target, environment);
  const path = join(folders.home, "known_hosts");
  // The folder is git's: a fetch that was taken over may have put a link there.
  await rm(path, { recursive: true, force: true });
  await writeFile(path, before, { flag: "wx" });
  const keys = await offerKeys(target, { environment, folder: folders.home, name: "agent" });
  const command = sshCommand({
    arguments: ["-F", "none"],
    options: [
      ...[`HostName=${target.host}`, `Port=${target.port}`, `ProxyCommand=${CONNECT} %h %p`],
      ...(target.user === undefined ? [] : [`User=${target.user}`]),
      ...["IdentityFile=none", "IdentityAgent=/home/agent", "HashKnownHosts=no", "UpdateHostKeys=no"],
      ...["UserKnownHostsFile=/home/known_hosts", "GlobalKnownHostsFile=/dev/null"],
    ],
  });
  return {
    url,
    hosts: [pinned],
    mounts: [],
    variables: { GIT_ALLOW_PROTOCOL: "ssh", GIT_SSH_COMMAND: command, https_proxy: PROXY },
    async close() {
      await keys.close();
      await keepHostKeys(target, { path, before, environment });
    },
  };
}

/** Tier 0: git goes out by itself, with the user's own ssh. */
async function plainAccess(url: string, { environment, folders }: AccessOptions): Promise<RemoteAccess> {
  const isLocal = url.startsWith("/");
  if (isLocal) await writeFile(join(folders.home, "gitconfig"), LOCAL_CONFIG, { flag: "a" });
  const { sshConfigFile } = environment;
  const given: Record<string, string | undefined> = {
    PATH: environment.path,
    GIT_ALLOW_PROTOCOL: isLocal ? "file" : "https:http:ssh",
    GIT_SSH_COMMAND: sshCommand({ arguments: sshConfigFile === undefined ? [] : ["-F", sshConfigFile] }),
    SSH_AUTH_SOCK: environment.sshAuthSock,
    GIT_SSL_CAINFO: environment.caFile,
    http_proxy: environment.httpProxy,
    https_proxy: environment.httpsProxy,
    no_proxy: environment.noProxy,
  };
  const variables = Object.fromEntries(Object.entries(given).filter((entry): entry is [string, string] => !!entry[1]));
  return { url, variables, mounts: [], hosts: [], close: async () => undefined };
}
