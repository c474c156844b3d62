import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort, runToEnd, type StartedProcess, startProcess, waitForPort } from "./process.ts";

export interface S3Server {
  /** Of the S3 API, on loopback. */
  endpoint: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  stop(): Promise<void>;
}

const CREDENTIALS = { accessKeyId: "TESTACCESSKEY0000000", secretAccessKey: "testsecretkeytestsecretkey" };
/** They live in memory, so whatever is left of a folder or a process is worth nothing. */
const GRACE_MS = 500;

/**
 * Starts a real S3 server: Ceph's gateway with one monitor and one in-memory storage daemon, all on loopback, as the
 * Debian packages radosgw, ceph-mon and ceph-osd bring them. Takes some seconds; any user may start it.
 */
export async function startRadosgw(): Promise<S3Server> {
  const missing = ["ceph", "monmaptool", "ceph-mon", "ceph-osd", "radosgw", "radosgw-admin"].filter(
    (p) => !Bun.which(p),
  );
  if (missing.length > 0) {
    throw new Error(
      `${missing.join(", ")} not found: apt-get install --no-install-recommends radosgw ceph-mon ceph-osd`,
    );
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce();
    } catch (error) {
      // On a busy machine one of its daemons may miss another.
      if (attempt === 3) throw error;
    }
  }
}

async function startOnce(): Promise<S3Server> {
  const directory = await mkdtemp(join(tmpdir(), "berth-radosgw-"));
  const running: StartedProcess[] = [];
  const stop = async () => {
    for (const process of running.reverse()) await process.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const port = await startDaemons(directory, running);
    return { endpoint: `http://127.0.0.1:${port}`, credentials: CREDENTIALS, stop };
  } catch (error) {
    const logs = await readLogs(join(directory, "run"));
    await stop();
    throw new Error(`Ceph's gateway did not start.\n${logs}`, { cause: error });
  }
}

async function startDaemons(directory: string, running: StartedProcess[]): Promise<number> {
  const [port, monitorPort] = [await freePort(), await freePort()];
  const fsid = crypto.randomUUID();
  const config = join(directory, "ceph.conf");
  const map = join(directory, "monmap");
  for (const name of ["mon", "osd", "run"]) await mkdir(join(directory, name));
  await writeFile(config, cephConfig({ directory, port, monitorPort, fsid }));
  const daemon = (command: string[]) => {
    const process = startProcess([...command, "-c", config, "-f"], { cwd: directory, graceMs: GRACE_MS });
    running.push(process);
    return process;
  };
  const run = (command: string[]) => runToEnd(["timeout", "60", ...command], { cwd: directory });

  await run(["monmaptool", "--create", "--addv", "a", `v1:127.0.0.1:${monitorPort}`, "--fsid", fsid, map]);
  await run(["ceph-mon", "-c", config, "--mkfs", "-i", "a", "--monmap", map]);
  await waitForPort(monitorPort, { process: daemon(["ceph-mon", "-i", "a"]) });
  const osd = crypto.randomUUID();
  await run(["ceph", "-c", config, "osd", "new", osd]);
  await run(["ceph-osd", "-c", config, "-i", "0", "--mkfs", "--osd-uuid", osd]);
  const storage = daemon(["ceph-osd", "-i", "0"]);
  // The gateway makes its pools first, and where no daemon is there for them yet it may wait for ever.
  await untilActive(join(directory, "run", "osd.0.log"), storage);
  await waitForPort(port, { process: daemon(["radosgw", "-n", "client.rgw.a"]), deadlineMs: 30_000 });
  const { accessKeyId, secretAccessKey } = CREDENTIALS;
  const keys = [`--access-key=${accessKeyId}`, `--secret=${secretAccessKey}`];
  await run(["radosgw-admin", "-c", config, "user", "create", "--uid=test", "--display-name=test", ...keys]);
  return port;
}

const ACTIVE_MS = 30_000;

/** Until the monitor has taken the storage daemon in. */
async function untilActive(log: string, daemon: StartedProcess): Promise<void> {
  let isOver = false;
  void daemon.exited.then(() => {
    isOver = true;
  });
  const deadline = Date.now() + ACTIVE_MS;
  while (!(await readFile(log, "utf8").catch(() => "")).includes("state: booting -> active")) {
    if (isOver || Date.now() > deadline) throw new Error(`the storage daemon is not active:\n${daemon.output()}`);
    await sleep(20);
  }
}

/** The end of each daemon's log. */
async function readLogs(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".log"));
  const logs = names.map(async (name) => `${name}:\n${(await Bun.file(join(folder, name)).text()).slice(-3_000)}`);
  return (await Promise.all(logs)).join("\n");
}

/** The monitor collects changes for a second before it decides; the gateway makes a dozen, one after the other. */
function cephConfig(options: { directory: string; port: number; monitorPort: number; fsid: string }): string {
  const { directory, port, monitorPort, fsid } = options;
  return `[global]
fsid = ${fsid}
mon_host = v1:127.0.0.1:${monitorPort}
ms_bind_msgr2 = false
public_addr = 127.0.0.1
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
paxos_propose_interval = 0.01
paxos_min_wait = 0.01
osd_objectstore = memstore
memstore_device_bytes = 2147483648
run_dir = ${directory}/run
log_file = ${directory}/run/$name.log
admin_socket = ${directory}/run/$name.asok
mon_data = ${directory}/mon
osd_data = ${directory}/osd
crash_dir = ${directory}/run
rgw_data = ${directory}/run
rgw_frontends = beast endpoint=127.0.0.1:${port}
rgw_dns_name = localhost
`;
}
