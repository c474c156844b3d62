interface Sending {
  /** Content-Length as the response has it. */
  length: string | null;
  /** The client went away: nobody waits for the body any more. */
  signal: AbortSignal;
  /** @param length of the body, where it has to be told beside what the response has */
  sendHead(length: number | "told" | "unknown"): void;
  /** Resolves when there is room for more; false when the client is gone. */
  send(bytes: Uint8Array): Promise<boolean>;
}

/** A body that is in memory gives itself away at once: its one part, and then its end. */
const AT_ONCE_TURNS = 3;

/**
 * Sends a response's head and body, the latter as it comes.
 * @throws when the body fails or is shorter than was told: what went out is not whole
 */
export async function sendStream(body: ReadableStream<Uint8Array>, sending: Sending): Promise<void> {
  const reader = body.getReader();
  const end = () => void reader.cancel().catch(() => {});
  sending.signal.addEventListener("abort", end);
  try {
    if (sending.length !== null) {
      sending.sendHead("told");
      await sendSized(reader, Number(sending.length), sending);
      return;
    }
    const begun = [reader.read()];
    // Who shows what comes when it comes may have to wait for it, and its client is to know that it was heard.
    if (await settlesSoon(begun[0]!)) {
      const first = await begun[0]!;
      if (first.done) {
        sending.sendHead(0);
        return;
      }
      const second = reader.read();
      begun.push(second);
      if ((await settlesSoon(second)) && (await second).done) {
        sending.sendHead(first.value.length);
        await sending.send(first.value);
        return;
      }
    }
    sending.sendHead("unknown");
    await sendUntilEnd(reader, begun, sending);
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

async function sendUntilEnd(reader: Reader, begun: (Part | Promise<Part>)[], { send }: Sending): Promise<void> {
  for (;;) {
    const { done, value } = await (begun.shift() ?? reader.read());
    if (done) return;
    if (value.length > 0 && !(await send(value))) return;
  }
}
