import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, mkdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { bare, IS_ROOT, MODES, newFolder, openWall, SLOT, uidOfSlot, type Wall } from "../support/hostile.ts";

/** What a build reads and writes beyond its own folders: nothing. */
const CANARY = `CANARY-${crypto.randomUUID()}`;
const CORE_PATTERN = "/proc/sys/kernel/core_pattern";

let root: Awaited<ReturnType<typeof newFolder>>;
let inHome: string;
let platform: ReturnType<typeof Bun.spawn>;
/** Readable by everybody, so that it is the wall alone that hides them. */
const planted: string[] = [];

beforeAll(async () => {
  root = await newFolder();
  for (const name of ["home/.ssh/id_ed25519", "home/.npmrc", "data/api.json", "data/config.json", "canary"]) {
    planted.push(join(root.path, name));
  }
  inHome = join(homedir(), `.berth-hostile-${crypto.randomUUID()}`);
  planted.push(inHome);
  for (const path of planted) {
    await mkdir(join(path, ".."), { recursive: true });
    await writeFile(path, CANARY);
    await chmod(path, 0o644);
  }
  // In the platform's place: a process of this user with a secret in its environment and its arguments.
  platform = Bun.spawn(["perl", "-e", "sleep 200", CANARY], { env: { SECRET: CANARY, PATH: "/usr/bin:/bin" } });
});
afterAll(async () => {
  platform.kill("SIGKILL");
  await platform.exited;
  await rm(inHome, { force: true });
  await root.remove();
});

/** What an install script would do to find something; what it finds goes to the log and into the output. */
const search = () => `mkdir -p dist; { cat ${planted.join(" ")}; cat ~/.ssh/* /root/.ssh/* /etc/shadow;
  cat /proc/1/environ /proc/*/environ /proc/*/cmdline; ls -a /root /var/lib /home ${root.path};
  cat /proc/*/root${root.path}/canary /work/../..${root.path}/canary /proc/self/cwd/../../../..${root.path}/canary;
  } > dist/found 2>&1; cat dist/found`;

const PLACES = [
  "/usr",
  "/etc",
  "/",
  "/run",
  "/opt",
  "/run/berth",
  "/dev",
  "/proc/sys/kernel",
  "/var",
  "/sys/fs/cgroup",
];
const write = (name: string, corePattern: string) =>
  `${PLACES.map((place) => `( : > ${place}/${name} ) 2>/dev/null && echo wrote ${place};`).join("\n")}
  ( echo '${corePattern}' > ${CORE_PATTERN} ) 2>/dev/null && echo wrote ${CORE_PATTERN}; echo end`;

describe.each(MODES)("behind the wall, mode %s", (mode) => {
  let wall: Wall;
  beforeAll(async () => {
    wall = await openWall({ directory: root.path, mode });
  });
  afterAll(() => wall.close());

  test("a canary in homes, the platform's data, environment and arguments is in neither log nor output", async () => {
    const { text, cause } = await wall.attempt(search());
    expect(cause).toBe("exit");
    expect(text).not.toContain(CANARY);
    expect(text).toContain("No such file");
    expect(await readFile(join(wall.folders.work, "dist/found"), "latin1")).not.toContain(CANARY);
  });

  test("the build's own variables are seen by it alone", async () => {
    const env = { BUILD_VARIABLE: "given to the build" };
    const { text } = await wall.attempt("env; echo; tr '\\0' '\\n' < /proc/1/environ", { env });
    const [own = "", first = ""] = text.split("\n\n");
    expect(own).toContain("BUILD_VARIABLE=given to the build");
    expect(`${first}\n`.replace(/^PATH=.*\n/m, "").trim()).toMatch(/^$|Permission denied/);
  });

  test("no program that is not the build's user reads the build's variables", async () => {
    // ld.so(8): a program prints whose it is before it begins. LD_PRELOAD would load the build's code into it.
    const { text } = await wall.attempt("true", { env: { LD_SHOW_AUXV: "1" } });
    const users = new Set([...text.matchAll(/^AT_E?UID:\s+(\d+)$/gm)].map(([, uid]) => Number(uid)));
    expect([...users]).toEqual([mode === "user" ? 1000 : uidOfSlot(SLOT)]);
  });

  test("variables stay what they are, whatever is in them", async () => {
    const env = {
      A: "it's\n$(id) `id` \\ \"",
      B: "",
      UID_: "x",
      PS4: "'",
      IFS: "a",
      ENV: "/work/x",
    };
    const { text } = await wall.attempt("env -0 | sort -z | grep -zE '^(A|B|UID_|PS4|ENV)='", { env });
    expect(text).toBe(`A=${env.A}\0B=\0ENV=/work/x\0PS4='\0UID_=x\0`);
  });

  test("a NUL in a value can't become an option of bwrap", async () => {
    const run = wall.attempt("true", { env: { A: `x\0--bind\0${root.path}\0/opt` } });
    expect(run).rejects.toThrow("NUL");
  });

  test("system folders and the kernel's settings can't be written, and the host's are unchanged", async () => {
    const before = await readFile(CORE_PATTERN, "utf8");
    const name = `planted-${crypto.randomUUID()}`;
    try {
      const { text } = await wall.attempt(write(name, "|/tmp/planted"));
      expect(text).toBe("end\n");
      expect(await readFile(CORE_PATTERN, "utf8")).toBe(before);
      for (const place of PLACES) expect(stat(join(place, name))).rejects.toThrow();
    } finally {
      if ((await readFile(CORE_PATTERN, "utf8")) !== before) await writeFile(CORE_PATTERN, before);
      for (const place of PLACES) await rm(join(place, name), { force: true }).catch(() => undefined);
    }
  });

  test("the process is the slot's user on the host, without any right", async () => {
    const { text } = await wall.attempt("touch mine; grep -E 'CapEff|CapBnd|NoNewPrivs|Seccomp:' /proc/self/status");
    expect((await stat(join(wall.folders.work, "mine"))).uid).toBe(uidOfSlot(SLOT));
    expect(text).toMatch(/CapEff:\s+0+\nCapBnd:\s+0+\nNoNewPrivs:\s+1\nSeccomp:\s+2/);
  });

  test("no descriptor of the platform is inherited", async () => {
    const { text } = await wall.attempt("ls /proc/self/fd");
    expect(text.trim().split("\n").sort()).toEqual(["0", "1", "2", "3"]);
  });

  test("a folder that becomes a link between install and build leads nowhere on the host", async () => {
    const outside = join(root.path, `outside-${mode}`);
    await mkdir(outside);
    await chmod(outside, 0o777);
    await wall.attempt(`mkdir a && rmdir a && ln -s ${outside} a && ln -s ${root.path}/canary b`);
    const { text, exit } = await wall.attempt("touch made; cat ../b", { cwd: "/work/a" });
    expect(text).not.toContain(CANARY);
    expect(exit).not.toBe(0);
    await wall.attempt("mkdir -p a/node_modules; touch a/made; cp -r . a/; true");
    expect(stat(join(outside, "made"))).rejects.toThrow();
    expect(stat(join(outside, "node_modules"))).rejects.toThrow();
  });

  test("what is handed over or removed is never behind a link", async () => {
    const victim = join(root.path, `victim-${mode}`);
    await writeFile(victim, "mine");
    const { work } = await wall.renew();
    await symlink(victim, join(work, "link"));
    await symlink(root.path, join(work, "folder"));
    await wall.sandbox.handOver(SLOT);
    expect((await stat(victim)).uid).toBe(process.getuid!());
    await wall.renew();
    expect(await readFile(victim, "utf8")).toBe("mine");
    expect(await readFile(join(root.path, "canary"), "utf8")).toBe(CANARY);
  });
});

describe("without the wall the same attempts succeed", () => {
  let control: Wall;
  beforeAll(async () => {
    control = await openWall({ directory: root.path, mode: "none" });
  });
  afterAll(() => control.close());

  test("a slot's user reads what everybody may read", async () => {
    const { text } = await control.attempt(search());
    expect(text).toContain(CANARY);
    expect(await readFile(join(control.folders.work, "dist/found"), "latin1")).toContain(CANARY);
  });

  test("the platform's own user reads every canary, and another process's environment", async () => {
    const { work } = control.folders;
    for (const path of planted) expect((await bare(`cat ${path}`, { cwd: work })).text).toBe(CANARY);
    const environ = await bare(`tr '\\0' '\\n' < /proc/${platform.pid}/environ`, { cwd: work });
    expect(environ.text).toContain(`SECRET=${CANARY}`);
  });

  test.if(IS_ROOT)("root writes to system folders and the kernel's settings", async () => {
    const name = `planted-${crypto.randomUUID()}`;
    const before = (await readFile(CORE_PATTERN, "utf8")).trim();
    try {
      // The very value that is there: a write that changes nothing shows as well that it can be written.
      const { text } = await bare(write(name, before), { cwd: control.folders.work });
      for (const place of ["/usr", "/etc", CORE_PATTERN]) expect(text).toContain(`wrote ${place}\n`);
    } finally {
      for (const place of PLACES) await rm(join(place, name), { force: true }).catch(() => undefined);
    }
    expect((await readFile(CORE_PATTERN, "utf8")).trim()).toBe(before);
  });

  test("a link in the work folder leads to the host's folder", async () => {
    const outside = join(root.path, "outside-none");
    await mkdir(outside);
    await chmod(outside, 0o777);
    await control.attempt(`ln -s ${outside} a`);
    await control.attempt("touch made", { cwd: "/work/a" });
    expect((await stat(join(outside, "made"))).isFile()).toBe(true);
  });
});

test.if(IS_ROOT)("a folder that the slot's user can't pass is named", async () => {
  const closed = join(root.path, "closed");
  await mkdir(closed, { mode: 0o700 });
  expect(openWall({ directory: closed, mode: "user" })).rejects.toThrow(`'${closed}' does not let other users through`);
});
