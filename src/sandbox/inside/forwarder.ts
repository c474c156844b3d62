import { constants } from "node:os";
import type { Socket } from "bun";
import { FOLLOW_ORDERS } from "./frames.ts";
import { type Half, onClose, onDrain, passOn } from "./relay.ts";

/**
 * Runs inside the sandbox as the parent of the command: it listens on the sandbox's own loopback and passes every
 * connection to the platform's proxy, whose socket is the one way out. It ends with the command's own status.
 *
 * Arguments: `--cwd DIR`, `--listen PORT` for the proxy, `--tunnel HOST:PORT` for each registry on the host's loopback
 * (the same port here leads there), then `--` and the command, which may be to follow orders (`commands.ts`).
 */
const SOCKET = "/run/egress.sock";
/** As shells do: a command that can't be run, one that is not there. */
const STATUS_NOT_RUN = 126;
const STATUS_NOT_FOUND = 127;

const separator = process.argv.indexOf("--", 2);
const options = process.argv.slice(2, separator);
const command = process.argv.slice(separator + 1);

for (let index = 0; index < options.length; index += 2) {
  const value = options[index + 1]!;
  if (options[index] === "--listen") listen("127.0.0.1", Number(value), undefined);
  if (options[index] === "--tunnel") {
    const port = Number(value.slice(value.lastIndexOf(":") + 1));
    listen("127.0.0.1", port, value);
    listen("::1", port, value);
  }
}
// Orders are followed by this very process: a start of the runtime costs more than most of git's commands.
const cwd = options[options.indexOf("--cwd") + 1]!;
if (command[0] === FOLLOW_ORDERS) {
  process.chdir(cwd);
  await import("./commands.ts");
}
process.exit(await runCommand(cwd));

async function runCommand(cwd: string): Promise<number> {
  try {
    const child = Bun.spawn(command, { cwd, stdio: ["inherit", "inherit", "inherit"] });
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
    const exit = await child.exited;
    return child.signalCode === null ? exit : 128 + constants.signals[child.signalCode as NodeJS.Signals];
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    process.stderr.write(`${command[0]}: ${message} (in ${cwd})\n`);
    return code === "ENOENT" ? STATUS_NOT_FOUND : STATUS_NOT_RUN;
  }
}

function listen(hostname: string, port: number, target: string | undefined): void {
  try {
    Bun.listen<Half>({
      hostname,
      port,
      socket: {
        open(socket) {
          socket.data = {};
          socket.pause();
          connect(socket, target);
        },
        data(socket, bytes) {
          if (socket.data.peer) passOn(socket.data.peer, bytes);
        },
        drain: onDrain,
        close: onClose,
        error(socket) {
          socket.end();
        },
      },
    });
  } catch (error) {
    // A sandbox without IPv6 has no ::1.
    if (hostname !== "::1") throw error;
  }
}

function connect(local: Socket<Half>, target: string | undefined): void {
  // The proxy's answer to a tunnel is for this program, not for the client: it is cut off.
  let answerAwaited = target !== undefined;
  let head = "";
  Bun.connect<Half>({
    unix: SOCKET,
    socket: {
      open(remote) {
        remote.data = { peer: local };
        local.data.peer = remote;
        if (target === undefined) local.resume();
        else remote.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
      },
      data(remote, bytes) {
        if (!answerAwaited) {
          if (remote.data.peer) passOn(remote.data.peer, bytes);
          return;
        }
        head += Buffer.from(bytes).toString("latin1");
        const end = head.indexOf("\r\n\r\n");
        if (end === -1) return;
        if (!head.startsWith("HTTP/1.1 200")) {
          remote.end();
          return;
        }
        answerAwaited = false;
        const rest = Buffer.from(head.slice(end + 4), "latin1");
        if (rest.length > 0) passOn(local, rest);
        local.resume();
      },
      drain: onDrain,
      close: onClose,
      error(remote) {
        remote.end();
      },
    },
  }).catch(() => {
    local.end();
  });
}
