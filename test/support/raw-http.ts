import { connect } from "node:net";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";

export interface RawResponse {
  /** 0 when the server closed without a word. */
  status: number;
  /** By lower-cased name; one that came more than once is joined by a comma. */
  headers: Map<string, string>;
  /** Without its transfer coding. */
  body: Uint8Array;
  /** What came behind the end of this response. */
  rest: Uint8Array;
}

/**
 * Sends bytes as they are to a listening server and gives back everything that it says until it closes, or until
 * `isWhole` finds a whole answer. Nothing is mended on the way, as a client library would do.
 */
export function exchange(
  port: number,
  bytes: Uint8Array | string,
  { timeoutMs = 5000, isWhole }: { timeoutMs?: number; isWhole?: (received: Uint8Array) => boolean } = {},
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const received: Buffer[] = [];
    const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
    const end = () => {
      socket.destroy();
      resolve(Buffer.concat(received));
    };
    socket.setTimeout(timeoutMs, end);
    socket.on("connect", () => socket.write(bytes));
    socket.on("data", (data: Buffer) => {
      received.push(data);
      if (isWhole?.(Buffer.concat(received))) end();
    });
    socket.on("end", end);
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNRESET" || error.code === "EPIPE") end();
      else reject(error);
    });
  });
}

/** Sends one request and reads its one answer. */
export async function ask(port: number, request: Uint8Array | string, isHead = false): Promise<RawResponse> {
  const received = await exchange(port, request, { isWhole: (bytes) => parseResponse(bytes, isHead) !== undefined });
  if (received.length === 0) return { status: 0, headers: new Map(), body: received, rest: received };
  const response = parseResponse(received, isHead) ?? parseResponse(received, isHead, true);
  if (response === undefined) throw new Error(`no HTTP response: ${JSON.stringify(Buffer.from(received).toString())}`);
  return response;
}

/** RFC 9112 section 6.3. undefined while the end is not there; `isClosed` says that no more will come. */
export function parseResponse(received: Uint8Array, isHead: boolean, isClosed = false): RawResponse | undefined {
  const bytes = Buffer.from(received);
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd === -1) return undefined;
  const [statusLine = "", ...lines] = bytes.subarray(0, headEnd).toString("latin1").split("\r\n");
  const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(statusLine)?.[1] ?? 0);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value);
  }
  const after = bytes.subarray(headEnd + 4);
  const whole = (body: Uint8Array, length: number): RawResponse => ({
    status,
    headers,
    body,
    rest: after.subarray(length),
  });
  if (isHead || status === 204 || status === 304 || status < 200) return whole(new Uint8Array(), 0);
  if (headers.get("transfer-encoding") === "chunked") {
    const chunks = readChunks(after);
    return chunks && whole(chunks.body, chunks.length);
  }
  const length = headers.get("content-length");
  if (length === undefined) return isClosed ? whole(after, after.length) : undefined;
  return after.length >= Number(length) ? whole(after.subarray(0, Number(length)), Number(length)) : undefined;
}

function readChunks(bytes: Buffer): { body: Uint8Array; length: number } | undefined {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString(), 16);
    at = lineEnd + 2;
    if (bytes.length < at + size + 2) return undefined;
    parts.push(bytes.subarray(at, at + size));
    at += size + 2;
    if (size === 0) return { body: Buffer.concat(parts), length: at };
  }
}

/** The body without its content coding. */
export function decoded({ headers, body }: RawResponse): Uint8Array {
  if (body.length === 0) return body;
  switch (headers.get("content-encoding")) {
    case "br":
      return brotliDecompressSync(body);
    case "gzip":
      return gunzipSync(body);
    case "zstd":
      return zstdDecompressSync(body);
    default:
      return body;
  }
}
