import { chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort, runToEnd, startProcess, waitForPort } from "./process.ts";

const BIN = "/usr/lib/postgresql/15/bin";

/** Debian's PostgreSQL 15 on loopback in a folder of its own; as root it runs as the user that the package made. */
export async function startPostgres(): Promise<{ url: string; stop(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), "berth-postgres-"));
  let asUser: string[] = [];
  if (process.getuid?.() === 0) {
    const [uid, gid] = (await Promise.all(["-u", "-g"].map((flag) => runToEnd(["id", flag, "postgres"])))).map(Number);
    await chown(directory, uid!, gid!);
    asUser = ["setpriv", "--reuid", `${uid}`, "--regid", `${gid}`, "--clear-groups", "--"];
  }
  const data = join(directory, "data");
  await runToEnd(
    [...asUser, `${BIN}/initdb`, "-D", data, "-U", "berth", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C"],
    {
      cwd: "/",
    },
  );
  const port = await freePort();
  const server = startProcess(
    [
      ...asUser,
      `${BIN}/postgres`,
      "-D",
      data,
      "-p",
      `${port}`,
      "-k",
      directory,
      "-c",
      "listen_addresses=127.0.0.1",
      "-c",
      "fsync=off",
    ],
    { cwd: "/" },
  );
  await waitForPort(port, { process: server });
  // It listens before it lets anybody in.
  for (let tries = 0; ; tries += 1) {
    const status = await startProcess([`${BIN}/pg_isready`, "-q", "-h", "127.0.0.1", "-p", `${port}`]).exited;
    if (status === 0) break;
    if (tries === 300) throw new Error(`PostgreSQL does not get ready:\n${server.output()}`);
    await sleep(100);
  }
  return {
    url: `postgres://berth@127.0.0.1:${port}/postgres`,
    async stop() {
      // SIGTERM alone waits for every client (PostgreSQL, "Shutting Down the Server"): SIGINT does not.
      process.kill(server.pid, "SIGINT");
      await server.exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
