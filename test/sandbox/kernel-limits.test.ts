import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSandbox } from "../../src/sandbox/bubblewrap.ts";
import { findCgroups, removeCgroups } from "../../src/sandbox/cgroup.ts";
import { identify, isGone } from "../../src/sandbox/process-tree.ts";
import type { RunLimits, Sandbox } from "../../src/sandbox/sandbox.ts";
import { whyNoVolumes } from "../../src/sandbox/volume.ts";

/** What the kernel holds for root, where it can; a machine without it says so in the tier. */
const selfUid = process.getuid!();
const MIB = 1024 ** 2;
const LIMITS: RunLimits = {
  wallMs: 60_000,
  memoryBytes: 256 * MIB,
  processes: 64,
  diskBytes: 64 * MIB,
  fileBytes: 1024 * MIB,
  logBytes: MIB,
};
const settings = {
  uidBase: 800_000,
  selfUid,
  diskBytes: LIMITS.diskBytes,
  registries: { registry: "https://registry.example/", hosts: [], npmrcLines: [] },
};

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "berth-limits-"));
  await chmod(root, 0o711);
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function run(sandbox: Sandbox, script: string, limits = LIMITS) {
  let text = "";
  const result = await sandbox.run(["/bin/sh", "-c", script], {
    ...{ slot: 1, cwd: "/work", env: {}, readOnly: [], path: [], egress: "none", limits },
    signal: new AbortController().signal,
    onOutput(stream, bytes) {
      if (stream === "stdout") text += Buffer.from(bytes).toString("utf8");
    },
  });
  return { ...result, text };
}

const AF_NETLINK = 16;

/** Each of many sockets, though not too many, is sent all that it takes, and nobody reads. */
const filled = (open: string) => `exec perl -MSocket -e '
  $any = sockaddr_in(0, INADDR_LOOPBACK); $much = "x" x 60000;
  socket($l, AF_INET, SOCK_STREAM, 0); bind($l, $any); listen($l, 4000);
  fork && fork && fork;
  for (1..140) {
    my ($a, $b);
    ${open}
    push @kept, $a, $b;
    for $s ($a, $b) { for (1..200) { send($s, $much, MSG_DONTWAIT) or last } }
  }
  sleep 1'`;
const SOCKETS = {
  TCP: filled("socket($a, AF_INET, SOCK_STREAM, 0); connect($a, getsockname($l)); accept($b, $l);"),
  UDP: filled(`for ($a, $b) { socket($_, AF_INET, SOCK_DGRAM, 0); bind($_, $any); connect($_, getsockname($_)) }`),
};

const ways = selfUid === 0 ? (["kernel", "watched"] as const) : (["watched"] as const);
describe.each(ways)("limits, %s", (limits) => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await openSandbox({ ...settings, slotsDirectory: join(root, limits), limits });
    await sandbox.prepareSlot(1);
  });
  afterAll(() => sandbox.close());

  test("space that runs out is told, and given back by the next preparation", async () => {
    // In steps: a watched total is only seen while it grows.
    const fill = "i=0; while [ $i -lt 400 ]; do head -c 1M /dev/zero > f$i || sleep 5; i=$((i+1)); sleep 0.02; done";
    expect(await run(sandbox, `${fill}; exit 0`)).toMatchObject({ exit: null, cause: "disk" });
    await sandbox.prepareSlot(1);
    expect(await run(sandbox, "ls /work; head -c 20M /dev/zero > f")).toMatchObject({ exit: 0, cause: "exit" });
  });

  test("space is not taken faster than it is watched", async () => {
    await sandbox.prepareSlot(1);
    // fallocate(2) would take all of it between two looks at the total; glibc's posix_fallocate writes instead.
    const script = "fallocate -l 32M a; echo $?; fallocate --posix -l 1M b; echo $?";
    const { text } = await run(sandbox, script);
    expect(text).toBe("1\n0\n");
    const single = await run(sandbox, "exec head -c 40M /dev/zero > c");
    expect(single).toMatchObject(limits === "watched" ? { exit: null, cause: "disk" } : { exit: 0, cause: "exit" });
  });

  test("a full /tmp is told", async () => {
    const small = "exec head -c 300M /dev/zero > /tmp/a";
    const limits = { ...LIMITS, memoryBytes: 1024 * MIB };
    expect(await run(sandbox, small, limits)).toMatchObject({ exit: null, cause: "disk" });
  });

  test("an ordinary run hits nothing", async () => {
    expect(await run(sandbox, "true")).toMatchObject({ exit: 0, cause: "exit" });
  });
});

describe.if(selfUid === 0)("as root", () => {
  test("inodes that run out are told", async () => {
    expect(await whyNoVolumes(root)).toBeUndefined();
    const sandbox = await openSandbox({ ...settings, slotsDirectory: join(root, "inodes") });
    try {
      await sandbox.prepareSlot(1);
      const outcome = await run(
        sandbox,
        `exec /run/berth/bun -e '
        const { writeFileSync } = require("node:fs");
        try { for (let index = 0; ; index += 1) writeFileSync("/work/" + index, ""); } catch { await Bun.sleep(5000); }'`,
      );
      expect(outcome).toMatchObject({ exit: null, cause: "disk" });
    } finally {
      await sandbox.close();
    }
  });

  test.each(Object.keys(SOCKETS) as (keyof typeof SOCKETS)[])("what %s sockets hold counts as memory", async (kind) => {
    const sandbox = await openSandbox({ ...settings, slotsDirectory: join(root, `sockets-${kind}`) });
    const heldBytes = () => {
      const [, pages] = new RegExp(`^${kind}: .* mem (\\d+)`, "m").exec(readFileSync("/proc/net/sockstat", "utf8"))!;
      return Number(pages) * 4096;
    };
    const before = heldBytes();
    let most = before;
    const watch = setInterval(() => {
      most = Math.max(most, heldBytes());
    }, 20);
    try {
      await sandbox.prepareSlot(1);
      const { cause } = await run(sandbox, SOCKETS[kind]);
      expect(most - before).toBeLessThan(LIMITS.memoryBytes);
      // What fits into none of them is not held, and harms nobody.
      expect(kind === "TCP" ? ["memory"] : ["memory", "exit"]).toContain(cause);
    } finally {
      clearInterval(watch);
      await sandbox.close();
    }
  });

  test("what no group counts is bounded by the number of sockets", async () => {
    const sandbox = await openSandbox({ ...settings, slotsDirectory: join(root, "many-sockets") });
    const open = (count: number) =>
      `exec perl -MSocket -e 'for (1..${count}) { socket(my $s, ${AF_NETLINK}, SOCK_RAW, 0) or die; push @kept, $s } sleep 1'`;
    try {
      await sandbox.prepareSlot(1);
      expect(await run(sandbox, open(1000))).toMatchObject({ exit: 0, cause: "exit" });
      expect(await run(sandbox, open(2000))).toMatchObject({ exit: null, cause: "memory" });
    } finally {
      await sandbox.close();
    }
  });

  test("a group holds what is placed in it, tells what was hit, and is removed with its members", async () => {
    const cgroups = findCgroups();
    expect(cgroups?.name).toMatch(/^cgroup v[12]$/);
    const group = cgroups!.open({ memoryBytes: 64 * MIB, processes: 2 });
    const child = Bun.spawn(["sleep", "60"]);
    group.place(child.pid);
    expect(group.folders.map((folder) => existsSync(folder))).not.toContain(false);
    expect(await readFile(`/proc/${child.pid}/cgroup`, "utf8")).toContain("/berth/run.");
    expect(group.hit()).toBeUndefined();
    await removeCgroups(group.folders);
    expect(await child.exited).toBe(137);
    expect(group.folders.map((folder) => existsSync(folder))).not.toContain(true);
  });

  test("what a killed platform has left is ended and removed by the next one", async () => {
    const slotsDirectory = join(root, "killed");
    const script = join(root, "platform.ts");
    await writeFile(
      script,
      `import { openSandbox } from ${JSON.stringify(join(import.meta.dir, "../../src/sandbox/bubblewrap.ts"))};
      const sandbox = await openSandbox(${JSON.stringify({ ...settings, slotsDirectory })});
      await sandbox.prepareSlot(1);
      await sandbox.run(["/bin/sh", "-c", "echo running; sleep 600"], {
        slot: 1, cwd: "/work", env: {}, readOnly: [], path: [], egress: "none", limits: ${JSON.stringify(LIMITS)},
        signal: new AbortController().signal, onOutput: (_, bytes) => void process.stdout.write(bytes),
      });`,
    );
    const platform = Bun.spawn([process.execPath, script], { stdout: "pipe", stderr: "inherit" });
    await platform.stdout.getReader().read();
    const runFolder = join(slotsDirectory, "1", "run");
    const record = (await readdir(runFolder)).find((name) => name.startsWith("left."));
    const { first, cgroups } = JSON.parse(await readFile(join(runFolder, record!), "utf8"));
    const mounts = async () => (await readFile("/proc/self/mountinfo", "utf8")).includes(`${slotsDirectory}/`);
    expect([isGone(first), await mounts()]).toEqual([false, true]);

    // Another platform beside the living one takes nothing from it.
    await (await openSandbox({ ...settings, slotsDirectory })).close();
    expect([isGone(first), await mounts()]).toEqual([false, true]);

    platform.kill("SIGKILL");
    await platform.exited;
    const next = await openSandbox({ ...settings, slotsDirectory });
    expect(identify(first.pid) === undefined || isGone(first)).toBe(true);
    expect((cgroups as string[]).filter((folder) => existsSync(folder))).toEqual([]);
    expect([await mounts(), existsSync(join(slotsDirectory, "1"))]).toEqual([false, false]);
    await next.close();
  });
});
