import type { IncomingMessage } from "node:http";
import { BerthError } from "../model/errors.ts";
import type { ProxyLimits } from "./proxy.ts";

interface Reading {
  limits: Pick<ProxyLimits, "requestBytes" | "bufferedBytes">;
  /** Counts the bytes that are returned; the caller takes them off again. */
  load: { bufferedBytes: number };
}

/**
 * The body of a visitor's request, whole: a server behind it gets its length, which many ask for.
 * @returns undefined when there is none
 * @throws BerthError `payload_too_large`, `origin_busy`
 */
export async function readBody(request: Request, { limits, load }: Reading): Promise<Uint8Array | undefined> {
  if (request.body === null) return undefined;
  const tooLarge = () =>
    new BerthError("payload_too_large", `The request's body is over ${limits.requestBytes} bytes.`, {
      hint: "Send less at once, or send it to the server itself.",
    });
  if (Number(request.headers.get("content-length") ?? 0) > limits.requestBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of request.body as ReadableStream<Uint8Array>) {
      length += chunk.length;
      load.bufferedBytes += chunk.length;
      if (length > limits.requestBytes) throw tooLarge();
      if (load.bufferedBytes > limits.bufferedBytes) {
        throw new BerthError("origin_busy", "Too many request bodies are on their way at the moment.", {
          hint: "Try again in a few seconds.",
        });
      }
      chunks.push(chunk);
    }
  } catch (error) {
    load.bufferedBytes -= length;
    throw error;
  }
  return length === 0 ? undefined : Buffer.concat(chunks);
}

interface Limiting {
  limits: Pick<ProxyLimits, "silenceMs" | "totalMs" | "responseBytes">;
  onEnd: () => void;
}

/**
 * The body of an answer at its reader's pace. Over its size or time the stream breaks, so that the client sees a cut
 * response; a reader that has gone ends the connection.
 */
export function limitedBody(answer: IncomingMessage, { limits, onEnd }: Limiting): ReadableStream<Uint8Array> {
  const chunks = answer[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  let length = 0;
  const end = () => {
    clearTimeout(total);
    answer.destroy();
    onEnd();
  };
  const cut = (reason: string) => {
    end();
    return new BerthError("origin_unreachable", reason, { hint: "Try again later." });
  };
  // A reader that stops reading forever would keep the connection for as long.
  const total = setTimeout(() => {
    answer.destroy(new Error("over its time"));
    onEnd();
  }, limits.totalMs);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const silence = setTimeout(() => answer.destroy(new Error("silent")), limits.silenceMs);
        try {
          const { done, value } = await chunks.next();
          if (done) {
            // A connection that breaks before its end is no end.
            if (!answer.complete) throw new Error("cut");
            end();
            controller.close();
            return;
          }
          length += value.length;
          if (length > limits.responseBytes) throw new Error("over its size");
          controller.enqueue(new Uint8Array(value));
        } catch (error) {
          controller.error(cut((error as Error).message));
        } finally {
          clearTimeout(silence);
        }
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
}
