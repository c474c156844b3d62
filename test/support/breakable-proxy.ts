import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";

/** Stands before a real server, which it can seem to take down: connections are refused, or taken and not answered. */
export async function startBreakableProxy(targetPort: number): Promise<{
  port: number;
  set(state: "up" | "down" | "hanging"): void;
  stop(): Promise<void>;
}> {
  let state: "up" | "down" | "hanging" = "up";
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => open.delete(socket));
    if (state === "down") return void socket.destroy();
    if (state === "hanging") return;
    const target = connect(targetPort, "127.0.0.1");
    target.on("error", () => socket.destroy());
    target.on("close", () => socket.destroy());
    socket.on("close", () => target.destroy());
    socket.on("data", (chunk) => void (state === "up" && target.write(chunk)));
    target.on("data", (chunk) => void (state === "up" && socket.write(chunk)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    set(next) {
      state = next;
      if (next !== "hanging") for (const socket of open) socket.destroy();
    },
    async stop() {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
