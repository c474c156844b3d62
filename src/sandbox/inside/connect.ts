import type { Socket } from "bun";

/**
 * Runs inside the sandbox as ssh's ProxyCommand: `connect.ts HOST PORT` passes standard input and output through the
 * platform's proxy (RFC 9110 section 9.3.6, CONNECT).
 */
const [host = "", port = ""] = process.argv.slice(2);
const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
let isOpen = false;
let head = "";
let waiting: { bytes: Uint8Array; done: () => void } | undefined;

const proxy = await Bun.connect({
  unix: "/run/egress.sock",
  socket: {
    open: (socket) => void socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`),
    data(socket, bytes) {
      if (isOpen) return void process.stdout.write(bytes);
      head += bytes.toString("latin1");
      const end = head.indexOf("\r\n\r\n");
      if (end === -1) return;
      if (!head.startsWith("HTTP/1.1 200")) fail(head.slice(end + 4).trim() || head.split("\r\n")[0]!);
      isOpen = true;
      process.stdout.write(Buffer.from(head.slice(end + 4), "latin1"));
      void passInput(socket);
    },
    drain: writeOn,
    close: () => (isOpen ? process.exit(0) : fail("the proxy closed the connection")),
    error: (_, error) => fail(error.message),
  },
}).catch((error: Error) => fail(error.message));

function fail(reason: string): never {
  process.stderr.write(`ssh: connect to host ${host} port ${port}: ${reason}\n`);
  process.exit(1);
}

async function passInput(socket: Socket<unknown>): Promise<void> {
  for await (const bytes of Bun.stdin.stream()) {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting = { bytes, done: resolve };
    writeOn(socket);
    await promise;
  }
  socket.end();
}

function writeOn(socket: Socket<unknown>): void {
  if (waiting === undefined) return;
  const written = socket.write(waiting.bytes);
  if (written < waiting.bytes.length) {
    waiting.bytes = waiting.bytes.subarray(Math.max(0, written));
    return;
  }
  const { done } = waiting;
  waiting = undefined;
  done();
}

export { proxy };
