import { dlopen, type FFIFunction } from "bun:ffi";

/**
 * Functions of the system's C library: glibc by its name of all versions, else musl.
 * @throws where there is neither
 */
export function loadLibc<Functions extends Record<string, FFIFunction>>(functions: Functions) {
  const musl = process.arch === "arm64" ? "libc.musl-aarch64.so.1" : "libc.musl-x86_64.so.1";
  try {
    return dlopen("libc.so.6", functions).symbols;
  } catch {
    return dlopen(musl, functions).symbols;
  }
}
