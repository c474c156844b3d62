import { WINDOW_MAX_BYTES } from "./protocol.ts";

/** How much the other end takes (RFC 9113 section 5.2); below zero where it made less of it than was sent already. */
export class SendWindow {
  constructor(public leftBytes: number) {}

  /** @returns false when it would be larger than windows may be */
  grow(bytes: number): boolean {
    this.leftBytes += bytes;
    return this.leftBytes <= WINDOW_MAX_BYTES;
  }
}

/** How much is taken from the other end. What was read is given back in parts that are worth a frame. */
export class ReceiveWindow {
  private leftBytes: number;
  private readBytes = 0;

  constructor(private readonly sizeBytes: number) {
    this.leftBytes = sizeBytes;
  }

  /** @returns false when the other end sends more than it may */
  take(bytes: number): boolean {
    this.leftBytes -= bytes;
    return this.leftBytes >= 0;
  }

  /** Bytes were read. @returns how much to give back now, 0 for nothing yet */
  read(bytes: number): number {
    this.readBytes += bytes;
    if (this.readBytes * 4 < this.sizeBytes) return 0;
    const given = this.readBytes;
    this.leftBytes += given;
    this.readBytes = 0;
    return given;
  }
}
