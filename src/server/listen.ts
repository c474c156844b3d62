import { lookup } from "node:dns/promises";
import { readdir, readFile, readlink } from "node:fs/promises";
import { BerthError } from "../model/errors.ts";

export type Handler = { fetch(request: Request): Response | Promise<Response> };

/** @throws BerthError `port_taken` naming who holds the port and the next free one */
export async function listen(
  at: { host: string; port: number },
  handle: (request: Request, server: Bun.Server<undefined>) => Response | Promise<Response>,
): Promise<Bun.Server<undefined>> {
  await lookup(at.host).catch((cause: NodeJS.ErrnoException) => {
    throw cannotListen(at.host, `it is no address, and no name that is known here (${cause.code})`, cause);
  });
  try {
    return Bun.serve({
      hostname: at.host,
      port: at.port,
      // A log that is followed may be silent for as long as its build: the keep-alive of the stream is shorter.
      idleTimeout: 60,
      maxRequestBodySize: 16 * 1024 * 1024,
      development: false,
      // Said aloud: without development mode it is on by default, and two platforms would share the port.
      reusePort: false,
      fetch: handle,
      error: () => new Response("Internal error\n", { status: 500 }),
    });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EADDRINUSE") {
      throw cannotListen(at.host, (cause as Error).message, cause);
    }
    const holder = await whoListens(at.port);
    throw new BerthError("port_taken", `Port ${at.port} is taken${holder ? ` by ${holder}` : ""}.`, {
      hint: `Choose another one: --port ${await nextFree(at)}`,
    });
  }
}

function cannotListen(host: string, reason: string, cause: unknown): BerthError {
  return new BerthError("setting_invalid", `BERTH_HOST: can't listen on '${host}': ${reason}.`, {
    hint: "Give an address of this machine with --host.",
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
