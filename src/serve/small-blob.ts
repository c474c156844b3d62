/** A blob in memory, for both ways in which a response is sent. */
export class SmallBlob {
  private shared: Blob | undefined;

  /** @param onCopied its bytes are now held twice */
  constructor(
    readonly bytes: Uint8Array,
    private readonly onCopied: () => void,
  ) {}

  /** For responses that the runtime sends: they share the bytes of a `Blob`, whereas those of an array are copied. */
  get blob(): Blob {
    if (this.shared === undefined) {
      this.shared = new Blob([this.bytes as Uint8Array<ArrayBuffer>]);
      this.onCopied();
    }
    return this.shared;
  }
}
