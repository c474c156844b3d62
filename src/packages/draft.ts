import type { FileHandle } from "node:fs/promises";

/** A file of the store that is being written. What it holds counts towards the store's bound from its first byte on. */
export class Draft {
  /** Bytes. */
  size = 0;
  private isEnded = false;

  constructor(
    readonly path: string,
    private readonly file: FileHandle,
    private readonly reserve: (bytes: number) => Promise<void>,
  ) {}

  /** @throws Error when the store has no room, or when the draft was ended meanwhile */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.isEnded) throw new Error("this draft is no longer wanted");
    this.size += bytes.length;
    await this.reserve(bytes.length);
    await this.file.writeFile(bytes);
  }

  /** Writes a body with at most `maxBytes`; `onChunk` sees each part of it. @throws Error when it is larger */
  async pour(response: Response, maxBytes: number, onChunk?: (chunk: Uint8Array) => void): Promise<void> {
    let size = 0;
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > maxBytes) throw new Error(`a body of more than ${maxBytes / 1024 ** 2} MiB`);
      onChunk?.(chunk);
      await this.write(chunk);
    }
  }

  /** No byte comes any more. The store calls it, which has the file or removes it then. @returns whether it was open */
  async end(): Promise<boolean> {
    const wasOpen = !this.isEnded;
    this.isEnded = true;
    if (wasOpen) await this.file.close();
    return wasOpen;
  }
}
