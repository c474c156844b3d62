interface Sending {
  /** Content-Length as the response has it. */
  length: string | null;
  isHttp10: boolean;
  /** The client went away: nobody waits for the body any more. */
  signal: AbortSignal;
  /** Sends the head, with these fields added. */
  sendHead(fields: string): void;
  /** Resolves when there is room for more; false when the client is gone. */
  send(bytes: Uint8Array): Promise<boolean>;
}

const LAST_CHUNK = Buffer.from("0\r\n\r\n");
/** A body that is in memory gives itself away at once: its one part, and then its end. */
const AT_ONCE_TURNS = 3;

/**
 * Sends a response's body: of a told length as it is, of an untold one in chunks, or for HTTP/1.0 until the end of the
 * connection (RFC 9112 section 6.3).
 * @returns whether the end of the content is the end of the connection
 * @throws when the body fails or is shorter than was told: what went out is not whole
 */
export async function sendStream(body: ReadableStream<Uint8Array>, sending: Sending): Promise<boolean> {
  const reader = body.getReader();
  const end = () => void reader.cancel().catch(() => {});
  sending.signal.addEventListener("abort", end);
  try {
    if (sending.length !== null) {
      sending.sendHead("");
      await sendSized(reader, Number(sending.length), sending);
      return false;
    }
    const begun = [reader.read()];
    // Who shows what comes when it comes may have to wait for it, and its client is to know that it was heard.
    if (await settlesSoon(begun[0]!)) {
      const first = await begun[0]!;
      if (first.done) {
        sending.sendHead("content-length: 0\r\n");
        return false;
      }
      const second = reader.read();
      begun.push(second);
      if ((await settlesSoon(second)) && (await second).done) {
        sending.sendHead(`content-length: ${first.value.length}\r\n`);
        await sending.send(first.value);
        return false;
      }
    }
    if (sending.isHttp10) {
      sending.sendHead("");
      await sendUntilEnd(reader, begun, sending.send);
      return true;
    }
    sending.sendHead("transfer-encoding: chunked\r\n");
    await sendUntilEnd(reader, begun, (bytes) => sending.send(chunkOf(bytes)));
    await sending.send(LAST_CHUNK);
    return false;
  } finally {
    sending.signal.removeEventListener("abort", end);
    end();
  }
}

type Part = Bun.ReadableStreamDefaultReadResult<Uint8Array>;
type Reader = ReadableStreamDefaultReader<Uint8Array>;

async function settlesSoon(next: Promise<Part>): Promise<boolean> {
  let isSettled = false;
  const settle = () => {
    isSettled = true;
  };
  next.then(settle, settle);
  for (let turn = 0; turn < AT_ONCE_TURNS && !isSettled; turn += 1)
    await new Promise((resolve) => setImmediate(resolve));
  return isSettled;
}

async function sendSized(reader: Reader, length: number, { send }: Sending): Promise<void> {
  let left = length;
  while (left > 0) {
    const { done, value } = await reader.read();
    if (done) throw new Error("The body ended before its told length.");
    const part = value.length > left ? value.subarray(0, left) : value;
    left -= part.length;
    if (part.length > 0 && !(await send(part))) return;
  }
}

async function sendUntilEnd(
  reader: Reader,
  begun: (Part | Promise<Part>)[],
  send: (bytes: Uint8Array) => Promise<boolean>,
): Promise<void> {
  for (;;) {
    const { done, value } = await (begun.shift() ?? reader.read());
    if (done) return;
    // A chunk without bytes would be the last one.
    if (value.length > 0 && !(await send(value))) return;
  }
}

function chunkOf(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);
}
