import { type FileHandle, rm } from "node:fs/promises";
import type { BlobRef } from "../model/manifest.ts";
import type { DiskCache } from "./disk-cache.ts";

const CHUNK_BYTES = 256 * 1024;

/**
 * A large blob on its way from the store to the disk: fetched once, as fast as the store gives it, however many read
 * along and however slowly. Nobody gets its last byte before the hash is found to be right.
 */
export class Filling {
  private writtenBytes = 0;
  private changed = Promise.withResolvers<void>();
  private state: "running" | "sound" | "failed" = "running";
  private error: unknown;
  private path: string;
  /** Resolves when the file is on the disk under its name. @throws what the store or the disk throws, or `damaged` */
  readonly done: Promise<void>;

  private constructor(
    private readonly ref: BlobRef,
    file: { path: string; handle: FileHandle },
    work: { source: ReadableStream<Uint8Array>; disk: DiskCache; damaged: () => Error },
  ) {
    this.path = file.path;
    this.done = this.run(file.handle, work);
    this.done.catch(() => undefined);
  }

  /** @throws what the store throws at the first byte, or the disk at making the file */
  static async start(
    ref: BlobRef,
    { open, disk, damaged }: { open(): Promise<ReadableStream<Uint8Array>>; disk: DiskCache; damaged: () => Error },
  ): Promise<Filling> {
    const source = await open();
    const file = await disk.newFile().catch(async (error) => {
      await source.cancel();
      throw error;
    });
    return new Filling(ref, file, { source, disk, damaged });
  }

  private async run(
    handle: FileHandle,
    work: { source: ReadableStream<Uint8Array>; disk: DiskCache; damaged: () => Error },
  ) {
    try {
      const hasher = new Bun.CryptoHasher("sha256");
      for await (const chunk of work.source) {
        if (this.writtenBytes + chunk.byteLength > this.ref.size) throw work.damaged();
        hasher.update(chunk);
        await writeAt(handle, chunk, this.writtenBytes);
        this.writtenBytes += chunk.byteLength;
        this.tell();
      }
      if (this.writtenBytes !== this.ref.size || hasher.digest("hex") !== this.ref.hash) throw work.damaged();
      this.path = await work.disk.keepFile(this.ref.hash, this.path, this.ref.size);
      this.state = "sound";
    } catch (error) {
      this.state = "failed";
      this.error = error;
      await rm(this.path, { force: true }).catch(() => undefined);
      throw error;
    } finally {
      await handle.close().catch(() => undefined);
      this.tell();
    }
  }

  private tell(): void {
    this.changed.resolve();
    this.changed = Promise.withResolvers();
  }

  /** The bytes from `first` to the end, as they come. The stream breaks when the blob turns out to be damaged. */
  read(first: number): ReadableStream<Uint8Array> {
    let position = first;
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const bytes = await this.readPart(position);
          position += bytes.length;
          controller.enqueue(bytes);
          if (position >= this.ref.size) controller.close();
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** Opened anew for each part: a reader that is forgotten holds nothing. */
  private async readPart(position: number): Promise<Uint8Array> {
    for (;;) {
      const available = await this.beyond(position);
      const { path, changed } = this;
      try {
        const part = await Bun.file(path)
          .slice(position, Math.min(position + CHUNK_BYTES, available))
          .bytes();
        if (part.length > 0) return part;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
      if (this.state === "failed") throw this.error;
      // Between two names: the file has just been given its own.
      if (this.state === "sound") {
        if (path === this.path) throw new Error("the file of a blob has gone while it was read");
        continue;
      }
      await changed.promise;
    }
  }

  /** Waits until there is more than `position`; @returns how much there is */
  private async beyond(position: number): Promise<number> {
    for (;;) {
      if (this.state === "failed") throw this.error;
      const available = this.state === "sound" ? this.ref.size : Math.min(this.writtenBytes, this.ref.size - 1);
      if (available > position) return available;
      await this.changed.promise;
    }
  }
}

async function writeAt(handle: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < chunk.byteLength; ) {
    done += (await handle.write(chunk, done, chunk.byteLength - done, position + done)).bytesWritten;
  }
}
