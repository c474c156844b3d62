import { connect } from "node:tls";

/** The first bytes that a TLS client sends to a server of this name; without one when it is an address. */
export async function clientHello(name: string | undefined): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: (_, bytes) => resolve(Buffer.from(bytes)) },
  });
  const client = connect({ host: "127.0.0.1", port: server.port, ...(name === undefined ? {} : { servername: name }) });
  client.on("error", () => undefined);
  try {
    return await promise;
  } finally {
    client.destroy();
    server.stop(true);
  }
}
