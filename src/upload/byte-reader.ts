/** Takes lines and counted runs of bytes from a stream, reading no further than it must. */
export class ByteReader {
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  private buffer: Uint8Array = new Uint8Array(0);

  constructor(stream: ReadableStream<Uint8Array>) {
    this.reader = stream.getReader();
  }

  /** The text up to the next newline, which is taken and not returned. @throws Error when the stream ends before it */
  async line(): Promise<string> {
    let text = "";
    for (;;) {
      const end = this.buffer.indexOf(10);
      text += Buffer.from(this.buffer.subarray(0, end === -1 ? undefined : end)).toString();
      if (end !== -1) {
        this.buffer = this.buffer.subarray(end + 1);
        return text;
      }
      await this.fill();
    }
  }

  /** The next `size` bytes in chunks. Iterated a second time, it goes on where the first time stopped. */
  next(size: number): AsyncIterableIterator<Uint8Array> {
    let left = size;
    const iterator: AsyncIterableIterator<Uint8Array> = {
      [Symbol.asyncIterator]: () => iterator,
      next: async () => {
        if (left === 0) return { done: true, value: undefined };
        if (this.buffer.length === 0) await this.fill();
        const value = this.buffer.subarray(0, left);
        this.buffer = this.buffer.subarray(value.length);
        left -= value.length;
        return { done: false, value };
      },
    };
    return iterator;
  }

  private async fill(): Promise<void> {
    const { done, value } = await this.reader.read();
    if (done) throw new Error("the stream ended too early");
    this.buffer = value;
  }
}
