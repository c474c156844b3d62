import { constants } from "node:fs";
import { appendFile, mkdir, mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeOwner } from "../sandbox/leftovers.ts";
import { relayAgent } from "./agent-relay.ts";
import type { GitEnvironment } from "./git.ts";
import { defaultPort, type RemoteHost } from "./source-host.ts";

/** What the user's own ssh configuration says of a host. */
export interface SshTarget {
  host: string;
  port: number;
  user: string | undefined;
  identityFiles: readonly string[];
  knownHostsFiles: readonly string[];
}

/** Asks ssh itself (ssh(1), -G), so that a host's alias, port and keys in `~/.ssh/config` count. */
export async function sshTarget(remote: RemoteHost, environment: GitEnvironment): Promise<SshTarget> {
  const options = [
    ...(environment.sshConfigFile === undefined ? [] : ["-F", environment.sshConfigFile]),
    ...(remote.port === undefined ? [] : ["-p", String(remote.port)]),
    ...(remote.user === undefined ? [] : ["-l", remote.user]),
  ];
  const text = await output(["ssh", "-G", ...options, "--", remote.host], environment);
  return parseSshConfiguration(text, { remote, home: environment.home });
}

/** The lines of `ssh -G`: a keyword in lower case, a blank, its value. Pure. */
export function parseSshConfiguration(text: string, { remote, home }: { remote: RemoteHost; home: string }): SshTarget {
  const lines = text.split("\n").map((line) => /^(\S+) (.*)$/.exec(line));
  const all = (keyword: string) => lines.flatMap((line) => (line?.[1] === keyword ? [line[2]!] : []));
  const path = (text: string) => text.replace(/^~(?=\/)/, home);
  const files = [...all("userknownhostsfile"), ...all("globalknownhostsfile")].flatMap((value) => value.split(" "));
  return {
    host: (all("hostname")[0] ?? remote.host).toLowerCase(),
    port: Number(all("port")[0] ?? remote.port ?? defaultPort.ssh),
    user: remote.user ?? all("user")[0],
    identityFiles: all("identityfile")
      .filter((value) => value !== "none")
      .map(path),
    knownHostsFiles: files.map(path),
  };
}

/**
 * Keys to log in with, by a socket in `folder` and never as files: the operator's agent where it holds any, else an
 * agent of this fetch with the user's own keys that need no passphrase.
 */
export async function offerKeys(
  { identityFiles }: Pick<SshTarget, "identityFiles">,
  { environment, folder, name }: { environment: GitEnvironment; folder: string; name: string },
): Promise<{ close(): Promise<void> }> {
  const own = await startAgent(identityFiles, environment);
  const close = async () => {
    await relay.close();
    await own?.close();
  };
  const relay = await relayAgent(own?.socket ?? environment.sshAuthSock!, { folder, name });
  return { close };
}

/** @returns undefined when the operator's agent holds keys */
async function startAgent(
  identityFiles: readonly string[],
  environment: GitEnvironment,
): Promise<{ socket: string; close(): Promise<void> } | undefined> {
  const { sshAuthSock } = environment;
  if (sshAuthSock !== undefined && (await output(["ssh-add", "-l"], environment, sshAuthSock)) !== "") return undefined;
  const folder = await mkdtemp(join(tmpdir(), "berth-agent-"));
  await mkdir(join(folder, "run"));
  writeOwner(folder);
  const socket = join(folder, "agent");
  // ssh-agent(1) ends with its command. This one tells the agent's id by its own environment, then waits for the end of
  // its input: the end of the platform, however it comes.
  const agent = Bun.spawn(["ssh-agent", "-a", socket, "cat", "/proc/self/environ", "-"], {
    env: { PATH: environment.path },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "ignore",
  });
  const pid = await agentId(agent.stdout);
  if (identityFiles.length > 0) await output(["ssh-add", "-q", "--", ...identityFiles], environment, socket);
  const close = async () => {
    if (pid !== undefined) process.kill(pid);
    agent.kill();
    await agent.exited;
    await rm(folder, { recursive: true, force: true });
  };
  return { socket, close };
}

async function agentId(environ: ReadableStream<Uint8Array>): Promise<number | undefined> {
  let text = "";
  for await (const chunk of environ) {
    text += Buffer.from(chunk).toString("latin1");
    const found = /(?:^|\0)SSH_AGENT_PID=(\d+)\0/.exec(text)?.[1];
    if (found !== undefined) return Number(found);
  }
  return undefined;
}

/** Standard output, empty when the command fails. */
async function output(command: string[], { path, home }: GitEnvironment, agent?: string): Promise<string> {
  const child = Bun.spawn(command, {
    env: { PATH: path, HOME: home, LC_ALL: "C", ...(agent === undefined ? {} : { SSH_AUTH_SOCK: agent }) },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
    // Without a terminal nobody can be asked for a passphrase.
    detached: true,
  });
  const [text, exit] = await Promise.all([new Response(child.stdout).text(), child.exited]);
  return exit === 0 ? text : "";
}

/** All host keys that the user or an earlier fetch has accepted. */
export async function knownHosts({ knownHostsFiles }: SshTarget, environment: GitEnvironment): Promise<string> {
  const texts = await Promise.all(
    [...knownHostsFiles, environment.knownHostsFile].map((path) => readFile(path, "utf8").catch(() => "")),
  );
  return texts.map((text) => (text === "" || text.endsWith("\n") ? text : `${text}\n`)).join("");
}

const KNOWN_HOSTS_MAX_BYTES = 4 * 1024 * 1024;

/** Keeps what a fetch has added to its own list: keys of the host that it was for, and no other line. */
export async function keepHostKeys(
  target: SshTarget,
  { path, before, environment }: { path: string; before: string; environment: GitEnvironment },
): Promise<void> {
  // The file lies where the fetch can write: it may be anything by now.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => undefined,
  );
  if (file === undefined) return;
  try {
    const info = await file.stat();
    if (!info.isFile() || info.size > KNOWN_HOSTS_MAX_BYTES) return;
    const added = addedHostKeys(before, await file.readFile("utf8"), target);
    if (added !== "") await appendFile(environment.knownHostsFile, added, { mode: 0o600 });
  } finally {
    await file.close();
  }
}

/** sshd(8), SSH_KNOWN_HOSTS FILE FORMAT. Pure. */
export function addedHostKeys(before: string, after: string, { host, port }: Pick<SshTarget, "host" | "port">): string {
  const name = port === defaultPort.ssh ? host : `[${host}]:${port}`;
  const known = new Set(before.split("\n"));
  const lines = after.split("\n").filter((line) => {
    const [names, type, key, ...rest] = line.split(" ");
    const isKey = /^[a-z0-9@.-]+$/.test(type ?? "") && /^[A-Za-z0-9+/]+=*$/.test(key ?? "") && rest.length === 0;
    return names === name && isKey && !known.has(line);
  });
  return lines.map((line) => `${line}\n`).join("");
}
