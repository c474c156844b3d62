import type { Connection } from "./listen-http.ts";

/** How long a client may take for the handshake of TLS. */
const HANDSHAKE_MS = 30_000;

/** A connection on which the two ends do not yet know what they speak. */
export class Greeting implements Connection {
  readonly scheme = "https";
  readonly address = undefined;
  private readonly since = Date.now();

  constructor(private readonly socket: Pick<Bun.Socket, "terminate">) {}

  isOverdue(now: number): boolean {
    return now - this.since > HANDSHAKE_MS;
  }

  expire(): void {
    this.cut();
  }

  leave(): void {
    this.cut();
  }

  cut(): void {
    this.socket.terminate();
  }

  // Until the end of the handshake nothing comes in, and nothing is there to go out.
  receive(): void {}
  end(): void {}
  drain(): void {}
  close(): void {}
  giveNotice(): void {}
}
