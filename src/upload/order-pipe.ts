import { write } from "node:fs";

/** Sends to a named pipe without ever waiting for its reader. */
export interface OrderPipe {
  /** Text arrives whole and in order, as fast as it is read. */
  send(text: string): void;
  /** Drops what has not been taken. Nothing is written to the descriptor from its end on. */
  stop(): Promise<void>;
}

const FIRST_WAIT_MS = 1;
const LONGEST_WAIT_MS = 50;

/**
 * @param descriptor opened with O_NONBLOCK, on which no thread is ever held: a pipe takes what it has room for
 * (pipe(7)), and the rest is offered again
 * @param onFault hears of an error of the pipe, after which nothing more is written
 */
export function openOrderPipe(descriptor: number, onFault: (error: unknown) => void): OrderPipe {
  let left: Buffer = Buffer.alloc(0);
  let stopped = false;
  let writing: Promise<void> | undefined;
  const writeAll = async () => {
    let waitMs = FIRST_WAIT_MS;
    while (left.length > 0 && !stopped) {
      const written = await writeSome(descriptor, left);
      left = left.subarray(written);
      if (written > 0) waitMs = FIRST_WAIT_MS;
      else {
        await Bun.sleep(waitMs);
        waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
      }
    }
  };
  const fail = (error: unknown) => {
    stopped = true;
    onFault(error);
  };
  return {
    send(text) {
      if (stopped) return;
      left = Buffer.concat([left, Buffer.from(text)]);
      writing ??= writeAll()
        .catch(fail)
        .finally(() => {
          writing = undefined;
        });
    },
    async stop() {
      stopped = true;
      await writing;
    },
  };
}

/** @returns bytes that the pipe has taken: none when it is full */
function writeSome(descriptor: number, bytes: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    write(descriptor, bytes, 0, bytes.length, null, (error, written) => {
      if (error === null) resolve(written);
      else if (error.code === "EAGAIN" || error.code === "EINTR") resolve(0);
      else reject(error);
    });
  });
}
