import { FFIType } from "bun:ffi";
import { loadLibc } from "../libc.ts";
import type { Compression } from "../model/manifest.ts";
import { compressHere } from "./compress-here.ts";

/** getpriority(2): on Linux a thread's own, when it asks for itself. */
const PRIO_PROCESS = 0;
/** Both behind serving, and what can wait behind what is waited for. */
const NICE: Record<Compression, number> = { quick: 15, strong: 19 };

export interface Order {
  bytes: Uint8Array;
  compression: Compression;
}

declare const self: Worker;

let isBehind = false;
self.onmessage = ({ data: { bytes, compression } }: MessageEvent<Order>) => {
  if (!isBehind) goBehind(NICE[compression]);
  isBehind = true;
  const variants = compressHere(bytes, compression);
  self.postMessage(
    variants,
    Object.values(variants).map(({ buffer }) => buffer),
  );
};

function goBehind(nice: number): void {
  try {
    const { setpriority } = loadLibc({
      setpriority: { args: [FFIType.i32, FFIType.u32, FFIType.i32], returns: FFIType.i32 },
    });
    setpriority(PRIO_PROCESS, 0, nice);
  } catch {
    // Where the C library is another one, it is done without.
  }
}
