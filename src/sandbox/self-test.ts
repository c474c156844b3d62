import { randomBytes } from "node:crypto";
import { chmod, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BerthError, type ErrorBody } from "../model/errors.ts";
import { findTool } from "./launch.ts";
import { RUNTIME_INSIDE } from "./runtime-files.ts";
import type { RunOptions, RunResult } from "./sandbox.ts";

/** inode(7): S_ISUID. A setuid bwrap is a way to root (CVE-2026-41163). */
const SETUID = 0o4000;
const LIMITS = {
  wallMs: 60_000,
  memoryBytes: 1024 ** 3,
  processes: 128,
  diskBytes: 1024 ** 3,
  fileBytes: 1024 ** 2,
  logBytes: 64 * 1024,
};

const PACKAGES = {
  bwrap: "bubblewrap",
  setpriv: "util-linux",
  prlimit: "util-linux",
  choom: "util-linux",
  ionice: "util-linux",
  nice: "coreutils",
};

export const GVISOR_NEEDS_ROOT = {
  code: "sandbox_unavailable",
  message: "BERTH_SANDBOX=gvisor needs root, and the platform is not root.",
  hint: "Run the platform as root, or leave BERTH_SANDBOX unset.",
} as const satisfies ErrorBody;

async function missingTool({ gvisor, selfUid }: SelfTest): Promise<ErrorBody | undefined> {
  if (gvisor && selfUid !== 0) return GVISOR_NEEDS_ROOT;
  for (const [name, debianPackage] of Object.entries({ ...PACKAGES, ...(gvisor && { runsc: "runsc" }) })) {
    const path = findTool(name);
    if (path === null) {
      return {
        code: "missing_dependency",
        message: `'${name}' is not installed, and builds run behind it.`,
        hint: `Run as root: apt-get install -y --no-install-recommends ${debianPackage}`,
      };
    }
    if (name === "bwrap" && ((await stat(path)).mode & SETUID) !== 0) {
      return {
        code: "sandbox_unavailable",
        message: "bubblewrap is setuid, which gives builds a way to root.",
        hint: `Run as root: chmod u-s ${path}`,
      };
    }
  }
  return undefined;
}

export interface SelfTest {
  slot: number;
  gvisor: boolean;
  selfUid: number;
  /** Ends the command that looks; the test is then refused as one that could not be run. */
  signal: AbortSignal;
  /** A folder of the platform that a build must not see. */
  directory: string;
  prepare(slot: number): Promise<unknown>;
  clear(slot: number): Promise<void>;
  run(command: readonly string[], options: RunOptions): Promise<RunResult>;
}

/** Looks for ways out from inside: a readable file of the host and a server on its loopback. */
export async function tryWall(parts: SelfTest): Promise<ErrorBody | undefined> {
  const missing = await missingTool(parts);
  if (missing !== undefined) return missing;
  const canary = join(parts.directory, `canary.${randomBytes(6).toString("hex")}`);
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  try {
    await writeFile(canary, "A build must not see this.\n");
    await chmod(canary, 0o644);
    await parts.prepare(parts.slot);
    const report = await probe(parts, [canary, String(server.port)]);
    if (report.canaryRead) return broken("a build can read the host's files");
    if (report.loopbackReached) return broken("a build can reach servers on the host's loopback");
    if (report.isRoot) return broken("a build runs as root");
    return undefined;
  } catch (error) {
    if (error instanceof BerthError) return error.toBody();
    throw error;
  } finally {
    server.stop(true);
    await Promise.all([rm(canary, { force: true }), parts.clear(parts.slot)]);
  }
}

interface ProbeReport {
  canaryRead: boolean;
  loopbackReached: boolean;
  isRoot: boolean;
}

async function probe(parts: SelfTest, looks: string[]): Promise<ProbeReport> {
  let out = "";
  let error = "";
  const result = await parts.run([`${RUNTIME_INSIDE}/bun`, `${RUNTIME_INSIDE}/probe.ts`, ...looks], {
    slot: parts.slot,
    cwd: "/work",
    env: {},
    readOnly: [],
    path: [],
    egress: "none",
    limits: LIMITS,
    signal: parts.signal,
    onOutput(stream, bytes) {
      if (stream === "stdout") out += Buffer.from(bytes).toString("utf8");
      else error += Buffer.from(bytes).toString("utf8");
    },
  });
  if (result.cause === "exit" && result.exit === 0) return JSON.parse(out) as ProbeReport;
  const reason = error.trim().split("\n").at(-1) || `${result.cause}, status ${result.exit}`;
  throw new BerthError("sandbox_unavailable", `A command can't be run in the sandbox: ${reason}`, {
    hint: "Run 'berth doctor'. In a container, user namespaces and mounting /proc must be allowed to it.",
  });
}

function broken(what: string): ErrorBody {
  return {
    code: "sandbox_unavailable",
    message: `The sandbox does not hold on this machine: ${what}.`,
    hint: "Nothing is built until it does. Report it with the versions of the kernel and of bwrap.",
  };
}
