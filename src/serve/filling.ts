import { type FileHandle, rm } from "node:fs/promises";
import type { Sha256 } from "../model/ids.ts";
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
  private readers = 0;
  /** Resolves when the file is on the disk under its name. @throws what the store or the disk throws, or `damaged` */
  readonly done: Promise<void>;

  private constructor(
    private readonly ref: BlobRef,
    private readonly file: { path: string; handle: FileHandle },
    work: { source: ReadableStream<Uint8Array>; disk: DiskCache; damaged: () => Error },
  ) {
    this.done = this.run(work).finally(() => this.closeWhenUnused());
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

  private async run(work: { source: ReadableStream<Uint8Array>; disk: DiskCache; damaged: () => Error }) {
    const { path, handle } = this.file;
    try {
      const hasher = new Bun.CryptoHasher("sha256");
      for await (const chunk of work.source) {
        if (this.writtenBytes + chunk.byteLength > this.ref.size) throw work.damaged();
        hasher.update(chunk);
        await writeAt(handle, chunk, this.writtenBytes);
        this.writtenBytes += chunk.byteLength;
        this.tell();
      }
      if (this.writtenBytes !== this.ref.size || hasher.digest("hex") !== (this.ref.hash as Sha256))
        throw work.damaged();
      await work.disk.keepFile(this.ref.hash, path, this.ref.size);
      this.state = "sound";
    } catch (error) {
      this.state = "failed";
      this.error = error;
      await rm(path, { force: true }).catch(() => undefined);
      throw error;
    } finally {
      this.tell();
    }
  }

  private tell(): void {
    this.changed.resolve();
    this.changed = Promise.withResolvers();
  }

  /** The bytes from `first` to the end, as they come. The stream breaks when the blob turns out to be damaged. */
  read(first: number): ReadableStream<Uint8Array> {
    this.readers += 1;
    let position = first;
    const end = async () => {
      this.readers -= 1;
      await this.closeWhenUnused();
    };
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          try {
            const available = await this.beyond(position);
            const bytes = new Uint8Array(Math.min(CHUNK_BYTES, available - position));
            const { bytesRead } = await this.file.handle.read(bytes, 0, bytes.length, position);
            position += bytesRead;
            controller.enqueue(bytes.subarray(0, bytesRead));
            if (position < this.ref.size) return;
            controller.close();
          } catch (error) {
            controller.error(error);
          }
          await end();
        },
        cancel: end,
      },
      { highWaterMark: 0 },
    );
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

  private async closeWhenUnused(): Promise<void> {
    if (this.readers === 0 && this.state !== "running") await this.file.handle.close().catch(() => undefined);
  }
}

async function writeAt(handle: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < chunk.byteLength; ) {
    done += (await handle.write(chunk, done, chunk.byteLength - done, position + done)).bytesWritten;
  }
}
