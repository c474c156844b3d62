import { HpackDecoder } from "../../src/http/http2/hpack-decoder.ts";
import { FLAG, FRAME, SETTING } from "../../src/http/http2/protocol.ts";
import { blockOf, FrameClient, frame, number, request, setting } from "../../src/http/testing/frame-client.ts";
import type { RawResponse } from "./raw-http.ts";

const LARGEST = 2 ** 31 - 1;

/** One HTTP/2 connection on which requests are asked one after the other, without any client's own ideas of them. */
export class Http2Asker {
  private readonly decoder = new HpackDecoder({ tableMaxBytes: 4096, listMaxBytes: 1024 * 1024 });
  private next = 1;
  /** How many of the frames were looked at. */
  private seen = 0;

  private constructor(private readonly client: FrameClient) {}

  static async open(port: number): Promise<Http2Asker> {
    const client = await FrameClient.open(port);
    client.send(frame(FRAME.settings, 0, 0, setting(SETTING.initialWindow, LARGEST)));
    client.send(frame(FRAME.windowUpdate, 0, 0, number(LARGEST - 65_535)));
    return new Http2Asker(client);
  }

  async ask(
    asked: { method: string; target: string; host: string },
    send: readonly (readonly [name: string, value: string])[],
  ): Promise<RawResponse> {
    const stream = this.next;
    this.next += 2;
    const { method, target, host } = asked;
    const pseudo = [
      [":method", method],
      [":scheme", "https"],
      [":authority", host],
      [":path", target],
    ] as const;
    this.client.send(request(stream, blockOf([...pseudo, ...send])));
    const isEnd = (flags: number) => (flags & FLAG.endStream) !== 0;
    await this.client.find(
      (each) =>
        each.stream === stream && (each.type === FRAME.reset || (each.type <= FRAME.headers && isEnd(each.flags))),
    );
    const frames = this.client.frames.slice(this.seen);
    this.seen = this.client.frames.length;
    const headers = new Map<string, string>();
    const parts: Buffer[] = [];
    for (const each of frames.filter((one) => one.stream === stream)) {
      if (each.type === FRAME.data) parts.push(each.payload);
      if (each.type !== FRAME.headers) continue;
      for (const [name, value] of this.decoder.decode(each.payload).fields) {
        headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value);
      }
    }
    const status = Number(headers.get(":status") ?? 0);
    headers.delete(":status");
    return { status, headers, body: Buffer.concat(parts), rest: new Uint8Array() };
  }

  close(): void {
    this.client.close();
  }
}
