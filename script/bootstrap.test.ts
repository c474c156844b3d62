import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmod, copyFile, mkdir, mkdtemp, realpath, rm, symlink, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * The launcher in a clone of its own, with stand-ins for npm (which "installs" a runtime that prints its arguments)
 * and for the programs of the system. Each call of npm adds a line to npm.log.
 */
const RUNTIME = process.arch === "arm64" ? "bun-linux-aarch64" : "bun-linux-x64";
const NPM = `#!/bin/sh
echo "$*" >>npm.log
rm -rf node_modules
[ ! -e npm-fails ] || exit 1
for name in bun-linux-x64 bun-linux-x64-baseline bun-linux-aarch64; do
  mkdir -p "node_modules/@oven/$name/bin"
  printf '#!/bin/sh\\ncase $1 in src/website/build.ts) mkdir -p dist/website; echo built >>website.log;; *) echo "$@";; esac\\n' \\
    >"node_modules/@oven/$name/bin/bun"
  chmod +x "node_modules/@oven/$name/bin/bun"
done
: >node_modules/.package-lock.json
`;
const TOOLS = [
  "sh",
  "dirname",
  "readlink",
  "uname",
  "grep",
  "cmp",
  "cp",
  "mv",
  "rm",
  "mkdir",
  "flock",
  "find",
  "sleep",
  "id",
  "sed",
];

let folder: string;
let clone: string;
let bin: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "berth-launcher-")));
  clone = join(folder, "clone");
  bin = join(folder, "bin");
  await mkdir(join(clone, "script"), { recursive: true });
  await mkdir(join(clone, "src/website"), { recursive: true });
  await mkdir(join(clone, "src/model"), { recursive: true });
  await mkdir(bin);
  const root = join(import.meta.dir, "..");
  for (const name of ["berth", "script/bootstrap", "script/fail.sh"])
    await copyFile(join(root, name), join(clone, name));
  await Bun.write(join(clone, "package-lock.json"), "{}");
  await Bun.write(join(clone, "src/website/build.ts"), "");
  for (const name of [...TOOLS, "chmod"]) await symlink(Bun.which(name)!, join(bin, name));
  await program("npm", NPM);
  await program("node", "#!/bin/sh\necho 24\n");
  await program("git", "#!/bin/sh\n");
  await program("bwrap", "#!/bin/sh\n");
});
afterEach(() => rm(folder, { recursive: true }));

async function program(name: string, text: string): Promise<void> {
  await Bun.write(join(bin, name), text);
  await chmod(join(bin, name), 0o755);
}

interface Options {
  cwd?: string;
  path?: string;
  env?: Record<string, string>;
}

function start(args: string[], options: Options = {}) {
  return Bun.spawn(["/bin/sh", "-c", 'exec "$0" "$@"', options.path ?? join(clone, "berth"), ...args], {
    cwd: options.cwd ?? folder,
    env: { PATH: bin, ...options.env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
}

async function berth(args: string[], options: Options = {}) {
  const child = start(args, options);
  const read = (stream: ReadableStream<Uint8Array>) => new Response(stream).text();
  const [stdout, stderr, exit] = await Promise.all([read(child.stdout), read(child.stderr), child.exited]);
  return { stdout, stderr, exit };
}

async function logged(name: string): Promise<string[]> {
  const file = Bun.file(join(clone, name));
  return (await file.exists()) ? (await file.text()).trim().split("\n") : [];
}

test("the first run installs the product's dependencies, the second one nothing", async () => {
  const first = await berth(["ls", "a b", "--json"]);
  expect(first.stdout).toEndWith(`${clone}/src/main.ts ls a b --json\n`);
  expect(first.stderr).toContain("installing");
  expect((await berth(["ls"])).stderr).toBe("");
  expect(await logged("npm.log")).toEqual([expect.stringMatching(/^ci --ignore-scripts --omit=dev /)]);
});

test("nothing in the current folder configures the runtime", async () => {
  const { stdout } = await berth(["ls"]);
  expect(stdout).toStartWith("--config=/dev/null --no-env-file --no-install --tsconfig-override=");
});

test("a changed lockfile installs again; development tools are kept", async () => {
  await berth(["ls"]);
  await mkdir(join(clone, "node_modules/typescript"));
  await Bun.write(join(clone, "package-lock.json"), '{"new":1}');
  await berth(["ls"]);
  expect((await logged("npm.log"))[1]).toStartWith("ci --ignore-scripts --include=dev ");
});

test("an installation by hand counts, and is not done again", async () => {
  await mkdir(join(clone, `node_modules/@oven/${RUNTIME}/bin`), { recursive: true });
  await program("runtime", '#!/bin/sh\necho "$@"\n');
  await copyFile(join(bin, "runtime"), join(clone, `node_modules/@oven/${RUNTIME}/bin/bun`));
  await Bun.write(join(clone, "node_modules/.package-lock.json"), "{}");
  await utimes(join(clone, "package-lock.json"), 1000, 1000);
  expect((await berth(["ls"])).exit).toBe(0);
  expect(await logged("npm.log")).toEqual([]);
});

test("an installation that fails is said, and tried again", async () => {
  await Bun.write(join(clone, "npm-fails"), "");
  const { stderr, exit } = await berth(["ls"]);
  expect(stderr).toContain("npm could not install the dependencies");
  expect(exit).toBe(1);
  await rm(join(clone, "npm-fails"));
  expect((await berth(["ls"])).exit).toBe(0);
});

test("without npm it says what to install", async () => {
  await rm(join(bin, "npm"));
  const { stderr, exit } = await berth(["ls"]);
  expect(stderr).toContain("npm is not installed");
  expect(exit).toBe(1);
});

test("with --json what is missing is the one document on stdout, wherever `up` stands", async () => {
  await rm(join(bin, "npm"));
  const told = await berth(["ls", "--json"]);
  const hint = "Install Node.js 20 or newer with npm, then run the command again.";
  const error = { code: "missing_dependency", message: "npm is not installed.", hint };
  expect([told.exit, JSON.parse(told.stdout)]).toEqual([1, { error }]);
  expect(told.stderr).toContain("npm is not installed");
  await program("npm", NPM);
  await rm(join(bin, "git"));
  for (const args of [
    ["up", "--json"],
    ["--json", "--project", "up", "up"],
    ["--api=x", "--json", "up"],
  ]) {
    const { exit, stdout } = await berth(args);
    expect([exit, JSON.parse(stdout)]).toMatchObject([1, { error: { message: "missing: git" } }]);
  }
  for (const args of [["--project", "up", "ls"], ["--project"], ["ls", "up"]]) expect((await berth(args)).exit).toBe(0);
});

test("runs that start together install once", async () => {
  const runs = await Promise.all(Array.from({ length: 6 }, () => berth(["ls"])));
  expect(runs.map(({ exit }) => exit)).toEqual([0, 0, 0, 0, 0, 0]);
  expect(await logged("npm.log")).toHaveLength(1);
});

test("a run waits for another one's set-up, and not for one that was killed in it", async () => {
  await mkdir(join(clone, ".cache"));
  const holder = Bun.spawn(["flock", join(clone, ".cache/setup.lock"), "sleep", "60"], { stdout: "ignore" });
  while (!(await Bun.file(join(clone, ".cache/setup.lock")).exists())) await Bun.sleep(5);
  const waiting = start(["ls"]);
  const said = waiting.stderr.getReader();
  let text = "";
  while (!text.includes("waiting for another run")) text += new TextDecoder().decode((await said.read()).value);
  expect(await logged("npm.log")).toEqual([]);
  await Bun.spawn(["pkill", "-KILL", "-P", String(holder.pid)]).exited;
  holder.kill("SIGKILL");
  expect(await waiting.exited).toBe(0);
  expect(await logged("npm.log")).toHaveLength(1);
});

test("it finds its folder through links, from anywhere", async () => {
  await symlink("../clone/berth", join(bin, "first"));
  await symlink("first", join(bin, "berth"));
  const { stdout } = await berth(["ls"], { path: "berth", cwd: "/" });
  expect(stdout).toEndWith(`${clone}/src/main.ts ls\n`);
});

test("up builds the website once, and again when a source is newer", async () => {
  await berth(["up"]);
  await berth(["up"]);
  await berth(["ls"]);
  expect(await logged("website.log")).toHaveLength(1);
  const later = Date.now() / 1000 + 60;
  await utimes(join(clone, "src/website/build.ts"), later, later);
  await berth(["up"]);
  expect(await logged("website.log")).toHaveLength(2);
});

test("up names the command for a missing program; other commands and roles do without", async () => {
  await rm(join(bin, "bwrap"));
  await rm(join(bin, "id"));
  await program("id", "#!/bin/sh\necho 1000\n");
  await program("apt-get", "#!/bin/sh\n");
  const { stderr, exit } = await berth(["up"]);
  expect(stderr).toContain("missing: bubblewrap");
  expect(stderr).toContain("sudo apt-get install -y --no-install-recommends bubblewrap");
  expect(exit).toBe(1);
  for (const args of [["doctor"], ["deploy"], ["up", "--role", "edge"], ["up", "--role=api"]]) {
    expect((await berth(args)).exit).toBe(0);
  }
  expect((await berth(["up", "--role=edge", "--role", "builder"])).exit).toBe(1);
  expect((await berth(["up"], { env: { BERTH_SANDBOX: "none" } })).exit).toBe(0);
});

test("root installs a missing program by apt-get, with fresh lists when the old ones do not do", async () => {
  await rm(join(bin, "bwrap"));
  await rm(join(bin, "id"));
  await program("id", "#!/bin/sh\necho 0\n");
  await program(
    "apt-get",
    `#!/bin/sh\necho "$*" >>${clone}/apt.log\n[ "$1" = update ] || grep -q update ${clone}/apt.log\n`,
  );
  expect((await berth(["up"])).exit).toBe(0);
  const install = "install -y --no-install-recommends bubblewrap -qq";
  expect(await logged("apt.log")).toEqual([install, "update -qq", install]);
});

test("the platform's own address is not asked for through a proxy", async () => {
  await berth(["ls"]);
  const runtime = join(clone, `node_modules/@oven/${RUNTIME}/bin/bun`);
  await rm(runtime);
  await program("runtime", '#!/bin/sh\necho "$NO_PROXY $no_proxy"\n');
  await copyFile(join(bin, "runtime"), runtime);
  const { stdout } = await berth(["ls"], { env: { HTTP_PROXY: "http://proxy.example", NO_PROXY: "a" } });
  expect(stdout).toBe("a,localhost,127.0.0.1,::1 a,localhost,127.0.0.1,::1\n");
});
