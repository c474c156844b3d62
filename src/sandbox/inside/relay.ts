import type { Socket } from "bun";

/** One of two sockets that pass their bytes to each other. */
export interface Half {
  peer?: Socket<Half>;
  /** Bytes that this socket has not taken yet; while there are any, the peer is paused. */
  pending?: Uint8Array;
  /** To be closed when the pending bytes are out. */
  closing?: boolean;
}

/** Writes `bytes` to `to`, and slows its peer down to the speed of `to`. */
export function passOn(to: Socket<Half>, bytes: Uint8Array): void {
  const waiting = to.data.pending;
  if (waiting !== undefined) {
    to.data.pending = Buffer.concat([waiting, bytes]);
    return;
  }
  const written = to.write(bytes);
  if (written < 0) {
    to.data.peer?.end();
  } else if (written < bytes.length) {
    // A copy: the buffer belongs to the event loop, which fills it again.
    to.data.pending = bytes.slice(written);
    to.data.peer?.pause();
  }
}

export function onDrain(socket: Socket<Half>): void {
  const waiting = socket.data.pending;
  if (waiting === undefined) return;
  const written = socket.write(waiting);
  if (written < 0) {
    socket.data.peer?.end();
  } else if (written < waiting.length) {
    socket.data.pending = waiting.subarray(written);
  } else {
    socket.data.pending = undefined;
    if (socket.data.closing) socket.end();
    else socket.data.peer?.resume();
  }
}

export function onClose(socket: Socket<Half>): void {
  const { peer } = socket.data;
  socket.data.peer = undefined;
  socket.data.pending = undefined;
  if (peer === undefined) return;
  peer.data.peer = undefined;
  if (peer.data.pending === undefined) peer.end();
  else peer.data.closing = true;
}
