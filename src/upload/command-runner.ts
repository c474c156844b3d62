import { closeSync, constants, openSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ContactedHost } from "../model/contacted-host.ts";
import { BerthError } from "../model/errors.ts";
import { FOLLOW_ORDERS, FrameReader, type Order } from "../sandbox/inside/frames.ts";
import type { RunOptions, RunResult, Sandbox } from "../sandbox/sandbox.ts";
import { ByteStream } from "./byte-stream.ts";
import { openOrderPipe } from "./order-pipe.ts";

/** A command that runs. Its output must be read, or it stops. */
export interface RunningCommand {
  stdout: ReadableStream<Uint8Array>;
  stderr: ReadableStream<Uint8Array>;
  input(text: string): void;
  endInput(): void;
  /** Rejects when the run that it belongs to ended before it. */
  exited: Promise<number>;
}

/** Runs commands, one at a time. */
export interface CommandRunner {
  spawn(command: readonly string[], env: Record<string, string>): RunningCommand;
  /** Kills what runs and waits until it is gone. @returns the hosts that were asked for meanwhile */
  close(): Promise<readonly ContactedHost[]>;
}

/** The commands' own user, files and network: tier 0, by the operator's word. */
export function plainRunner({ cwd, path }: { cwd: string; path: string }): CommandRunner {
  let last: { pid: number; exited: Promise<number> } | undefined;
  return {
    spawn([name, ...args], env) {
      const program = Bun.which(name!, { PATH: path });
      if (program === null) throw missing(name!);
      // A process group of its own: git's transports are children, and they must not outlive it.
      const options = { cwd, env, stdin: "pipe", stdout: "pipe", stderr: "pipe", detached: true } as const;
      const child = Bun.spawn([program, ...args], options);
      last = child;
      return {
        stdout: child.stdout,
        stderr: child.stderr,
        exited: child.exited,
        input(text) {
          child.stdin.write(text);
          void child.stdin.flush();
        },
        endInput: () => void child.stdin.end(),
      };
    },
    async close() {
      if (last === undefined) return [];
      killGroup(last.pid);
      await last.exited;
      return [];
    },
  };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

interface WalledRunnerOptions {
  sandbox: Sandbox;
  temporaryDirectory: string;
  run: Pick<RunOptions, "slot" | "readOnly" | "egress" | "egressHosts" | "limits">;
}

/**
 * All commands in one run of the sandbox, so that each costs no start of its own. Orders go in by a named pipe, which
 * the sandbox takes as its standard input.
 */
export async function walledRunner({ sandbox, temporaryDirectory, run }: WalledRunnerOptions): Promise<CommandRunner> {
  if (Bun.which("git", { PATH: "/usr/local/bin:/usr/bin:/bin" }) === null) throw missing("git");
  const folder = await mkdtemp(join(temporaryDirectory, "orders-"));
  const path = join(folder, "pipe");
  await Bun.spawn(["mkfifo", "-m", "600", path], { stdin: "ignore", stdout: "ignore", stderr: "ignore" }).exited;
  // Opened both ways, no opening of the pipe ever waits for another one.
  const descriptor = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const stop = new AbortController();
  const orders = openOrderPipe(descriptor, (error) => {
    session.end(error);
    stop.abort();
  });
  const session = new Session((order) => orders.send(`${JSON.stringify(order)}\n`));
  let contacted: readonly ContactedHost[] = [];
  const ended = sandbox
    .run([FOLLOW_ORDERS], {
      ...run,
      ...{ cwd: "/work", env: {}, path: [], stdin: path, signal: stop.signal },
      // What speaks no frames is not the platform's program any more.
      onOutput: (stream, bytes) => session.take(stream, bytes).catch(() => stop.abort()),
    })
    .then(
      (result) => {
        contacted = result.contacted;
        session.end(reasonOf(result, session.faults));
      },
      (error: unknown) => session.end(error),
    )
    .finally(async () => {
      await orders.stop();
      closeSync(descriptor);
    });
  return {
    spawn: (command, env) => session.spawn(command, env),
    async close() {
      stop.abort();
      await ended;
      await rm(folder, { recursive: true, force: true });
      return contacted;
    },
  };
}

const FAULTS_MAX_BYTES = 4096;

/** What goes in and comes out of `commands.ts`. */
class Session {
  /** What the run itself printed, beside the frames. */
  faults = "";
  private readonly frames = new FrameReader();
  private current:
    | (RunningCommand & { out: ByteStream; err: ByteStream; settle: PromiseWithResolvers<number> })
    | undefined;
  private reason: unknown;

  constructor(private readonly send: (order: Order) => void) {}

  spawn(command: readonly string[], env: Record<string, string>): RunningCommand {
    if (this.reason !== undefined) throw this.reason;
    if (this.current !== undefined) throw new Error("one command at a time");
    const [out, err, settle] = [new ByteStream(), new ByteStream(), Promise.withResolvers<number>()];
    // Who waits for it hears of it by `exited`; nobody need be waiting when the run is stopped.
    settle.promise.catch(() => undefined);
    this.send({ run: command, env });
    this.current = {
      ...{ out, err, settle, stdout: out.readable, stderr: err.readable, exited: settle.promise },
      input: (text) => this.send({ input: text }),
      endInput: () => this.send({ endInput: true }),
    };
    return this.current;
  }

  async take(stream: "stdout" | "stderr", bytes: Uint8Array): Promise<void> {
    if (stream === "stderr") {
      this.faults = (this.faults + Buffer.from(bytes).toString("utf8")).slice(-FAULTS_MAX_BYTES);
      return;
    }
    for (const { kind, payload } of this.frames.push(bytes)) {
      if (kind === "o") await this.current?.out.write(payload);
      else if (kind === "e") await this.current?.err.write(payload);
      else this.finish(Number(payload.toString("latin1")));
    }
  }

  /** The run is over; a command that was not is over with it. */
  end(reason: unknown): void {
    this.reason = reason;
    this.current?.settle.reject(reason);
    this.current?.out.end(reason);
    this.current?.err.end(reason);
    this.current = undefined;
  }

  private finish(status: number): void {
    const ended = this.current;
    this.current = undefined;
    ended?.out.end();
    ended?.err.end();
    ended?.settle.resolve(status);
  }
}

/** The run was stopped for its use of the machine. `reason` is the sandbox's cause. */
export class RunEnded extends Error {
  constructor(
    readonly reason: RunResult["cause"],
    faults: string,
  ) {
    super(`the fetch's sandbox ended (${reason})${faultIn(faults)}`);
  }
}

/** The last line in which the wall or the platform's program inside says what is wrong; never what a runtime prints. */
export function faultIn(faults: string): string {
  const line = faults.split("\n").findLast((text) => /^(bwrap|orders): [^\u0000-\u001f\u007f]+$/.test(text));
  return line === undefined ? "" : `: ${line.slice(0, 300)}`;
}

const reasonOf = (result: RunResult, faults: string): Error => new RunEnded(result.cause, faults);

function missing(name: string): BerthError {
  return new BerthError("missing_dependency", `${name} is not installed on the platform's machine.`, {
    hint: `Install it there, for example with 'apt-get install ${name}'.`,
  });
}
