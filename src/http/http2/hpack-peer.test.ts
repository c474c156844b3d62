import { expect, test } from "bun:test";
import { createServer, type Socket } from "node:net";
import { HpackDecoder } from "./hpack-decoder.ts";
import { encodeHead } from "./hpack-encoder.ts";

/**
 * Node's client, so nghttp2's encoder and decoder, in plain text with prior knowledge. It prints what it sent and what it
 * got, one request a line. Every byte that a value may hold is in a value, once plain and
 * once in a value that is shorter in Huffman's code.
 */
const CLIENT = `
  const http2 = require("node:http2");
  const [port, count] = process.argv.slice(1).map(Number);
  const bytes = [];
  for (let code = 0x20; code <= 0xff; code += 1) if (code !== 0x7f) bytes.push(String.fromCharCode(code));
  const session = http2.connect("http://127.0.0.1:" + port);
  session.once("remoteSettings", async () => {
    for (let at = 0; at < count; at += 1) {
      const sent = [
        [":method", at % 7 === 0 ? "HEAD" : "GET"],
        [":path", "/" + "p".repeat(at % 40) + at],
        [":scheme", "http"],
        [":authority", "127.0.0.1"],
        ["user-agent", "the same each time"],
        ["accept-encoding", at % 2 === 0 ? "gzip, deflate" : "br"],
        ["authorization", "Basic " + at],
        ["cookie", "short=" + (at % 5)],
        ["x-all", "<" + bytes.join("") + ">"],
        ["x-some", "<" + bytes.slice((at * 5) % bytes.length, (at * 5) % bytes.length + 1 + (at % 60)).join("") + ">"],
        ["x-name-" + (at % 60), "v".repeat((at * 37) % 900)],
        ["x-coded", "0".repeat(60) + bytes[(at * 2) % bytes.length] + bytes[(at * 2 + 1) % bytes.length] + "0"],
        ["x-empty", ""],
        ["x-secret", "s" + at],
      ];
      const headers = Object.fromEntries(sent);
      headers[http2.sensitiveHeaders] = ["x-secret"];
      const stream = session.request(headers, { endStream: true });
      const got = await new Promise((resolve, reject) => {
        stream.once("response", (fields, flags, raw) => resolve(raw));
        stream.once("error", reject);
      });
      stream.resume();
      console.log(JSON.stringify({ sent, got }));
    }
    session.close();
  });
`;
const COUNT = 150;
const [HEADERS, SETTINGS, CONTINUATION] = [1, 4, 9];
const [END_STREAM, ACK, END_HEADERS] = [1, 1, 4];
const PREFACE_BYTES = 24;

function frameOf(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.set([type, flags], 3);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Answers each request with its own fields. */
function serve(socket: Socket, tableMaxBytes: number, onFields: (fields: [string, string][]) => void): void {
  const decoder = new HpackDecoder({ tableMaxBytes, listMaxBytes: 65_536 });
  let input = Buffer.alloc(0);
  let start = PREFACE_BYTES;
  let block = Buffer.alloc(0);
  const setting = Buffer.alloc(6);
  setting.writeUInt16BE(1, 0);
  setting.writeUInt32BE(tableMaxBytes, 2);
  socket.write(frameOf(SETTINGS, 0, 0, setting));
  socket.on("data", (chunk: Buffer) => {
    input = Buffer.concat([input, chunk]);
    while (input.length >= start + 9) {
      const [length, type, flags] = [input.readUIntBE(start, 3), input[start + 3]!, input[start + 4]!];
      if (input.length < start + 9 + length) break;
      const stream = input.readUInt32BE(start + 5);
      const payload = input.subarray(start + 9, start + 9 + length);
      input = input.subarray(start + 9 + length);
      start = 0;
      if (type === SETTINGS && (flags & ACK) === 0) socket.write(frameOf(SETTINGS, ACK, 0, Buffer.alloc(0)));
      if (type !== HEADERS && type !== CONTINUATION) continue;
      block = Buffer.concat([block, payload]);
      if ((flags & END_HEADERS) === 0) continue;
      const { fields } = decoder.decode(block);
      block = Buffer.alloc(0);
      onFields(fields);
      const answered = fields.filter(([name]) => !name.startsWith(":"));
      socket.write(frameOf(HEADERS, END_STREAM | END_HEADERS, stream, encodeHead(299, answered)));
    }
  });
}

test.each([[4096], [0], [300], [1024], [65_536]])(
  "nghttp2 and this read each other with a table of %d bytes",
  async (tableMaxBytes) => {
    const received: [string, string][][] = [];
    const failures: unknown[] = [];
    const server = createServer((socket) => {
      socket.on("error", (error) => failures.push(error));
      serve(socket, tableMaxBytes, (fields) => received.push(fields));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const client = Bun.spawn([Bun.which("node")!, "-e", CLIENT, String(port), String(COUNT)], { stderr: "pipe" });
    const [output, trouble] = await Promise.all([
      new Response(client.stdout).text(),
      new Response(client.stderr).text(),
      client.exited,
    ]);
    server.close();
    expect([trouble, failures]).toEqual(["", []]);

    const lines = output.trim().split("\n");
    expect([lines.length, received.length]).toEqual([COUNT, COUNT]);
    for (const [at, line] of lines.entries()) {
      const { sent, got } = JSON.parse(line) as { sent: [string, string][]; got: string[] };
      // The client sets the order of the pseudo-header fields.
      expect(received[at]!.toSorted()).toEqual(sent.toSorted());
      const answered = received[at]!.filter(([name]) => !name.startsWith(":"));
      expect(got).toEqual([[":status", "299"], ...answered].flat());
    }
  },
  60_000,
);
