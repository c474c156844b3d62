import { chmod, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { putPreparedDatabase } from "./prepared-database.ts";

export const ROOT = join(import.meta.dir, "../..");

export interface TestPlatform {
  /** The website, such as `http://localhost:41234`. */
  baseUrl: string;
  port: number;
  signInUrl: string;
  dataDirectory: string;
  /** As root: the slots' users come after it. */
  uidBase: number;
  pid: number;
  token: string;
  /** A request to the API with the machine's own token. */
  api(path: string, init?: RequestInit): Promise<Response>;
  /** A request to a site by its host; names below localhost need no resolver this way. */
  site(host: string, path: string, init?: RequestInit): Promise<Response>;
  /** Everything that the process printed. */
  output(): string;
  /** null while it runs. */
  exitStatus(): number | null;
  /** SIGTERM, and waits for its end. */
  stop(): Promise<void>;
  /** SIGKILL, and waits for its end: a crash. */
  kill(): Promise<void>;
}

export interface PlatformOptions {
  dataDirectory?: string;
  args?: readonly string[];
  env?: Record<string, string>;
  /** Put before the program, such as a command that makes a namespace and then runs the rest of its arguments. */
  prefix?: readonly string[];
  /** In the launcher's place, which would install what is missing. */
  program?: readonly string[];
}

/** Starts the real program by its launcher, as a user does, and waits until it is up. */
export async function startPlatform(options: PlatformOptions = {}): Promise<TestPlatform> {
  const dataDirectory = options.dataDirectory ?? (await newDataDirectory());
  const args = options.args?.includes("--port") ? options.args : ["--port", "0", ...(options.args ?? [])];
  const program = [...(options.prefix ?? []), ...(options.program ?? [join(ROOT, "berth")])];
  const uidBase = uidBaseOf(dataDirectory);
  const child = Bun.spawn([...program, "up", "--json", "--data", dataDirectory, ...args], {
    cwd: tmpdir(),
    env: { ...Bun.env, BERTH_UID_BASE: `${uidBase}`, ...options.env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  let printed = "";
  let first = "";
  const collect = async (stream: ReadableStream<Uint8Array>, isStdout: boolean) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      const text = decoder.decode(chunk, { stream: true });
      printed += text;
      if (isStdout) first += text;
    }
  };
  void collect(child.stdout, true);
  void collect(child.stderr, false);
  while (!first.includes("\n")) {
    if (child.exitCode !== null) throw new Error(`the platform ended with ${child.exitCode}:\n${printed}`);
    await sleep(10);
  }
  const up = JSON.parse(first.slice(0, first.indexOf("\n"))) as { url: string; signInUrl: string; error?: unknown };
  if (up.error !== undefined) {
    await child.exited;
    throw new Error(printed);
  }
  const api = (await Bun.file(join(dataDirectory, "api.json"))
    .json()
    .catch(() => ({ token: "" }))) as { token: string };
  const port = Number(new URL(up.url).port);
  const origin = `http://127.0.0.1:${port}`;
  const end = async (signal: "SIGTERM" | "SIGKILL") => {
    if (child.exitCode === null) child.kill(signal);
    await child.exited;
  };
  return {
    baseUrl: up.url,
    port,
    signInUrl: up.signInUrl,
    dataDirectory,
    uidBase,
    pid: child.pid,
    token: api.token,
    api: (path, init = {}) =>
      fetch(`${origin}/api/v1${path}`, {
        ...init,
        headers: { authorization: `Bearer ${api.token}`, "content-type": "application/json", ...init.headers },
      }),
    site: (host, path, init = {}) =>
      fetch(`${origin}${path}`, { redirect: "manual", ...init, headers: { host, ...init.headers } }),
    output: () => printed,
    exitStatus: () => child.exitCode,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
  };
}

/** Platforms side by side get uids of their own, the same one at every start on one directory. */
function uidBaseOf(dataDirectory: string): number {
  return 2_000_000 + (Bun.hash.crc32(dataDirectory) % 1_000_000) * 200;
}

/**
 * A folder that other users may pass through, as the default one is. The toolchains in it are those of all tests: a
 * platform fetches each of them once, and only the first test of a fresh machine has to wait for that. The same holds
 * for the empty database, unless the test has none, or is to see it made.
 */
export async function newDataDirectory({ withDatabase = true } = {}): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "berth-data-"));
  await chmod(directory, 0o711);
  const toolchains = join(tmpdir(), `berth-test-toolchains-${process.getuid?.()}`);
  await mkdir(toolchains, { recursive: true, mode: 0o755 });
  await symlink(toolchains, join(directory, "toolchains"));
  if (withDatabase) await putPreparedDatabase(directory);
  return directory;
}

export async function removeDataDirectory(directory: string): Promise<void> {
  // A platform that was killed for good has left the volumes of its slots mounted.
  const mountInfo = await Bun.file("/proc/self/mountinfo").text();
  const mounts = mountInfo.split("\n").map((line) => line.split(" ")[4] ?? "");
  for (const mount of mounts) if (mount.startsWith(`${directory}/`)) Bun.spawnSync(["umount", "--lazy", mount]);
  await rm(directory, { recursive: true, force: true });
}
