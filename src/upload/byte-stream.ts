/** A stream that is written to as fast as it is read. */
export class ByteStream {
  readonly readable: ReadableStream<Uint8Array>;
  private controller!: ReadableStreamDefaultController<Uint8Array>;
  private wanted = Promise.withResolvers<void>();
  private isOver = false;

  constructor(highWaterBytes = 1024 * 1024) {
    this.readable = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.controller = controller;
        },
        pull: () => this.wanted.resolve(),
        cancel: () => this.end(),
      },
      { highWaterMark: highWaterBytes, size: (chunk) => chunk?.byteLength ?? 0 },
    );
  }

  /** Takes a copy. Resolves when there is room for more; what is written after the end is dropped. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.isOver) return;
    this.controller.enqueue(bytes.slice());
    if ((this.controller.desiredSize ?? 1) > 0) return;
    this.wanted = Promise.withResolvers();
    await this.wanted.promise;
  }

  /** @param reason makes it an end too early */
  end(reason?: unknown): void {
    if (this.isOver) return;
    this.isOver = true;
    this.wanted.resolve();
    try {
      if (reason === undefined) this.controller.close();
      else this.controller.error(reason);
    } catch {
      // The reader has canceled it.
    }
  }
}
