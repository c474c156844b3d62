import { chmod, open } from "node:fs/promises";
import type { Socket } from "bun";
import { type Half, onClose, onDrain, passOn } from "../sandbox/inside/relay.ts";

/** draft-miller-ssh-agent, 5.1: the two questions that a login asks, and the refusal of all others. */
const REQUEST_IDENTITIES = 11;
const SIGN_REQUEST = 13;
const FAILURE = Buffer.from([0, 0, 0, 1, 5]);
/** OpenSSH's own limit. */
const MESSAGE_MAX_BYTES = 256 * 1024;

interface Client extends Half {
  unread: Buffer;
}

/**
 * A socket in a folder that stands for an ssh agent's: keys may be listed and signed with, not taken out, added or
 * removed. An agent answers its own user only (ssh-agent(1)), and a fetch runs as another one.
 */
export async function relayAgent(
  agentSocket: string,
  { folder, name }: { folder: string; name: string },
): Promise<{ close(): Promise<void> }> {
  // unix(7) allows 108 bytes; the way by the open folder is always short.
  const handle = await open(folder, "r");
  const path = `/proc/self/fd/${handle.fd}/${name}`;
  const sockets = new Set<Socket<Half>>();
  const shared = {
    drain: onDrain,
    close(socket: Socket<Half>) {
      sockets.delete(socket);
      onClose(socket);
    },
    error: (socket: Socket<Half>) => void socket.end(),
  };
  const server = Bun.listen<Client>({
    unix: path,
    socket: {
      ...shared,
      open(socket) {
        socket.data = { unread: Buffer.alloc(0) };
        sockets.add(socket);
        socket.pause();
        const data = (_: Socket<Half>, bytes: Buffer) => passOn(socket, bytes);
        Bun.connect<Half>({ unix: agentSocket, data: { peer: socket }, socket: { ...shared, data } }).then(
          (agent) => {
            sockets.add(agent);
            socket.data.peer = agent;
            socket.resume();
          },
          () => socket.end(),
        );
      },
      data: (socket, bytes) => passQuestions(socket, bytes),
    },
  });
  // The folder is closed to all but the one whom it belongs to.
  await chmod(path, 0o666);
  return {
    async close() {
      server.stop(true);
      for (const socket of sockets) socket.terminate();
      await handle.close();
    },
  };
}

/** Each message is a length of four bytes, then its type. */
function passQuestions(socket: Socket<Client>, bytes: Buffer): void {
  const { data } = socket;
  data.unread = Buffer.concat([data.unread, bytes]);
  while (data.unread.length >= 5) {
    const end = 4 + data.unread.readUInt32BE(0);
    if (end > MESSAGE_MAX_BYTES || end < 5) return void socket.end();
    if (data.unread.length < end) return;
    const type = data.unread[4];
    const message = data.unread.subarray(0, end);
    data.unread = data.unread.subarray(end);
    if (data.peer && (type === REQUEST_IDENTITIES || type === SIGN_REQUEST)) passOn(data.peer, message);
    else passOn(socket, FAILURE);
  }
}
