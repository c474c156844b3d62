import type { Body } from "../http/body.ts";

/** A blob in memory, for both ways in which a response is sent. */
export class SmallBlob {
  private shared: Blob | undefined;

  /** @param onCopied its bytes are now held twice */
  constructor(
    readonly body: Body,
    private readonly onCopied: () => void,
  ) {}

  get bytes(): Uint8Array {
    return this.body.bytes;
  }

  /** For responses that the runtime sends: they share the bytes of a `Blob`, whereas those of an array are copied. */
  get blob(): Blob {
    if (this.shared === undefined) {
      this.shared = new Blob([this.bytes as Uint8Array<ArrayBuffer>]);
      this.onCopied();
    }
    return this.shared;
  }
}
