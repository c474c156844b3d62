import { constants } from "node:fs";
import { access, chmod, mkdtemp, readFile, rm, stat, statfs } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import semver from "semver";
import { toErrorBody } from "../model/errors.ts";
import { openSandbox } from "../sandbox/bubblewrap.ts";
import type { Check } from "./doctor.ts";
import { renderBytes } from "./render.ts";

/** A platform with its embedded database, one build and the store's first sites. */
const DISK_LEAST_BYTES = 2e9;
const MEMORY_LEAST_BYTES = 1e9;
const PROBE_DISK_BYTES = 64 * 1024 ** 2;
const PROBE_TIMEOUT_MS = 10_000;

interface Program {
  name: string;
  least: string;
  /** Debian's package. */
  package: string;
}

export async function checkProgram({ name, least, package: debianPackage }: Program): Promise<Check> {
  const path = Bun.which(name);
  const hint = `Run as root: apt-get install -y --no-install-recommends ${debianPackage}`;
  if (path === null) return { name, ok: false, detail: "not installed", hint };
  const { exit, text } = await probe([path, "--version"]);
  const version = semver.coerce(text)?.version;
  if (exit !== 0 || version === undefined) return { name, ok: false, detail: `${path} does not run`, hint };
  if (semver.lt(version, least)) {
    return { name, ok: false, detail: `${version} is too old`, hint: `${least} or newer is needed. ${hint}` };
  }
  return { name, ok: true, detail: `${version} (${path})`, hint: "" };
}

/** As the settings say; `none` has nothing to try. */
interface SandboxChoice {
  uidBase: number;
  sandbox: string;
}

/** Tries the very wall that builds get, in a folder of its own. */
export async function checkSandbox({ uidBase, sandbox: kind }: SandboxChoice): Promise<Check> {
  const name = "sandbox";
  const directory = await mkdtemp(join(tmpdir(), "berth-doctor-"));
  try {
    await chmod(directory, 0o711);
    const sandbox = await openSandbox({
      slotsDirectory: directory,
      uidBase,
      selfUid: process.getuid?.() ?? -1,
      registries: { registry: "https://registry.invalid/", hosts: [], npmrcLines: [] },
      diskBytes: PROBE_DISK_BYTES,
      unsafe: kind === "none",
      gvisor: kind === "gvisor",
    });
    const refusal = await sandbox.selfTest().finally(() => sandbox.close());
    if (refusal) return { name, ok: false, detail: refusal.message, hint: refusal.hint };
    return { name, ok: true, detail: `tier ${sandbox.tier.level}: ${sandbox.tier.reason}`, hint: "" };
  } catch (error) {
    const { message, hint } = toErrorBody(error);
    return { name, ok: false, detail: message, hint };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** It need not exist yet: then the nearest folder above it must let it be made. */
export async function checkDataDirectory(path: string): Promise<Check> {
  const name = "data directory";
  const existing = await nearestFolder(path);
  try {
    await access(existing, constants.W_OK | constants.X_OK);
  } catch {
    const hint = "Choose another one with --data or BERTH_DATA, or give this user the right to write there.";
    return { name, ok: false, detail: `${existing} is not writable`, hint };
  }
  const blocked = await firstUntraversable(path);
  if (process.getuid?.() === 0 && blocked !== undefined) {
    const hint = `Builds and the database run as users of their own: chmod o+x ${blocked}, or choose another --data.`;
    return { name, ok: false, detail: `other users can't reach ${path} through ${blocked}`, hint };
  }
  return { name, ok: true, detail: existing === path ? path : `${path} (will be made)`, hint: "" };
}

export async function checkDisk(path: string): Promise<Check> {
  const { bavail, bsize } = await statfs(await nearestFolder(path));
  const free = bavail * bsize;
  const ok = free >= DISK_LEAST_BYTES;
  const hint = ok ? "" : `At least ${renderBytes(DISK_LEAST_BYTES)} are needed: free some, or choose another --data.`;
  return { name: "disk", ok, detail: `${renderBytes(free)} free`, hint };
}

export async function checkMemory(): Promise<Check> {
  const text = await readFile("/proc/meminfo", "utf8").catch(() => "");
  const available = Number(/^MemAvailable:\s+(\d+) kB/m.exec(text)?.[1] ?? Number.NaN) * 1024;
  if (Number.isNaN(available)) return { name: "memory", ok: true, detail: "not known on this system", hint: "" };
  const ok = available >= MEMORY_LEAST_BYTES;
  const hint = ok ? "" : `Builds want at least ${renderBytes(MEMORY_LEAST_BYTES)}: stop something, or add memory.`;
  return { name: "memory", ok, detail: `${renderBytes(available)} available`, hint };
}

export async function checkPort(at: { dataDirectory: string; host: string; port: number }): Promise<Check> {
  const name = "port";
  const code = await listenError(at);
  if (code === undefined) return { name, ok: true, detail: `${at.host}:${at.port} is free`, hint: "" };
  if (code === "EADDRINUSE" && (await isOurs(at))) {
    return { name, ok: true, detail: `${at.host}:${at.port} is held by this platform, which runs`, hint: "" };
  }
  const detail =
    code === "EADDRINUSE" ? `${at.host}:${at.port} is taken` : `${at.host}:${at.port} can't be used (${code})`;
  return { name, ok: false, detail, hint: "Choose another port with --port, or stop what listens there." };
}

function listenError({ host, port }: { host: string; port: number }): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/** Whether the platform of this data directory says that it lives on this port. */
async function isOurs({ dataDirectory, port }: { dataDirectory: string; port: number }): Promise<boolean> {
  try {
    const { url } = JSON.parse(await readFile(join(dataDirectory, "api.json"), "utf8")) as { url: string };
    const { port: ownPort, protocol } = new URL(url);
    if (Number(ownPort || (protocol === "https:" ? 443 : 80)) !== port) return false;
    return (await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}

async function nearestFolder(path: string): Promise<string> {
  for (let folder = path; ; folder = dirname(folder)) {
    const found = await stat(folder).catch(() => undefined);
    if (found !== undefined || folder === "/") return folder;
  }
}

async function firstUntraversable(path: string): Promise<string | undefined> {
  const folders: string[] = [];
  for (let folder = dirname(path); folder !== "/"; folder = dirname(folder)) folders.unshift(folder);
  for (const folder of folders) {
    const found = await stat(folder).catch(() => undefined);
    if (found !== undefined && (found.mode & constants.S_IXOTH) === 0) return folder;
  }
  return undefined;
}

async function probe(command: string[]): Promise<{ exit: number; text: string }> {
  try {
    const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "pipe", timeout: PROBE_TIMEOUT_MS });
    const read = (stream: ReadableStream<Uint8Array>) => new Response(stream).text();
    const [out, err, exit] = await Promise.all([read(child.stdout), read(child.stderr), child.exited]);
    return { exit, text: `${out}${err}`.trim() };
  } catch (thrown) {
    return { exit: 127, text: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}
