import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runToEnd } from "../../test/support/process.ts";

export interface WrkOrder {
  url: string;
  /** Sent one after the other, round and round, on every connection. */
  requests: readonly string[];
  connections: number;
  seconds: number;
  /** The core that the load comes from. */
  cpu: number;
}

export interface Load {
  answered: number;
  perSecond: number;
}

export interface WrkResult extends Load {
  /** Of whole responses, heads included. */
  bytesPerResponse: number;
}

/** The requests stand in a file, an empty line after each; wrk's own script engine only hands them out. */
const SCRIPT = `
local requests, at = {}, 0
function init(args)
  local text = io.open(args[1]):read("*a")
  for one in text:gmatch("(.-)\\r\\n\\r\\n") do requests[#requests + 1] = one .. "\\r\\n\\r\\n" end
end
function request()
  at = at % #requests + 1
  return requests[at]
end
function done(summary)
  local e = summary.errors
  io.write(string.format('RESULT {"requests":%d,"micros":%d,"bytes":%d,"errors":%d}\\n', summary.requests,
    summary.duration, summary.bytes, e.connect + e.read + e.write + e.status + e.timeout))
end
`;

/** Throughput over kept HTTP/1.1 connections by wrk (Debian's package). @throws when an answer was an error */
export async function wrk({ url, requests, connections, seconds, cpu }: WrkOrder): Promise<WrkResult> {
  const folder = await mkdtemp(join(tmpdir(), "berth-wrk-"));
  try {
    await writeFile(join(folder, "requests"), requests.join(""));
    await writeFile(join(folder, "script.lua"), SCRIPT);
    const printed = await runToEnd([
      ...["taskset", "-c", `${cpu}`, "wrk", "-t1", `-c${connections}`, `-d${seconds}s`],
      ...["-s", join(folder, "script.lua"), url, "--", join(folder, "requests")],
    ]);
    const line = printed.split("\n").find((text) => text.startsWith("RESULT "));
    const result = JSON.parse(line!.slice("RESULT ".length)) as Record<
      "requests" | "micros" | "bytes" | "errors",
      number
    >;
    if (result.errors > 0) throw new Error(`${result.errors} of ${result.requests} answers of ${url} were errors`);
    return {
      answered: result.requests,
      perSecond: result.requests / (result.micros / 1e6),
      bytesPerResponse: result.bytes / result.requests,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The text of a GET. */
export function getRequest(host: string, path: string, headers: Record<string, string> = {}): string {
  const fields = Object.entries({ host, accept: "*/*", ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${fields.join("")}\r\n`;
}

/** Connections of one h2load. */
const H2_CONNECTIONS = 8;

/**
 * Throughput over HTTP/2 on TLS by h2load (Debian's nghttp2-client), which asks one host: for one host after the other.
 * Several at a time would spend a third of their core on taking turns.
 */
export async function h2load(order: {
  port: number;
  hosts: readonly string[];
  path: string;
  streams: number;
  /** In all. */
  requests: number;
  cpu: number;
}): Promise<Load> {
  const { port, hosts, path, streams, cpu } = order;
  const requests = Math.ceil(order.requests / hosts.length);
  let seconds = 0;
  for (const host of hosts) {
    const printed = await runToEnd([
      ...["taskset", "-c", `${cpu}`, "h2load", "-n", `${requests}`, "-c", `${H2_CONNECTIONS}`, "-m", `${streams}`],
      ...["-H", `:authority: ${host}`, `https://127.0.0.1:${port}${path}`],
    ]);
    const perSecond = Number(/, ([\d.]+) req\/s/.exec(printed)?.[1]);
    if (Number(/(\d+) succeeded/.exec(printed)?.[1]) !== requests || !(perSecond > 0)) {
      throw new Error(`not every answer was a success:\n${printed}`);
    }
    seconds += requests / perSecond;
  }
  const answered = requests * hosts.length;
  return { answered, perSecond: answered / seconds };
}
