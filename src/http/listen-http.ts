import type { Answers, Caller } from "./answers.ts";
import { Greeting } from "./greeting.ts";
import { Http1Connection } from "./http1/connection.ts";
import { Http2Connection } from "./http2/connection.ts";
import { roomMaker } from "./room.ts";
import type { Secure } from "./secure.ts";

export interface HttpOptions extends Pick<Answers, "quick" | "answer" | "refuse"> {
  hostname: string;
  port: number;
  /** Whether other listeners of this user may have the same port. */
  isShared: boolean;
  /** Over TLS, where there are certificates. */
  secure?: Secure;
  /** Beyond it those go that are idle the longest, and where none is, a new one is not taken. */
  connectionsMax?: number;
}

export interface HttpListener {
  port: number;
  /** The other end's IP address, for a request that came in here and whose client is still there. */
  clientAddress(request: Request): string | undefined;
  /** Clients are told to connect anew from now on. */
  giveNotice(): void;
  /** Accepts nothing more and ends idle connections; resolves when no connection is left. */
  drain(): Promise<void>;
  /** Cuts what is left. */
  cut(): void;
}

/** One client's connection, in either version of HTTP. */
export interface Connection extends Caller {
  receive(bytes: Buffer): void;
  /** The other end sends no more; it may still read. */
  end(): void;
  /** The kernel takes more. */
  drain(): void;
  /** The connection is no more. */
  close(): void;
  /** Tells the client to connect anew for what comes next, where that can be told by itself. */
  giveNotice(): void;
  /** Ends after what is under way. */
  leave(): void;
  cut(): void;
  /** Whether the other end has kept this one waiting for too long. */
  isOverdue(now: number): boolean;
  /** Ends it for that. */
  expire(): void;
}

const SWEEP_MS = 2_000;
const FAULT = new Response("Internal error\n", {
  status: 500,
  headers: { "content-type": "text/plain; charset=utf-8" },
});

/**
 * A server of HTTP/1.1 (RFC 9112) on TCP, and of HTTP/2 (RFC 9113) beside it where that is over TLS.
 * @throws what the runtime throws when it can't listen
 */
export function listenHttp(options: HttpOptions): HttpListener {
  const connections = new Set<Connection>();
  const owners = new WeakMap<Request, Caller>();
  const empty = Promise.withResolvers<void>();
  let isLeaving = false;
  let isClosed = false;
  const answers: Answers = {
    ...(options.quick && { quick: options.quick }),
    answer: guarded(options.answer),
    refuse: options.refuse,
    opened: (request, caller) => owners.set(request, caller),
    isLeaving: () => isLeaving,
  };
  const hold = (socket: Bun.Socket<Connection>, connection: Connection) => {
    connections.delete(socket.data);
    socket.data = connection;
    connections.add(connection);
  };
  const { secure, connectionsMax = Number.POSITIVE_INFINITY } = options;
  const makeRoom = roomMaker(connections, connectionsMax);
  const socket: Bun.SocketHandler<Connection> = {
    open(socket) {
      const hasRoom = makeRoom(Date.now());
      hold(socket, secure ? new Greeting(socket) : new Http1Connection(socket, answers, "http"));
      if (!hasRoom) socket.data.cut();
    },
    data: (socket, bytes) => socket.data.receive(bytes),
    drain: (socket) => socket.data.drain(),
    end: (socket) => socket.data.end(),
    close(socket) {
      socket.data.close();
      connections.delete(socket.data);
      if (isClosed && connections.size === 0) empty.resolve();
    },
    error: (socket) => socket.data.cut(),
  };
  const ofTls = secure && {
    serverName: secure.serverName,
    handshake(socket: Bun.Socket<Connection>, isDone: boolean) {
      if (!isDone) socket.data.cut();
      else if (socket.alpnProtocol === "h2") hold(socket, new Http2Connection(socket, answers));
      else hold(socket, new Http1Connection(socket, answers, "https"));
    },
  };
  const listening: Bun.TCPSocketListenOptions<Connection> & { reusePort: boolean } = {
    hostname: options.hostname,
    port: options.port,
    reusePort: options.isShared,
    // A client that has said all that it wants to may still read the answer.
    allowHalfOpen: true,
    ...(secure && { tls: secure.tls }),
    socket: { ...socket, ...ofTls },
  };
  const server = Bun.listen<Connection>(listening);
  const sweep = setInterval(() => {
    const now = Date.now();
    for (const connection of connections) if (connection.isOverdue(now)) connection.expire();
  }, SWEEP_MS);

  return {
    port: server.port,
    clientAddress: (request) => owners.get(request)?.address,
    giveNotice() {
      isLeaving = true;
      for (const connection of connections) connection.giveNotice();
    },
    drain() {
      isLeaving = true;
      isClosed = true;
      server.stop();
      for (const connection of connections) connection.leave();
      if (connections.size === 0) empty.resolve();
      return empty.promise.finally(() => clearInterval(sweep));
    },
    cut() {
      for (const connection of connections) connection.cut();
    },
  };
}

function guarded(answer: HttpOptions["answer"]): Answers["answer"] {
  return (request) => {
    try {
      const response = answer(request);
      return response instanceof Response ? response : response.catch(() => FAULT.clone());
    } catch {
      return FAULT.clone();
    }
  };
}
