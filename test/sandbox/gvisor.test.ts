import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSandbox } from "../../src/sandbox/bubblewrap.ts";
import type { RunLimits, RunOptions, Sandbox } from "../../src/sandbox/sandbox.ts";

/** Tier 3: the same commands on gVisor's kernel. Debian's runsc is started for real. */
const selfUid = process.getuid!();
const MIB = 1024 ** 2;
const LIMITS: RunLimits = {
  wallMs: 60_000,
  memoryBytes: 512 * MIB,
  processes: 256,
  diskBytes: 128 * MIB,
  fileBytes: 512 * MIB,
  logBytes: MIB,
};

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "berth-gvisor-"));
  await chmod(root, 0o711);
});
afterAll(() => rm(root, { recursive: true, force: true }));

const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("packages") });
afterAll(() => server.stop(true));
const registry = { host: "localhost", port: server.port!, plain: true };
const settings = {
  ...{ uidBase: 800_000, selfUid, diskBytes: LIMITS.diskBytes, gvisor: true },
  registries: { registry: `http://localhost:${server.port}/`, hosts: [registry], npmrcLines: [] },
};

test("without root it is refused, and nothing lower takes its place", async () => {
  const sandbox = await openSandbox({ ...settings, selfUid: 1000, slotsDirectory: join(root, "not-root") });
  expect(await sandbox.selfTest()).toMatchObject({ code: "sandbox_unavailable" });
  await sandbox.prepareSlot(1);
  const options: RunOptions = {
    ...{ slot: 1, cwd: "/work", env: {}, readOnly: [], path: [], egress: "none", limits: LIMITS },
    signal: new AbortController().signal,
    onOutput() {},
  };
  expect(sandbox.run(["/bin/true"], options)).rejects.toThrow("needs root");
});

describe.if(selfUid === 0)("gVisor", () => {
  let sandbox: Sandbox;
  let work: string;
  beforeAll(async () => {
    sandbox = await openSandbox({ ...settings, slotsDirectory: join(root, "slots") });
    work = (await sandbox.prepareSlot(1)).work;
  });
  afterAll(() => sandbox.close());

  async function run(script: string, options: Partial<RunOptions> = {}) {
    let text = "";
    const result = await sandbox.run(["/bin/sh", "-c", script], {
      ...{ slot: 1, cwd: "/work", env: {}, readOnly: [], path: [], egress: "none", limits: LIMITS },
      signal: new AbortController().signal,
      onOutput: (_, bytes) => {
        text += Buffer.from(bytes).toString("utf8");
      },
      ...options,
    });
    return { ...result, text };
  }

  test("the self-test holds", async () => {
    expect(await sandbox.selfTest()).toBeUndefined();
    expect(sandbox.tier.level).toBe(3);
  }, 120_000);

  test("a command runs as the slot's user on another kernel, and its status is kept", async () => {
    const outcome = await run("cat /proc/version; echo $A; touch mine; touch /usr/planted; cat /etc/shadow; exit 4", {
      env: { A: "given" },
    });
    expect(outcome).toMatchObject({ exit: 4, cause: "exit" });
    expect(outcome.text).toStartWith("Linux version 4.4.0 ");
    expect(outcome.text).toContain("given\n");
    expect(outcome.text).not.toContain("root:");
    expect((await stat(join(work, "mine"))).uid).toBe(settings.uidBase + 2);
    expect(stat("/usr/planted")).rejects.toThrow();
  }, 120_000);

  test("the one way out is the proxy", async () => {
    const ask = (url: string) =>
      `const answer = await fetch("${url}"); console.log(answer.status, await answer.text())`;
    const script = [settings.registries.registry, "http://elsewhere.example/"]
      .map((url) => `/run/berth/bun -e '${ask(url)}'`)
      .join("; ");
    const outcome = await run(script, { egress: "registry" });
    expect(outcome.text).toStartWith("200 packages\n403 ");
    expect(outcome.refusedHosts).toEqual(["elsewhere.example"]);
    expect(outcome.contacted[0]).toMatchObject({ host: "localhost", port: server.port, refused: false });
    const closed = await run(`/run/berth/bun -e '${ask(settings.registries.registry)}'`);
    expect(closed.exit).not.toBe(0);
  }, 120_000);

  test("limits hold, each with its cause", async () => {
    const bomb = "const held = []; for (;;) { held.push(Buffer.alloc(16 * 1024 * 1024, 1)); await Bun.sleep(5); }";
    expect(await run(`/run/berth/bun -e '${bomb}'; exit 0`)).toMatchObject({ exit: null, cause: "memory" });
    expect(await run("while :; do sleep 20 & done")).toMatchObject({ exit: null, cause: "processes" });
    expect(await run("yes")).toMatchObject({ exit: null, cause: "log" });
    const limits = { ...LIMITS, wallMs: 1500 };
    expect(await run("sleep 100", { limits })).toMatchObject({ exit: null, cause: "timeout" });
    // The last one: the volume stays full.
    expect(await run("head -c 300M /dev/zero > big; sleep 20")).toMatchObject({ exit: null, cause: "disk" });
  }, 240_000);
});
