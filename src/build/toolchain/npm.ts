import { BerthError } from "../../model/errors.ts";

/** The npm of this machine: it knows the operator's registries, tokens and certificates, and checks integrity. */
export interface NpmCommand {
  /** Path or name. */
  program: string;
  environment: Readonly<Record<string, string | undefined>>;
}

const TIMEOUT_MS = 300_000;

/**
 * Runs npm and gives its standard output. @throws BerthError `missing_dependency` when there is no npm,
 * `toolchain_unavailable` with npm's own last words when it fails
 */
export async function runNpm(npm: NpmCommand, args: readonly string[], cwd: string): Promise<string> {
  const program = Bun.which(npm.program, npm.environment.PATH === undefined ? {} : { PATH: npm.environment.PATH });
  if (program === null) {
    throw new BerthError("missing_dependency", "npm is not installed, and toolchains are fetched with it.", {
      hint: "Install Node with npm, and start the platform again.",
    });
  }
  const child = Bun.spawn([program, ...args, "--no-audit", "--no-fund", "--no-update-notifier"], {
    cwd,
    env: { ...npm.environment },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: TIMEOUT_MS,
  });
  const read = (stream: ReadableStream<Uint8Array>) => new Response(stream).text();
  const [out, error, exit] = await Promise.all([read(child.stdout), read(child.stderr), child.exited]);
  if (exit === 0) return out;
  throw new BerthError("toolchain_unavailable", `'npm ${args.slice(0, 2).join(" ")}' failed: ${reasonOf(error)}`, {
    hint: "Check the version that is asked for, and that npm on this machine reaches its registry.",
  });
}

/** `npm config get NAME`: what npm itself would use. */
export async function askNpm(npm: NpmCommand, name: string): Promise<string> {
  return (await runNpm(npm, ["config", "get", name], "/")).trim();
}

function reasonOf(error: string): string {
  const lines = error
    .split("\n")
    .filter((line) => /^npm (error|ERR!) /.test(line) && !/complete log|^npm \S+ code /.test(line));
  const told = lines.map((line) => line.replace(/^npm \S+ /, "").trim()).filter(Boolean);
  return told.slice(0, 2).join(" ").slice(0, 400) || "no reason was given";
}
