/** Of what comes in while an earlier request is being answered; more stays in the kernel. */
const AHEAD_MAX_BYTES = 64 * 1024;

/** What came in on a connection and was not read yet. */
export class Input {
  isPaused = false;
  private kept: Buffer | undefined;
  private isClosed = false;

  constructor(private readonly socket: Pick<Bun.Socket, "pause" | "resume">) {}

  get isEmpty(): boolean {
    return this.kept === undefined;
  }

  /** @param isOwn whether the bytes are nobody else's, so that they stay as they are */
  keep(bytes: Buffer, isOwn: boolean): void {
    if (this.kept !== undefined) this.kept = Buffer.concat([this.kept, bytes]);
    // A small part is copied all the same, as it would hold on to the whole.
    else this.kept = isOwn && bytes.length * 2 > bytes.buffer.byteLength ? bytes : Buffer.from(bytes);
    if (this.kept.length > AHEAD_MAX_BYTES) this.pause();
  }

  take(): Buffer | undefined {
    const kept = this.kept;
    this.kept = undefined;
    return kept;
  }

  pause(): void {
    if (this.isPaused || this.isClosed) return;
    this.isPaused = true;
    this.socket.pause();
  }

  resume(): void {
    if (!this.isPaused || this.isClosed) return;
    this.isPaused = false;
    this.socket.resume();
  }

  close(): void {
    this.isClosed = true;
    this.kept = undefined;
  }
}
