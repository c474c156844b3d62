import { chmod, chown, rm } from "node:fs/promises";
import { isIP } from "node:net";
import type { Socket } from "bun";
import type { ContactedHost } from "../model/contacted-host.ts";
import { resolveByDns, resolveBySystem } from "../resolve-name.ts";
import { serverNameIn } from "./client-hello.ts";
import { decide, type ProxyRequest, parseProxyRequest, type RegistryHost, usableAddresses } from "./egress-policy.ts";
import { type Half, onClose, onDrain, passOn } from "./inside/relay.ts";
import { ownAddresses } from "./own-addresses.ts";
import type { EgressPolicy, PinnedHost } from "./sandbox.ts";

export interface EgressOptions {
  /** Path of the socket; shorter than 108 bytes, as unix(7) asks. */
  socket: string;
  /** Who may connect; undefined leaves it to this process's own user. */
  ownerUid?: number;
  policy: EgressPolicy;
  /** Beside what the policy lets through. */
  hosts?: readonly PinnedHost[];
  registries: readonly RegistryHost[];
  /** Name to addresses; by default the system's resolver for the operator's registries, DNS alone for others. */
  resolve?: (host: string) => Promise<string[]>;
  /** This machine's addresses, which are refused; those of its network interfaces by default. */
  own?: () => readonly string[];
  limits?: Partial<EgressLimits>;
}

export interface EgressLimits {
  connections: number;
  /** Both ways together, over the whole run. */
  bytes: number;
  connectMs: number;
}

export interface Egress {
  /** Each host and port once, in order of the first try, with what went each way until now. */
  contacted(): ContactedHost[];
  /** Ends all connections and removes the socket. */
  close(): Promise<void>;
}

const DEFAULT_LIMITS: EgressLimits = { connections: 256, bytes: 8 * 1024 ** 3, connectMs: 15_000 };
const HEAD_MAX_BYTES = 16 * 1024;
const CONTACTED_MAX = 200;

/** Both sockets of a connection have the same record. */
interface Side extends Half {
  contact?: ContactedHost;
}

interface Client extends Side {
  head: Buffer;
  state: "head" | "connecting" | "open";
  /** Until the name in TLS's greeting is known: what came of it, and the only name that it may be. */
  greeting?: { bytes: Buffer; host: string; port: number };
}

/**
 * The one way out of a sandbox without a network: an HTTP proxy on a unix socket. It resolves a name once, checks
 * every address, and connects to that very address, so that a name which answers differently the next time gains
 * nothing.
 */
export async function openEgress(options: EgressOptions): Promise<Egress> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const contacts = new Map<string, ContactedHost>();
  const open = new Set<Socket<Half>>();
  let passedBytes = 0;
  const count = (bytes: Uint8Array): boolean => {
    passedBytes += bytes.length;
    return passedBytes <= limits.bytes;
  };
  const upstream = {
    open: (socket: Socket<Side>) => void open.add(socket),
    data(socket: Socket<Side>, bytes: Buffer) {
      if (socket.data.contact) socket.data.contact.receivedBytes += bytes.length;
      if (socket.data.peer === undefined || !count(bytes)) socket.end();
      else passOn(socket.data.peer, bytes);
    },
    drain: onDrain,
    close(socket: Socket<Half>) {
      open.delete(socket);
      onClose(socket);
    },
    error: (socket: Socket<Half>) => void socket.end(),
  };
  const server = Bun.listen<Client>({
    unix: options.socket,
    socket: {
      ...upstream,
      open(socket) {
        socket.data = { head: Buffer.alloc(0), state: "head" };
        open.add(socket);
        if (open.size > limits.connections * 2) reply(socket, "503 Service Unavailable", "too many connections");
      },
      data(socket, bytes) {
        if (!count(bytes)) return void socket.end();
        if (socket.data.state === "open" && socket.data.peer) return send(socket, bytes);
        readHead(socket, bytes, (request, rest) => admit(socket, request, rest));
      },
    },
  });
  /** A server that many names share would answer to another one than was let through. */
  const send = (client: Socket<Client>, bytes: Uint8Array): void => {
    const { greeting, contact } = client.data;
    if (greeting !== undefined) {
      greeting.bytes = Buffer.concat([greeting.bytes, bytes]);
      const seen = serverNameIn(greeting.bytes);
      if (seen === "more" && greeting.bytes.length <= HEAD_MAX_BYTES) return;
      if (seen === undefined || seen === "more" || !isFor(seen.name, greeting.host)) {
        const name = (seen !== "more" && seen?.name) || greeting.host;
        contactOf(contacts, { host: IS_NAME.test(name) ? name : greeting.host, port: greeting.port }).refused = true;
        client.terminate();
        return;
      }
      client.data.greeting = undefined;
    }
    const whole = greeting?.bytes ?? bytes;
    if (contact) contact.sentBytes += whole.length;
    if (client.data.peer) passOn(client.data.peer, whole);
  };
  const admit = async (client: Socket<Client>, request: ProxyRequest, rest: Buffer) => {
    const outcome = await findAddresses(request, options);
    const contact = contactOf(contacts, request);
    contact.refused ||= "reason" in outcome;
    if ("reason" in outcome) {
      return reply(client, "403 Forbidden", `${request.host}: ${outcome.reason}`);
    }
    const secureHost = request.kind === "https" ? request.host : undefined;
    const remote = await connectAny(outcome, { port: request.port, limits, handlers: upstream, secureHost });
    if (remote === undefined) return reply(client, "502 Bad Gateway", `${request.host} can't be reached`);
    client.data.contact = contact;
    remote.data.contact = contact;
    if (outcome.isTls) client.data.greeting = { bytes: Buffer.alloc(0), host: request.host, port: request.port };
    join(client, remote, { request, rest, send });
  };
  await chmod(options.socket, 0o600);
  if (options.ownerUid !== undefined) await chown(options.socket, options.ownerUid, options.ownerUid);
  return {
    contacted: () => [...contacts.values()].map((contact) => ({ ...contact })),
    async close() {
      server.stop(true);
      for (const socket of open) socket.terminate();
      await rm(options.socket, { force: true });
    },
  };
}

const IS_NAME = /^[\w.-]{1,254}$/;

/** A name in TLS's greeting never is an address (RFC 6066 section 3). */
function isFor(name: string | null, host: string): boolean {
  return isIP(host) === 0 ? name?.replace(/\.$/, "") === host : name === null;
}

/** One beyond the most that are kept is counted nowhere. */
function contactOf(
  contacts: Map<string, ContactedHost>,
  { host, port }: Pick<ProxyRequest, "host" | "port">,
): ContactedHost {
  const key = `${host}:${port}`;
  const known = contacts.get(key);
  if (known !== undefined) return known;
  const contact = { host, port, sentBytes: 0, receivedBytes: 0, refused: false };
  if (contacts.size < CONTACTED_MAX) contacts.set(key, contact);
  return contact;
}

function readHead(socket: Socket<Client>, bytes: Buffer, use: (request: ProxyRequest, rest: Buffer) => void): void {
  if (socket.data.state === "connecting") {
    reply(socket, "400 Bad Request", "bytes before the answer");
    return;
  }
  socket.data.head = Buffer.concat([socket.data.head, bytes]);
  const end = socket.data.head.indexOf("\r\n\r\n");
  if (end > HEAD_MAX_BYTES || (end === -1 && socket.data.head.length > HEAD_MAX_BYTES)) {
    reply(socket, "431 Request Header Fields Too Large", "too long");
    return;
  }
  if (end === -1) return;
  const request = parseProxyRequest(socket.data.head.toString("latin1", 0, end));
  if (request === undefined) {
    reply(socket, "400 Bad Request", "neither CONNECT nor an absolute URL");
    return;
  }
  const rest = socket.data.head.subarray(end + 4);
  socket.data.head = Buffer.alloc(0);
  socket.data.state = "connecting";
  socket.pause();
  use(request, rest);
}

interface Target {
  addresses: readonly string[];
  /** Path of a unix socket that takes the place of addresses. */
  socket?: string;
  isTls?: boolean;
}

async function findAddresses(
  request: ProxyRequest,
  { policy, hosts = [], registries, resolve, own = ownAddresses }: EgressOptions,
): Promise<Target | { reason: string }> {
  const decision = decide(request, { policy, registries, hosts });
  if (!decision.allowed) return { reason: decision.reason };
  if (decision.socket !== undefined) return { addresses: [], socket: decision.socket };
  if (decision.pinned !== undefined) return { addresses: decision.pinned };
  let resolved: string[];
  try {
    resolved = await (resolve ?? (decision.anyAddress ? resolveBySystem : resolveByDns))(request.host);
  } catch {
    // An unknown name is no refusal by the policy.
    return { addresses: [] };
  }
  const { isTls = false } = decision;
  const addresses = usableAddresses(resolved, { anyAddress: decision.anyAddress, own: own() });
  if (resolved.length > 0 && addresses.length === 0)
    return { reason: "its address is not a public one, or this machine's own" };
  return { addresses, isTls };
}

interface ConnectOptions {
  port: number;
  limits: EgressLimits;
  handlers: Bun.SocketHandler<Side>;
  /** Whose certificate the server must show; undefined: no TLS. */
  secureHost: string | undefined;
}

/** IPv4 first: on a machine without IPv6 such an address fails only after a wait. */
async function connectAny(
  { addresses, socket: unix }: Target,
  { port, limits, handlers, secureHost }: ConnectOptions,
): Promise<Socket<Side> | undefined> {
  if (unix !== undefined) return await Bun.connect<Side>({ unix, data: {}, socket: handlers }).catch(() => undefined);
  const inOrder = [...addresses].sort((a, b) => Number(a.includes(":")) - Number(b.includes(":")));
  for (const hostname of inOrder.slice(0, 4)) {
    const attempt =
      secureHost === undefined
        ? Bun.connect<Side>({ hostname, port, data: {}, socket: handlers })
        : connectSecurely({ hostname, port, serverName: secureHost, handlers });
    const inTime = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => inTime.resolve(undefined), limits.connectMs);
    const socket = await Promise.race([attempt.catch(() => undefined), inTime.promise]);
    clearTimeout(timer);
    if (socket !== undefined) return socket;
    attempt.then(
      (late) => late.terminate(),
      () => undefined,
    );
  }
  return undefined;
}

/** With the handshake behind it. Rejects where the certificate is not the host's. */
async function connectSecurely(to: {
  hostname: string;
  port: number;
  serverName: string;
  handlers: Bun.SocketHandler<Side>;
}): Promise<Socket<Side>> {
  const { hostname, port, serverName, handlers } = to;
  const shaken = Promise.withResolvers<void>();
  shaken.promise.catch(() => undefined);
  const socket = await Bun.connect<Side>({
    ...{ hostname, port, data: {}, tls: { serverName, rejectUnauthorized: true } },
    socket: {
      ...handlers,
      handshake(_, isDone, fault) {
        if (isDone && !fault) shaken.resolve();
        else shaken.reject(fault ?? new Error("no TLS"));
      },
      close(closed) {
        shaken.reject(new Error("closed"));
        handlers.close?.(closed);
      },
    },
  });
  try {
    await shaken.promise;
    return socket;
  } catch (error) {
    socket.terminate();
    throw error;
  }
}

function join(
  client: Socket<Client>,
  remote: Socket<Side>,
  {
    request,
    rest,
    send,
  }: { request: ProxyRequest; rest: Buffer; send(client: Socket<Client>, bytes: Uint8Array): void },
) {
  if (client.readyState !== 1) return void remote.end();
  client.data.peer = remote;
  remote.data.peer = client as unknown as Socket<Half>;
  client.data.state = "open";
  if (request.kind === "tunnel") client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
  else send(client, Buffer.from(request.head, "latin1"));
  if (rest.length > 0) send(client, rest);
  client.resume();
}

function reply(socket: Socket<Client>, status: string, text: string): void {
  const body = `${text}\n`;
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
}
