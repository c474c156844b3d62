/**
 * Requests over kept connections, one at a time on each (no pipelining), in a process of its own. Bounded: it ends by
 * itself after a warm-up of a second and `seconds`. Reads a LoadOrder as JSON from its first argument and prints a LoadResult as JSON.
 *
 * Closed: each connection asks again as soon as it was answered; for throughput. Open: requests fall due at a fixed rate,
 * whether or not earlier ones were answered; a latency counts from when the request was due, so that a server that
 * stalls is charged for everything that waited. Timers fire by the millisecond, which is part of those figures.
 */

export interface LoadOrder {
  port: number;
  /** Asked in turn. */
  hosts: readonly string[];
  path: string;
  connections: number;
  seconds: number;
  /** Requests a second, which makes it open; null is closed. */
  rate: number | null;
}

export interface LoadResult {
  answered: number;
  perSecond: number;
  /** From due (open) or sent (closed) to the last byte, in milliseconds. */
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}

interface Connection {
  socket: Bun.Socket<undefined>;
  /** When the request under way fell due; undefined when there is none. */
  dueMs: number | undefined;
  /** Bytes of the body that are still to come; undefined while the head is. */
  missing: number | undefined;
}

const order = JSON.parse(Bun.argv[2]!) as LoadOrder;
const requests = order.hosts.map((host) => `GET ${order.path} HTTP/1.1\r\nHost: ${host}\r\nAccept: */*\r\n\r\n`);
let sentRequests = 0;
const latencies: number[] = [];
const idle: Connection[] = [];
/** Due times of requests that wait for a connection, the oldest first from `waitingFrom` on. */
const waiting: number[] = [];
let waitingFrom = 0;
/** From `counted` to `end` is what is measured: before it this program's own code is still being compiled. */
let [start, counted, end] = [0, 0, 0];
const WARM_UP_MS = 1_000;

const connections = await Promise.all(Array.from({ length: order.connections }, connect));
start = performance.now();
counted = start + WARM_UP_MS;
end = counted + order.seconds * 1000;
if (order.rate === null) for (const connection of connections) send(connection, performance.now());
else await keepRate(order.rate);
await Bun.sleep(Math.max(0, end - performance.now()));
console.log(JSON.stringify(result()));
process.exit(0);

async function connect(): Promise<Connection> {
  const connection = { dueMs: undefined, missing: undefined } as unknown as Connection;
  connection.socket = await Bun.connect({
    hostname: "127.0.0.1",
    port: order.port,
    socket: {
      data: (_, bytes) => receive(connection, bytes),
      close: () => fail("the server closed a connection"),
      error: (_, error) => fail(error.message),
    },
  });
  idle.push(connection);
  return connection;
}

async function keepRate(rate: number): Promise<void> {
  for (let sent = 0; performance.now() < end; ) {
    for (const due = ((performance.now() - start) * rate) / 1000; sent < due; sent += 1) {
      const dueMs = start + (sent * 1000) / rate;
      const connection = idle.pop();
      if (connection === undefined) waiting.push(dueMs);
      else send(connection, dueMs);
    }
    await Bun.sleep(1);
  }
}

function send(connection: Connection, dueMs: number): void {
  connection.dueMs = dueMs;
  const request = requests[sentRequests % requests.length]!;
  sentRequests += 1;
  if (connection.socket.write(request) !== request.length) fail("a request did not fit into the socket");
}

/**
 * A response ends with as many bytes as its Content-Length says (RFC 9112, section 6.3). Its head comes in one piece, as
 * every server here sends it; of the body nothing is looked at, so that the load costs less than the answer.
 */
function receive(connection: Connection, bytes: Buffer): void {
  if (connection.missing === undefined) {
    const bodyAt = bytes.indexOf("\r\n\r\n") + 4;
    const head = bytes.toString("latin1", 0, bodyAt);
    if (bodyAt === 3 || !head.startsWith("HTTP/1.1 200 ")) fail(`not a whole head of a 200: ${head.slice(0, 200)}`);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head);
    if (length === null) fail("a response without Content-Length");
    connection.missing = Number(length[1]) - (bytes.length - bodyAt);
  } else {
    connection.missing -= bytes.length;
  }
  if (connection.missing <= 0) answered(connection);
}

function answered(connection: Connection): void {
  const now = performance.now();
  if (connection.dueMs! >= counted && now < end) latencies.push(now - connection.dueMs!);
  connection.dueMs = undefined;
  connection.missing = undefined;
  if (order.rate === null) {
    if (now < end) send(connection, now);
  } else if (waitingFrom < waiting.length) {
    send(connection, waiting[waitingFrom]!);
    waitingFrom += 1;
  } else {
    idle.push(connection);
  }
}

/** What was not answered in time counts with the time that it had waited until then. */
function result(): LoadResult {
  const underWay = connections.flatMap(({ dueMs }) => dueMs ?? []);
  const due = order.rate === null ? [] : [...waiting.slice(waitingFrom), ...underWay];
  const late = due.filter((dueMs) => dueMs >= counted);
  const sorted = Float64Array.from([...latencies, ...late.map((dueMs) => end - dueMs)]).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return {
    answered: latencies.length,
    perSecond: latencies.length / order.seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
  };
}

function fail(reason: string): never {
  console.error(reason);
  process.exit(1);
}
