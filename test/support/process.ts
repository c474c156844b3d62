import { createServer, type ListenOptions, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface StartedProcess {
  pid: number;
  /** Resolves with the exit status when the process has ended. */
  exited: Promise<number>;
  /** Resolves when the process and all that it gave its output to have closed it: `output` is whole then. */
  drained: Promise<unknown>;
  /** The last 20,000 characters that it printed, both streams together. */
  output(): string;
  /** SIGTERM, and SIGKILL after `graceMs`; resolves when the process is gone. Harmless when it is gone already. */
  stop(): Promise<void>;
}

export interface StartOptions {
  cwd?: string;
  env?: Record<string, string>;
  graceMs?: number;
}

/** Starts a child in the foreground; whoever starts it stops it. */
export function startProcess(command: readonly string[], options: StartOptions = {}): StartedProcess {
  const child = Bun.spawn([...command], {
    cwd: options.cwd,
    env: options.env ?? Bun.env,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  let printed = "";
  const read = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) printed = (printed + decoder.decode(chunk, { stream: true })).slice(-20_000);
  };
  return {
    pid: child.pid,
    exited: child.exited,
    drained: Promise.all([read(child.stdout), read(child.stderr)]),
    output: () => printed,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
      const patience = setTimeout(() => child.kill("SIGKILL"), options.graceMs ?? 5_000);
      await child.exited;
      clearTimeout(patience);
    },
  };
}

/**
 * Runs a command to its end.
 * @throws Error with what it printed, when its exit status is not 0
 */
export async function runToEnd(command: readonly string[], options: StartOptions = {}): Promise<string> {
  const started = startProcess(command, options);
  const status = await started.exited;
  await started.drained;
  if (status !== 0) throw new Error(`${command.join(" ")} ended with ${status}:\n${started.output()}`);
  return started.output();
}

/**
 * A TCP port of the loopback address that is free, and that no other process of the tests will be given before this one
 * has ended. It is below the range that Linux takes the local ports of connections from: none of those can take it before
 * the server does.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if ((await isClaimed(port)) && (await canListen({ port, host: "127.0.0.1" }))) return port;
  }
}

/** A name that one process alone can have, and has until its end (unix(7), abstract sockets). */
const isClaimed = (port: number) => canListen({ path: `\0berth-test-port-${port}` }, true);

function canListen(at: ListenOptions, isKept = false): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(at, () => {
      if (!isKept) server.close(() => resolve(true));
      else resolve(server.unref().listening);
    });
  });
}

/**
 * Waits until something listens on the port.
 * @throws Error with the output of `process` when that ends first or the deadline passes
 */
export async function waitForPort(
  port: number,
  options: { process: StartedProcess; deadlineMs?: number },
): Promise<void> {
  const deadline = Date.now() + (options.deadlineMs ?? 30_000);
  let ended: number | undefined;
  void options.process.exited.then((status) => {
    ended = status;
  });
  while (!(await canConnect(port))) {
    if (ended !== undefined) throw new Error(`The process ended with ${ended}:\n${options.process.output()}`);
    if (Date.now() > deadline) throw new Error(`Nothing listens on port ${port}:\n${options.process.output()}`);
    await sleep(50);
  }
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new Socket();
    const settle = (connected: boolean) => {
      socket.destroy();
      resolve(connected);
    };
    socket.once("connect", () => settle(true));
    socket.once("error", () => settle(false));
    socket.connect(port, "127.0.0.1");
  });
}
