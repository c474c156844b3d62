export const CONTINUE = Buffer.from("HTTP/1.1 100 Continue\r\n\r\n");
export const CLOSE = Buffer.from("connection: close\r\n");
export const KEEP_ALIVE = Buffer.from("connection: keep-alive\r\n");
export const NONE = Buffer.alloc(0);

/** How the end of a body is seen (RFC 9112 section 6.3): by its told length, its last chunk or the end of everything. */
export const FRAMING = { told: "", chunked: "transfer-encoding: chunked\r\n", close: "" };

export const LAST_CHUNK = Buffer.from("0\r\n\r\n");

/** Of at least one byte: a chunk without any is the last one. */
export function chunkOf(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);
}
