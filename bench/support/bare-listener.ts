/**
 * The least that a server on this runtime can do: it looks at no request, and writes the same answer from memory for
 * whatever comes in. Nobody who copies out of memory is faster. `bare-listener.ts PORT BODY-BYTES`
 */
const [port, bodyBytes] = process.argv.slice(2).map(Number) as [number, number];
const answer = Buffer.concat([
  Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${bodyBytes}\r\n\r\n`),
  Buffer.alloc(bodyBytes, "x"),
]);

Bun.listen<{ left: Uint8Array }>({
  hostname: "127.0.0.1",
  port,
  socket: {
    open: (socket) => {
      socket.data = { left: answer.subarray(answer.length) };
    },
    data: (socket) => send(socket, answer),
    drain: (socket) => send(socket, socket.data.left),
  },
});

function send(socket: Bun.Socket<{ left: Uint8Array }>, bytes: Uint8Array): void {
  const count = bytes.length === 0 ? 0 : socket.write(bytes);
  socket.data.left = bytes.subarray(Math.max(0, count));
}
