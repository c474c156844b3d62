import { type FileHandle, open } from "node:fs/promises";
import type { BunFile } from "bun";
import { isOwnRequest } from "../http/known-body.ts";
import type { ByteRange } from "./byte-ranges.ts";

/** Bytes of a file on a disk of this machine. */
export class FilePart {
  constructor(
    private readonly file: BunFile,
    private readonly range: ByteRange,
  ) {}

  /** As the runtime has it of such a body. */
  get name(): string | undefined {
    return this.file.name;
  }

  /** For the runtime's server, which knows how to send a file, and its length. */
  get blob(): Blob {
    return this.file.slice(this.range.first, this.range.last + 1);
  }

  get stream(): ReadableStream<Uint8Array> {
    return fileStream(this.file, this.range);
  }
}

export type LargeBody = FilePart | Blob | ReadableStream<Uint8Array>;

export function bodyFor(request: Request, body: LargeBody): Blob | ReadableStream<Uint8Array> {
  if (!(body instanceof FilePart)) return body;
  return isOwnRequest(request) ? body.stream : body.blob;
}

/** What all streams together may hold of their files: with many slow readers each holds less. */
const HELD_BYTES = 64 * 1024 ** 2;
const LEAST_BYTES = 16 * 1024;
const MOST_BYTES = 256 * 1024;

let reading = 0;

const partBytes = (): number => Math.max(LEAST_BYTES, Math.min(MOST_BYTES, Math.floor(HELD_BYTES / reading)));

/**
 * A file from its first byte asked for to its last, at its reader's pace. The runtime's own stream reads ahead: 0.8 MB for
 * each reader who takes nothing. It is opened with the first read and stays whole from then on, also when it is removed.
 */
export function fileStream(file: BunFile, { first, last }: ByteRange): ReadableStream<Uint8Array> {
  let handle: FileHandle | undefined;
  let position = first;
  const end = async () => {
    if (handle === undefined) return;
    const opened = handle;
    handle = undefined;
    reading -= 1;
    await opened.close();
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          if (handle === undefined) {
            handle = await open(file.name!, "r");
            reading += 1;
          }
          const length = Math.min(partBytes(), last + 1 - position);
          const { bytesRead, buffer } = await handle.read(new Uint8Array(length), 0, length, position);
          if (bytesRead === 0) throw new Error("the file is shorter than it was");
          position += bytesRead;
          controller.enqueue(buffer.subarray(0, bytesRead));
          if (position <= last) return;
          await end();
          controller.close();
        } catch (error) {
          await end();
          controller.error(error);
        }
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
}
