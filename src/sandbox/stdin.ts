import type { ChildProcess } from "node:child_process";
import { openSync } from "node:fs";
import { pipeline } from "node:stream";
import type { RunOptions } from "./sandbox.ts";

/** As `spawn` takes it: a descriptor, which is to be closed then, or a pipe, which `feed` fills. */
export function openStdin({ stdin = "/dev/null" }: RunOptions): number | "pipe" {
  return typeof stdin === "string" ? openSync(stdin, "r") : "pipe";
}

export function feed(child: ChildProcess, { stdin }: RunOptions): void {
  if (stdin === undefined || typeof stdin === "string") return;
  // Who made the stream hears of it by the stream itself, and of the command by its status.
  pipeline(stdin, child.stdin!, () => undefined);
}
