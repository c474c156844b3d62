import { FFIType } from "bun:ffi";
import { closeSync, writeSync } from "node:fs";
import { loadLibc } from "../libc.ts";

const MFD_CLOEXEC = 1;
const MSG_MORE_NOSIGNAL = 0x8000 | 0x4000;

const SYMBOLS = {
  memfd_create: { args: [FFIType.ptr, FFIType.u32], returns: FFIType.i32 },
  send: { args: [FFIType.i32, FFIType.ptr, FFIType.u64, FFIType.i32], returns: FFIType.i64_fast },
  sendfile: { args: [FFIType.i32, FFIType.i32, FFIType.ptr, FFIType.u64], returns: FFIType.i64_fast },
} as const;

/** undefined where the C library is another one: everything is sent as all else is, then. */
const libc = process.platform === "linux" ? load() : undefined;
/** Where the kernel is to begin; it writes there where it ended. */
const offset = new BigInt64Array(1);
/** Of every file: none, which is a zero byte in C. */
const name = new Uint8Array(1);

/**
 * Bytes in a file that lies in memory alone (memfd_create(2)). The kernel sends its pages as they are (sendfile(2)), where
 * a write copies them into pages of its own, new ones for every client: of long bodies that many ask for at once, these
 * fall out of the processor's caches before the network has read them.
 */
export class MemoryFile {
  private constructor(
    private readonly fd: number,
    private readonly bytes: number,
  ) {}

  /** @returns undefined where the system has no such files, or will not give one more */
  static of(bytes: Uint8Array): MemoryFile | undefined {
    const fd = libc?.memfd_create(name, MFD_CLOEXEC) ?? -1;
    if (fd < 0) return undefined;
    try {
      if (writeSync(fd, bytes) === bytes.length) return new MemoryFile(fd, bytes.length);
    } catch {
      // No memory for it.
    }
    closeSync(fd);
    return undefined;
  }

  /**
   * Sends the file, all at once.
   * @param socket the descriptor of a connection that is open, does not block and is not encrypted
   * @returns how many bytes went out; 0 when it takes none now, or never again, which the next write tells
   */
  sendTo(socket: number): number {
    offset[0] = 0n;
    return Math.max(0, Number(libc!.sendfile(socket, this.fd, offset, this.bytes)));
  }

  /** What is on its way goes on. */
  close(): void {
    closeSync(this.fd);
  }
}

/**
 * As a write, of what a file follows: both leave in one piece.
 * @returns how many bytes went out
 */
export function sendBefore(socket: number, bytes: Uint8Array, length: number): number {
  return Math.max(0, Number(libc!.send(socket, bytes, length, MSG_MORE_NOSIGNAL)));
}

function load() {
  try {
    return loadLibc(SYMBOLS);
  } catch {
    return undefined;
  }
}
