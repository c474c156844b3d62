import type { Answers } from "./answers.ts";
import { Connection } from "./connection.ts";

export interface Http1Options extends Pick<Answers, "quick" | "answer" | "refuse"> {
  hostname: string;
  port: number;
  /** Whether other listeners of this user may have the same port. */
  isShared: boolean;
}

export interface Http1Listener {
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

const SWEEP_MS = 2_000;
const FAULT = new Response("Internal error\n", {
  status: 500,
  headers: { "content-type": "text/plain; charset=utf-8" },
});

/** An HTTP/1.1 server (RFC 9112) on plain TCP. @throws what the runtime throws when it can't listen */
export function listenHttp1(options: Http1Options): Http1Listener {
  const connections = new Set<Connection>();
  const owners = new WeakMap<Request, Connection>();
  const empty = Promise.withResolvers<void>();
  let isLeaving = false;
  let isClosed = false;
  const answers: Answers = {
    ...(options.quick && { quick: options.quick }),
    answer: guarded(options.answer),
    refuse: options.refuse,
    opened: (request, connection) => owners.set(request, connection),
    isLeaving: () => isLeaving,
  };
  const forget = (connection: Connection) => {
    connection.close();
    connections.delete(connection);
    if (isClosed && connections.size === 0) empty.resolve();
  };
  const listening: Bun.TCPSocketListenOptions<Connection> & { reusePort: boolean } = {
    hostname: options.hostname,
    port: options.port,
    reusePort: options.isShared,
    // A client that has said all that it wants to may still read the answer.
    allowHalfOpen: true,
    socket: {
      open(socket) {
        socket.data = new Connection(socket, answers);
        connections.add(socket.data);
      },
      data: (socket, bytes) => socket.data.receive(bytes),
      drain: (socket) => socket.data.drain(),
      end: (socket) => socket.data.end(),
      close: (socket) => forget(socket.data),
      error: (socket) => socket.data.cut(),
    },
  };
  const server = Bun.listen<Connection>(listening);
  const sweep = setInterval(() => {
    const now = Date.now();
    for (const connection of connections) if (connection.isOverdue(now)) connection.cut();
  }, SWEEP_MS);

  return {
    port: server.port,
    clientAddress: (request) => owners.get(request)?.address,
    giveNotice() {
      isLeaving = true;
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

function guarded(answer: Http1Options["answer"]): Answers["answer"] {
  return (request) => {
    try {
      const response = answer(request);
      return response instanceof Response ? response : response.catch(() => FAULT.clone());
    } catch {
      return FAULT.clone();
    }
  };
}
