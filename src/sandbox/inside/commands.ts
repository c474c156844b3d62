import { writeSync } from "node:fs";
import { encodeFrame, type FrameKind, type Order, type RunOrder } from "./frames.ts";

/**
 * Runs inside the sandbox: takes orders from standard input and runs their commands one after another, so that many
 * short commands cost one start of the sandbox. What they print goes to standard output in frames. Ends with its input.
 */
/** As shells do for a command that can't be run. */
const STATUS_NOT_RUN = 127;

type Child = Bun.Subprocess<"pipe", "pipe", "pipe">;
let running: Child | undefined;

try {
  await followAll();
} catch (error) {
  // The runtime would show this file's text with it.
  console.error(`orders: ${(error as Error).message}`);
  process.exit(1);
}
process.exit(0);

async function followAll(): Promise<void> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of Bun.stdin.stream()) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n")) {
      follow(JSON.parse(text.slice(0, end)) as Order);
      text = text.slice(end + 1);
    }
  }
}

function follow(order: Order): void {
  if ("run" in order) void run(order);
  else if ("input" in order) {
    running?.stdin.write(order.input);
    running?.stdin.flush();
  } else running?.stdin.end();
}

async function run({ run: command, env }: RunOrder): Promise<void> {
  try {
    const child = Bun.spawn([...command], { env, stdin: "pipe", stdout: "pipe", stderr: "pipe" });
    running = child;
    await Promise.all([pass("o", child.stdout), pass("e", child.stderr), child.exited]);
    send("x", Buffer.from(String(child.exitCode ?? STATUS_NOT_RUN)));
  } catch (error) {
    send("e", Buffer.from(`${command[0]}: ${(error as Error).message}\n`));
    send("x", Buffer.from(String(STATUS_NOT_RUN)));
  }
}

async function pass(kind: FrameKind, stream: ReadableStream<Uint8Array>): Promise<void> {
  for await (const chunk of stream) send(kind, chunk);
}

/** Waits until the platform takes it, and with it the command does. */
function send(kind: FrameKind, payload: Uint8Array): void {
  const frame = encodeFrame(kind, payload);
  for (let at = 0; at < frame.length; ) at += writeSync(1, frame, at);
}
