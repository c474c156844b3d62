/**
 * Requests over kept connections, one at a time on each (no pipelining), in a process of its own. Bounded: it ends by
 * itself after a warm-up of a second and `seconds`. Reads a LoadOrder as JSON from its first argument and prints a LoadResult as JSON.
 *
 * Closed: each connection asks again as soon as it was answered; for throughput. Open: requests fall due at a fixed rate,
 * whether or not earlier ones were answered; a latency counts from when the request was due, so that a server that
 * stalls is charged for everything that waited. What is done for a request allocates next to nothing.
 */
import { connect, type Socket } from "node:net";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import type { LoadOrder, LoadResult } from "./load.ts";

interface Connection {
  socket: Socket;
  isBusy: boolean;
  /** When the request under way fell due. */
  dueMs: number;
  /** Bytes of the body that are still to come; -1 while the head is. */
  missing: number;
}

const WARM_UP_MS = 1_000;
/** More than any server here answers. */
const CLOSED_PER_SECOND = 200_000;
const TENTH_MS = 100;
const [LF, CR, SPACE, ZERO, NINE] = [10, 13, 32, 48, 57] as const;
const STATUS_AT = "HTTP/1.1 ".length;
const OK = Buffer.from("200");
const LENGTH_FIELD = Buffer.from("content-length:");
const LOWER_CASE = 32;

const order = JSON.parse(process.argv[2]!) as LoadOrder;
const requests = order.hosts.map((host) => `GET ${order.path} HTTP/1.1\r\nHost: ${host}\r\nAccept: */*\r\n\r\n`);
const most = Math.ceil((order.rate ?? CLOSED_PER_SECOND) * (order.seconds + 1 + WARM_UP_MS / 1000));
/** Of each request that was answered: when it fell due, and how long it took from then on. */
const dues = new Float64Array(most);
const latencies = new Float64Array(most);
let answeredCount = 0;
/** Due times of requests that wait for a connection, the oldest first from `waitingFrom` on. */
const waiting = new Float64Array(most);
let [waitingFrom, waitingTo] = [0, 0];
let sentRequests = 0;
const idle: Connection[] = [];
const received = Buffer.allocUnsafeSlow(256 * 1024);
/** From `counted` to `end` is what is measured: before it code is still being compiled, this program's own too. */
let [start, counted, end] = [0, 0, Number.POSITIVE_INFINITY];

const connections = await Promise.all(Array.from({ length: order.connections }, open));
start = performance.now();
counted = start + WARM_UP_MS;
end = counted + order.seconds * 1000;
if (order.rate === null) for (const connection of connections) send(connection, performance.now());
else await keepRate(order.rate);
await sleep(Math.max(0, end - performance.now()));
console.log(JSON.stringify(result()));
process.exit(0);

function open(): Promise<Connection> {
  return new Promise((resolve) => {
    const connection = { isBusy: false, dueMs: 0, missing: -1 } as Connection;
    const onread = {
      buffer: received,
      callback(size: number) {
        receive(connection, size);
        return true;
      },
    };
    connection.socket = connect({ host: "127.0.0.1", port: order.port, noDelay: true, onread }, () => {
      idle.push(connection);
      resolve(connection);
    });
    connection.socket.on("error", (error) => fail(error.message));
    connection.socket.on("close", () => fail("the server closed a connection"));
  });
}

async function keepRate(rate: number): Promise<void> {
  for (let sent = 0; performance.now() < end; ) {
    for (const due = ((performance.now() - start) * rate) / 1000; sent < due; sent += 1) {
      const dueMs = start + (sent * 1000) / rate;
      const connection = idle.pop();
      if (connection !== undefined) send(connection, dueMs);
      else {
        waiting[waitingTo] = dueMs;
        waitingTo += 1;
      }
    }
    await (order.cpu === undefined ? sleep(1) : setImmediate());
  }
}

function send(connection: Connection, dueMs: number): void {
  connection.dueMs = dueMs;
  connection.isBusy = true;
  connection.socket.write(requests[sentRequests % requests.length]!, "latin1");
  sentRequests += 1;
}

/**
 * A response ends with as many bytes as its Content-Length says (RFC 9112, section 6.3). Its head comes in one piece, as
 * every server here sends it; of the body nothing is looked at, so that the load costs less than the answer.
 */
function receive(connection: Connection, size: number): void {
  if (connection.missing === -1) connection.missing = bytesAfter(size);
  else connection.missing -= size;
  if (connection.missing > 0) return;
  const now = performance.now();
  if (connection.dueMs >= counted && now < end) {
    dues[answeredCount] = connection.dueMs;
    latencies[answeredCount] = now - connection.dueMs;
    answeredCount += 1;
  }
  connection.isBusy = false;
  connection.missing = -1;
  if (order.rate === null) {
    if (now < end) send(connection, now);
  } else if (waitingFrom < waitingTo) {
    waitingFrom += 1;
    send(connection, waiting[waitingFrom - 1]!);
  } else {
    idle.push(connection);
  }
}

/** Reads the head of what was received. @returns how many bytes of the body are still to come */
function bytesAfter(size: number): number {
  let length = -1;
  if (!isAt(STATUS_AT, OK)) fail(`not a 200: ${received.toString("latin1", 0, 200)}`);
  for (let at = 0; at < size; at += 1) {
    if (received[at] !== LF) continue;
    if (received[at + 1] === CR) {
      if (length === -1) fail("a response without Content-Length");
      return length - (size - at - 3);
    }
    if (isAt(at + 1, LENGTH_FIELD)) length = numberAt(at + 1 + LENGTH_FIELD.length);
  }
  return fail("not a whole head");
}

function isAt(from: number, lowerCase: Buffer): boolean {
  for (let at = 0; at < lowerCase.length; at += 1) {
    if ((received[from + at]! | LOWER_CASE) !== lowerCase[at]) return false;
  }
  return true;
}

function numberAt(from: number): number {
  let number = 0;
  for (let at = from; ; at += 1) {
    const code = received[at]!;
    if (code >= ZERO && code <= NINE) number = number * 10 + code - ZERO;
    else if (code !== SPACE) return number;
  }
}

/** What was not answered in time counts with the time that it had waited until then. */
function result(): LoadResult {
  const all = Array.from({ length: answeredCount }, (_, at) => ({ dueMs: dues[at]!, ms: latencies[at]! }));
  if (order.rate !== null) {
    const underWay = connections.flatMap(({ isBusy, dueMs }) => (isBusy ? [dueMs] : []));
    const late = [...waiting.subarray(waitingFrom, waitingTo), ...underWay].filter((dueMs) => dueMs >= counted);
    all.push(...late.map((dueMs) => ({ dueMs, ms: end - dueMs })));
  }
  const tenths: { ms: number }[][] = [];
  for (const each of all) {
    const tenth = Math.floor((each.dueMs - counted) / TENTH_MS);
    tenths[tenth] ??= [];
    tenths[tenth].push(each);
  }
  const p99s = Object.values(tenths).map((some) => ({ ms: quantile(some, 0.99) }));
  return {
    answered: answeredCount,
    perSecond: answeredCount / order.seconds,
    p50Ms: quantile(all, 0.5),
    p99Ms: quantile(all, 0.99),
    maxMs: quantile(all, 1),
    p99OfTenthsMs: quantile(p99s, 0.5),
  };
}

function quantile(values: readonly { ms: number }[], share: number): number {
  const sorted = Float64Array.from(values, ({ ms }) => ms).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function fail(reason: string): never {
  console.error(reason);
  process.exit(1);
}
