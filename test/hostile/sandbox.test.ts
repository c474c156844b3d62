import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSandbox, type SandboxSettings } from "../../src/sandbox/bubblewrap.ts";
import { processesOf } from "../../src/sandbox/process-tree.ts";
import type { RunOptions, RunResult, Sandbox } from "../../src/sandbox/sandbox.ts";

/** What a hostile build tries, in the ways of making the wall that this user has. The control run has no wall. */
const selfUid = process.getuid!();
const UID_BASE = 52_400;
const REGISTRIES = { registry: "https://registry.example/", hosts: [], npmrcLines: [] };
const LIMITS = {
  wallMs: 20_000,
  memoryBytes: 1024 ** 3,
  processes: 128,
  diskBytes: 256 * 1024 ** 2,
  fileBytes: 16 * 1024 ** 2,
  logBytes: 1024 ** 2,
};
const SLOT = 3;

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "berth-hostile-"));
  await chmod(root, 0o711);
  await writeFile(join(root, "canary"), "CANARY");
  await chmod(join(root, "canary"), 0o644);
});
const opened: Sandbox[] = [];
afterAll(async () => {
  // Volumes are mounted there.
  for (const sandbox of opened) await sandbox.close();
  await rm(root, { recursive: true, force: true });
});

async function open(settings: Partial<SandboxSettings> & { slotsDirectory: string }): Promise<Sandbox> {
  const fixed = { uidBase: UID_BASE, selfUid, diskBytes: LIMITS.diskBytes, registries: REGISTRIES };
  const sandbox = await openSandbox({ ...fixed, ...settings });
  opened.push(sandbox);
  return sandbox;
}

type Outcome = RunResult & { text: string };

async function attempt(sandbox: Sandbox, script: string, options: Partial<RunOptions> = {}): Promise<Outcome> {
  const chunks: Uint8Array[] = [];
  const result = await sandbox.run(["/bin/sh", "-c", script], {
    ...{ slot: SLOT, cwd: "/work", env: {}, readOnly: [], path: [], egress: "none", limits: LIMITS },
    signal: new AbortController().signal,
    onOutput: (_, bytes) => void chunks.push(bytes.slice()),
    ...options,
  });
  return { ...result, text: Buffer.concat(chunks).toString("utf8") };
}

/** Runs JavaScript inside; the platform's own runtime is there for the forwarder. */
const evaluate = (code: string) => `exec /run/berth/bun -e '${code}'`;

const modes = selfUid === 0 ? (["user", "capabilities"] as const) : (["user"] as const);
describe.each(modes)("behind the wall, mode %s", (mode) => {
  let sandbox: Sandbox;
  let work: string;
  beforeAll(async () => {
    const slotsDirectory = join(root, mode);
    sandbox = await open({ slotsDirectory, mode });
    work = (await sandbox.prepareSlot(SLOT)).work;
  });
  afterAll(() => sandbox.clearSlot(SLOT));

  test("the self-test holds", async () => {
    expect(await sandbox.selfTest()).toBeUndefined();
    expect(sandbox.tier.level).toBe(selfUid === 0 ? 2 : 1);
  });

  test("a file of the host that everybody may read is not there", async () => {
    const { text, exit } = await attempt(sandbox, `cat ${root}/canary; ls /root /var /work/../..`);
    expect(exit).not.toBe(0);
    expect(text).not.toContain("CANARY");
    expect(text).toContain("No such file");
  });

  test("the platform's environment and arguments are not seen, the build's own are", async () => {
    const outcome = await attempt(sandbox, "cat /proc/*/environ /proc/1/cmdline 2>/dev/null | tr '\\0' '\\n'; env", {
      env: { BUILD_VARIABLE: "given to the build" },
    });
    expect(outcome.text).toContain("BUILD_VARIABLE=given to the build");
    expect(outcome.text).not.toContain(process.env.HOME === "/home" ? "unlikely" : `HOME=${process.env.HOME}\n`);
    const first = await attempt(sandbox, "tr '\\0' '\\n' < /proc/1/environ", { env: { SECRET: "not for ps" } });
    expect(
      first.text
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("PATH="))
        .join(),
    ).toMatch(/^$|Permission denied/);
  });

  test("a NUL in a value can't become an option of bwrap", async () => {
    const run = attempt(sandbox, "true", { env: { A: `x\0--bind\0${root}\0/opt` } });
    expect(run).rejects.toThrow("NUL");
  });

  test("a server on the host's loopback can't be reached", async () => {
    const hits: number[] = [];
    const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { open: () => void hits.push(1), data() {} } });
    try {
      const connect = `await Bun.connect({hostname:"127.0.0.1",port:${server.port},socket:{data(){}}})`;
      expect((await attempt(sandbox, evaluate(connect))).exit).not.toBe(0);
      expect(hits).toHaveLength(0);
      await (await Bun.connect({ hostname: "127.0.0.1", port: server.port, socket: { data() {} } })).end();
      expect(hits).toHaveLength(1);
    } finally {
      server.stop(true);
    }
  });

  test("system folders can't be written", async () => {
    const places = ["/usr", "/etc", "/", "/run", "/opt", "/run/berth", "/dev", "/proc/sys/kernel"];
    const script = places.map((place) => `( : > ${place}/planted ) 2>/dev/null && echo wrote ${place}`).join("; ");
    const outcome = await attempt(sandbox, `${script}; echo x > /proc/sys/kernel/core_pattern; echo end`);
    expect(outcome.text).not.toContain("wrote");
    expect(outcome.text).toContain("end");
    expect(stat("/usr/planted")).rejects.toThrow();
  });

  test("the process is the slot's user on the host, without any right", async () => {
    const outcome = await attempt(sandbox, "touch mine; grep -E 'CapEff|CapBnd|NoNewPrivs|Seccomp:' /proc/self/status");
    const expected = selfUid === 0 ? UID_BASE + 1 + SLOT : selfUid;
    expect((await stat(join(work, "mine"))).uid).toBe(expected);
    expect(outcome.text).toMatch(/CapEff:\s+0+\nCapBnd:\s+0+\nNoNewPrivs:\s+1\nSeccomp:\s+2/);
  });

  test("no descriptor of the platform is inherited", async () => {
    const { text } = await attempt(sandbox, "ls /proc/self/fd");
    expect(text.trim().split("\n").sort()).toEqual(["0", "1", "2", "3"]);
  });

  test("forbidden system calls give errors", async () => {
    // perl is on every Debian; socket, unshare, ptrace and io_uring_setup by number, as there is no name for all.
    const numbers = process.arch === "x64" ? [41, 272, 101, 425] : [198, 97, 117, 425];
    const [socket, unshare, ptrace, ring] = numbers;
    const calls = [
      ...[`${socket},40,1,0`, `${socket},38,5,0`, `${socket},16,3,15`, `${unshare},0x10000000`, `${ptrace},0,0,0,0`],
      ...[`${ring},8,0,0`, `${socket},1,1,0`, `${socket},2,1,0`, `${socket},16,3,0`],
    ];
    const code = calls.map((call) => `print syscall(${call}) < 0 ? $!+0 : "ok", "\\n";`).join(" ");
    const { text } = await attempt(sandbox, `perl -e '${code}'`);
    const [EPERM, ENOSYS, EAFNOSUPPORT] = ["1", "38", "97"];
    const refused = [EAFNOSUPPORT, EAFNOSUPPORT, EAFNOSUPPORT, EPERM, EPERM, ENOSYS];
    expect(text.trim().split("\n")).toEqual([...refused, "ok", "ok", "ok"]);
  });

  test("a daemon is dead at the end, and the folder still", async () => {
    const daemon = "while :; do date +%s%N > /work/ticks; done";
    const outcome = await attempt(
      sandbox,
      `setsid sh -c '${daemon}' >/dev/null 2>&1 & while [ ! -s ticks ]; do :; done; echo started`,
    );
    expect(outcome).toMatchObject({ exit: 0, cause: "exit", text: "started\n" });
    const before = await readFile(join(work, "ticks"), "utf8");
    if (selfUid === 0) expect(processesOf(UID_BASE + 1 + SLOT)).toEqual([]);
    await attempt(sandbox, "true");
    expect(await readFile(join(work, "ticks"), "utf8")).toBe(before);
  });

  test("the time limit holds, SIGTERM ignored or not", async () => {
    const limits = { ...LIMITS, wallMs: 300 };
    const outcome = await attempt(sandbox, "trap '' TERM INT HUP; while :; do sleep 1; done", { limits });
    expect(outcome).toMatchObject({ exit: null, cause: "timeout" });
  });

  test("the log limit holds to the byte", async () => {
    const outcome = await attempt(sandbox, "yes");
    expect(outcome).toMatchObject({ exit: null, cause: "log" });
    expect(outcome.text.length).toBe(LIMITS.logBytes);
  });

  test("an endless line is held to the same limit", async () => {
    const outcome = await attempt(sandbox, "tr '\\0' x < /dev/zero");
    expect(outcome).toMatchObject({ exit: null, cause: "log" });
    expect(outcome.text.length).toBe(LIMITS.logBytes);
  });

  test("a memory bomb in a child is told from a failure", async () => {
    const limits = { ...LIMITS, memoryBytes: 300 * 1024 ** 2 };
    const bomb = "const held = []; for (;;) { held.push(Buffer.alloc(16 * 1024 * 1024, 1)); await Bun.sleep(5); }";
    const outcome = await attempt(sandbox, `/run/berth/bun -e '${bomb}'; exit 0`, { limits });
    expect(outcome).toMatchObject({ exit: null, cause: "memory" });
  });

  test("a fork bomb reaches the process limit and nothing of it is left", async () => {
    const outcome = await attempt(sandbox, "while :; do sleep 20 & done");
    expect(outcome).toMatchObject({ exit: null, cause: "processes" });
    if (selfUid === 0) expect(processesOf(UID_BASE + 1 + SLOT)).toEqual([]);
  });

  test("a file over the limit is told", async () => {
    const outcome = await attempt(sandbox, "exec head -c 64M /dev/zero > big");
    expect(outcome).toMatchObject({ exit: null, cause: "disk" });
    expect((await stat(join(work, "big"))).size).toBe(LIMITS.fileBytes);
  });

  test("an abort ends it, before and in the midst", async () => {
    const controller = new AbortController();
    const outcome = await attempt(sandbox, "echo ready; sleep 20", {
      signal: controller.signal,
      onOutput: () => controller.abort(),
    });
    expect(outcome).toMatchObject({ exit: null, cause: "canceled" });
    expect(await attempt(sandbox, "touch never", { signal: controller.signal })).toMatchObject({ cause: "canceled" });
    expect(stat(join(work, "never"))).rejects.toThrow();
  });

  test("links in the work folder lead nowhere on the host", async () => {
    const outside = join(root, `outside-${mode}`);
    await mkdir(outside);
    await chmod(outside, 0o777);
    await attempt(sandbox, `ln -s ${outside} a; ln -s ${root}/canary b`);
    const outcome = await attempt(sandbox, "touch made; cat ../b", { cwd: "/work/a" });
    expect(outcome.text).not.toContain("CANARY");
    expect(outcome.exit).not.toBe(0);
    expect(stat(join(outside, "made"))).rejects.toThrow();
  });

  test("what is handed over or removed is never behind a link", async () => {
    const victim = join(root, `victim-${mode}`);
    await writeFile(victim, "mine");
    const folders = await sandbox.prepareSlot(SLOT);
    await symlink(victim, join(folders.work, "link"));
    await symlink(root, join(folders.work, "folder"));
    await sandbox.handOver(SLOT);
    expect((await stat(victim)).uid).toBe(selfUid);
    await sandbox.prepareSlot(SLOT);
    expect(await readFile(victim, "utf8")).toBe("mine");
    expect(await readFile(join(root, "canary"), "utf8")).toBe("CANARY");
  });

  test("the command's own status is kept", async () => {
    expect(await attempt(sandbox, "exit 3")).toMatchObject({ exit: 3, cause: "exit" });
    expect(await attempt(sandbox, "kill -9 $$")).toMatchObject({ exit: 137, cause: "exit" });
    expect(await attempt(sandbox, "true", { cwd: "/work/none" })).toMatchObject({ exit: 127, cause: "exit" });
  });
});

test("the one way out leads to the registry alone, also when that is on the host's loopback", async () => {
  const hits: string[] = [];
  const serve = (name: string) =>
    Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response(`${hits.push(name)}`) });
  const [registry, other] = [serve("registry"), serve("other")];
  const hosts = [{ host: "localhost", port: registry.port!, plain: true }];
  const registries = { registry: `http://localhost:${registry.port}/`, hosts, npmrcLines: [] };
  try {
    const slotsDirectory = join(root, "egress");
    const sandbox = await open({ slotsDirectory, registries });
    await sandbox.prepareSlot(SLOT);
    const code = (port: number, how: string) => `console.log((await fetch("http://localhost:${port}/"${how})).status)`;
    const byTunnel = await attempt(sandbox, evaluate(code(registry.port!, "")), { egress: "registry" });
    expect(byTunnel).toMatchObject({ exit: 0, text: "200\n", refusedHosts: [] });
    const direct = await attempt(sandbox, evaluate(code(other.port!, "")), { egress: "public" });
    expect(direct.exit).not.toBe(0);
    const refused = evaluate(`console.log((await fetch("http://elsewhere.example:${other.port}/")).status)`);
    expect(await attempt(sandbox, refused, { egress: "public" })).toMatchObject({
      text: "403\n",
      refusedHosts: ["elsewhere.example"],
    });
    const closed = await attempt(sandbox, evaluate(code(registry.port!, "")), { egress: "none" });
    expect(closed.exit).not.toBe(0);
    expect(hits).toEqual(["registry"]);
    await sandbox.clearSlot(SLOT);
  } finally {
    await Promise.all([registry.stop(true), other.stop(true)]);
  }
});

test("without the wall the same attempts succeed", async () => {
  const slotsDirectory = join(root, "none");
  const sandbox = await open({ slotsDirectory, unsafe: true });
  await sandbox.prepareSlot(SLOT);
  expect(sandbox.tier.level).toBe(0);
  const { text, exit } = await attempt(sandbox, `cat ${root}/canary; pwd; echo $HOME`);
  expect(text).toBe(`CANARY${slotsDirectory}/${SLOT}/disk/work\n${slotsDirectory}/${SLOT}/disk/home\n`);
  expect(exit).toBe(0);
});

test.if(selfUid === 0)("a folder that the slot's user can't pass is named", async () => {
  const closed = join(root, "closed");
  await mkdir(closed, { mode: 0o700 });
  const slotsDirectory = join(closed, "slots");
  const sandbox = await open({ slotsDirectory });
  expect(sandbox.prepareSlot(0)).rejects.toThrow(`'${closed}' does not let other users through`);
  expect(await sandbox.selfTest()).toMatchObject({ code: "data_directory_unusable" });
});
