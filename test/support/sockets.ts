import { connect, type Socket } from "node:net";

/** A connection to a port of this machine, once it stands; what goes wrong with it later is the other side's affair. */
export function openSocket(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      socket.on("error", () => undefined);
      resolve(socket);
    });
  });
}

/** Sends a request that has no body in its answer (HEAD), and gives the head of the answer. */
export function askHead(socket: Socket, host: string, path = "/"): Promise<string> {
  return new Promise((resolve, reject) => {
    let head = "";
    const onEnd = () => reject(new Error("the connection ended before the answer"));
    const onData = (chunk: Buffer) => {
      head += chunk.toString("latin1");
      if (!head.includes("\r\n\r\n")) return;
      socket.off("data", onData).off("close", onEnd);
      resolve(head);
    };
    socket.on("data", onData).once("close", onEnd);
    socket.write(`HEAD ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  });
}

/** The status in the first line of an answer. */
export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
}
