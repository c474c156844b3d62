import { dlopen, FFIType } from "bun:ffi";
import { compressHere } from "./compress-here.ts";

/** getpriority(2): on Linux a thread's own, when it asks for itself. */
const PRIO_PROCESS = 0;
const NICE = 15;

declare const self: Worker;

behindServing();
self.onmessage = ({ data }: MessageEvent<Uint8Array>) => {
  const variants = compressHere(data);
  self.postMessage(
    variants,
    Object.values(variants).map(({ buffer }) => buffer),
  );
};

/** Where the C library is another one, it is done without. */
function behindServing(): void {
  try {
    const { symbols } = dlopen("libc.so.6", {
      setpriority: { args: [FFIType.i32, FFIType.u32, FFIType.i32], returns: FFIType.i32 },
    });
    symbols.setpriority(PRIO_PROCESS, 0, NICE);
  } catch {
    // musl
  }
}
