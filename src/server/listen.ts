import { lookup } from "node:dns/promises";
import { readdir, readFile, readlink } from "node:fs/promises";
import type { Quick } from "../http/answers.ts";
import { CONTENT_MAX_BYTES } from "../http/http1/content.ts";
import { listenHttp } from "../http/listen-http.ts";
import { type ServerCertificate, securing } from "../http/secure.ts";
import { BerthError } from "../model/errors.ts";
import { badRequest } from "../serve/pages.ts";
import { withDateOfHeads } from "./date-of-heads.ts";

export type Handler = { fetch(request: Request): Response | Promise<Response> };
export type Answer = (request: Request) => Response | Promise<Response>;

/** What a port answers. */
export interface Front {
  answer: Answer;
  /** Asked first for what comes in clear, and answers what is ready. */
  quick?: Quick;
}

export interface Listener {
  port: number;
  /** The other end's IP address, for a request that came in here. */
  clientAddress(request: Request): string | undefined;
  /**
   * Accepts nothing more, closes idle connections and those whose response is done. Resolves when no connection is
   * left; what is not done after `limitMs` is cut. During the first `noticeMs` clients are told to connect anew, while
   * the port is still listened on.
   */
  stop(options: { limitMs: number; noticeMs?: number }): Promise<void>;
}

export interface ListenOptions {
  host: string;
  port: number;
  /** Whether other listeners of this user may have the same port: the kernel spreads connections over them. */
  isShared?: boolean;
  tls?: readonly ServerCertificate[];
  http3?: boolean;
  /** By TCP. */
  connectionsMax?: number;
}

/** @throws BerthError `port_taken` naming who holds the port and the next free one */
export async function listen(at: ListenOptions, front: Front): Promise<Listener> {
  await lookup(at.host).catch((cause: NodeJS.ErrnoException) => {
    throw cannotListen(at.host, `it is no address, and no name that is known here (${cause.code})`, cause);
  });
  try {
    const tcp = listenTcp(at, front);
    if (!at.http3) return tcp;
    try {
      return beside(tcp, listenQuic({ ...at, port: tcp.port }, front));
    } catch (error) {
      await tcp.stop({ limitMs: 0 });
      throw error;
    }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "EACCES") throw portRefused(at, cause);
    if (code !== "EADDRINUSE") throw cannotListen(at.host, message, cause);
    const holder = await whoListens(at.port);
    const flag = at.tls ? "BERTH_HTTPS_PORT=" : "--port ";
    throw new BerthError("port_taken", `Port ${at.port} is taken${holder ? ` by ${holder}` : ""}.`, {
      hint: `Choose another one: ${flag}${await nextFree(at)}`,
    });
  }
}

/**
 * A port that is to be shared is first taken alone and given back: two platforms would divide it between them unseen.
 * @returns the port, which for 0 is one that was free
 * @throws as `listen`
 */
export async function claimPort(at: ListenOptions): Promise<number> {
  const claim = await listen({ ...at, isShared: false, http3: false }, { answer: () => new Response() });
  await claim.stop({ limitMs: 0 });
  return claim.port;
}

function listenTcp({ host, port, isShared = false, tls, connectionsMax }: ListenOptions, front: Front): Listener {
  const secure = tls && securing(tls);
  const server = listenHttp({
    hostname: host,
    port,
    isShared,
    ...front,
    refuse: badRequest,
    ...(secure && { secure }),
    ...(connectionsMax && { connectionsMax }),
  });
  return {
    port: server.port,
    clientAddress: (request) => server.clientAddress(request),
    async stop({ limitMs, noticeMs = 0 }) {
      server.giveNotice();
      if (noticeMs > 0) await Bun.sleep(noticeMs);
      await withinLimit(server.drain(), limitMs);
      server.cut();
    },
  };
}

/** HTTP/3, by the runtime's own server. */
function listenQuic({ host, port, isShared = false, tls = [] }: ListenOptions, { answer }: Front): Listener {
  const server = Bun.serve({
    hostname: host,
    port,
    // A log that is followed may be silent for as long as its build: the keep-alive of the stream is shorter.
    idleTimeout: 60,
    maxRequestBodySize: CONTENT_MAX_BYTES,
    development: false,
    // Said aloud: without development mode it is on by default, and two platforms would share the port.
    reusePort: isShared,
    tls: [...tls],
    http1: false,
    http3: true,
    fetch: withDateOfHeads(answer),
    error: () => new Response("Internal error\n", { status: 500 }),
  });
  return {
    port: server.port!,
    clientAddress: (request) => server.requestIP(request)?.address,
    async stop({ limitMs, noticeMs = 0 }) {
      if (noticeMs > 0) await Bun.sleep(noticeMs);
      await withinLimit(server.stop(), limitMs);
      await server.stop(true);
    },
  };
}

/** One port for both. */
function beside(tcp: Listener, quic: Listener): Listener {
  return {
    port: tcp.port,
    clientAddress: (request) => tcp.clientAddress(request) ?? quic.clientAddress(request),
    stop: async (options) => void (await Promise.all([tcp.stop(options), quic.stop(options)])),
  };
}

async function withinLimit(work: Promise<void>, limitMs: number): Promise<void> {
  const limit = Promise.withResolvers<void>();
  const timer = setTimeout(limit.resolve, limitMs);
  await Promise.race([work, limit.promise]);
  clearTimeout(timer);
}

function cannotListen(host: string, reason: string, cause: unknown): BerthError {
  return new BerthError("setting_invalid", `BERTH_HOST: can't listen on '${host}': ${reason}.`, {
    hint: "Give an address of this machine with --host.",
    cause,
  });
}

/** Ports below 1024 are the system's. */
function portRefused({ port, tls }: ListenOptions, cause: unknown): BerthError {
  const name = tls ? "BERTH_HTTPS_PORT" : "BERTH_PORT";
  return new BerthError("setting_invalid", `${name}: this user may not listen on port ${port}.`, {
    hint: `Choose one from 1024 on, or give the runtime the right: setcap cap_net_bind_service=+ep ${process.execPath}`,
    cause,
  });
}

async function nextFree({ host, port }: { host: string; port: number }): Promise<number> {
  for (let next = port + 1; next < Math.min(port + 100, 65536); next += 1) {
    try {
      await Bun.serve({ hostname: host, port: next, reusePort: false, fetch: () => new Response() }).stop(true);
      return next;
    } catch {
      // taken as well
    }
  }
  return 0;
}

/** Finds the process behind a listening TCP port by the kernel's tables (proc(5)): socket inode, then its owner. */
async function whoListens(port: number): Promise<string | undefined> {
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  const tables = await Promise.all(
    ["tcp", "tcp6"].map((name) => readFile(`/proc/net/${name}`, "utf8").catch(() => "")),
  );
  const inodes = new Set<string>();
  for (const line of tables.join("\n").split("\n")) {
    const fields = line.trim().split(/\s+/);
    if (fields[1]?.endsWith(`:${hexPort}`) && fields[3] === "0A" && fields[9]) inodes.add(`socket:[${fields[9]}]`);
  }
  if (inodes.size === 0) return undefined;
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const descriptor of descriptors) {
      const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => "");
      if (!inodes.has(target)) continue;
      const name = (await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "a process")).trim();
      return `${name} (process ${pid})`;
    }
  }
  return undefined;
}
