import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, link, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { chooseOutput, collectOutput, OUTPUT_LIMITS } from "../../src/build/collect.ts";
import type { BerthError } from "../../src/model/errors.ts";
import { bare, IS_ROOT, LIMITS, MIB, MODES, newFolder, openWall, type Wall } from "../support/hostile.ts";

/** What a build hands over to be published: its own plain files and nothing else. */
const CANARY = `CANARY-${crypto.randomUUID()}`;
let root: Awaited<ReturnType<typeof newFolder>>;
beforeAll(async () => {
  root = await newFolder();
  await writeFile(join(root.path, "secret"), CANARY);
  await chmod(join(root.path, "secret"), 0o644);
});
afterAll(() => root.remove());

const PAGE = "mkdir -p dist && echo '<p>page' > dist/index.html";
const LIMIT = { ...OUTPUT_LIMITS, files: 50, fileBytes: 8 * MIB, totalBytes: 12 * MIB };

/** Scripts that leave a hostile output, with the reason that the refusal gives. */
const refused = (): [what: string, script: string, reason: RegExp][] => [
  ["a link to a file of the host", `ln -s ${root.path}/secret dist/x.html`, /leaves the output/],
  ["a link out by ..", "ln -s ../../../../../../../../etc/passwd dist/x", /leaves the output/],
  ["a link to a folder of the host", "ln -s /etc dist/etc", /leaves the output/],
  ["a link by a link", "mkdir dist/a; ln -s ../../work dist/a/up; ln -s a/up/.. dist/b", /leaves the output/],
  ["a link to another process's root", "ln -s /proc/1/root/etc dist/proc", /leaves the output/],
  ["a link in a circle", "ln -s b dist/a; ln -s a dist/b", /circles/],
  ["a pipe", "mkfifo dist/pipe.html", /neither a file nor a folder/],
  ["a socket", `perl -MSocket -e 'socket(S,AF_UNIX,SOCK_STREAM,0); bind(S,sockaddr_un("dist/s"))'`, /neither/],
  ["a sparse file", "truncate -s 15M dist/sparse", /larger than/],
  ["more than may be in all", "for i in 1 2 3 4; do head -c 4M /dev/zero > dist/$i; done", /in all/],
  ["too many files", "for i in $(seq 60); do : > dist/$i; done", /more than|too many/],
  ["folders without an end", "d=dist; for i in $(seq 70); do d=$d/a; done; mkdir -p $d; : > $d/x", /too deep/],
  [
    "folders that no path is long enough for",
    `perl -e 'chdir "dist"; for (1 .. 30) { $n = "a" x 200; mkdir $n; chdir $n }'`,
    /path of more than/,
  ],
  ["a line feed in a name", "touch \"$(printf 'dist/a\\nb')\"", /control character/],
  ["a backslash in a name", "touch 'dist/a\\b'", /backslash/],
  ["a name written backwards", "touch \"$(printf 'dist/a\\342\\200\\256b')\"", /bidirectional/],
  ["a name that is not UTF-8", "touch \"$(printf 'dist/a\\377b')\"", /UTF-8/],
  ["a repository", "mkdir -p dist/.git && echo x > dist/.git/config", /\.git/],
  ["settings", "echo KEY=value > dist/.env.production", /settings/],
];

describe.each(MODES)("what a build behind the wall wrote, mode %s", (mode) => {
  let wall: Wall;
  beforeAll(async () => {
    wall = await openWall({ directory: root.path, mode });
  });
  afterAll(() => wall.close());

  type Published = { error?: BerthError; files: string[]; text: string };

  /** Each script in a folder of its own, which has a `dist` afterwards. One run for all: a slot costs a mount. */
  async function publish(scripts: readonly string[]): Promise<Published[]> {
    const startedAtMs = Date.now();
    const inFolders = scripts.map((script, index) => `( mkdir ${index} && cd ${index} && { ${script}\n} )`);
    const { work } = await wall.renew();
    expect(await wall.attempt(inFolders.join("\n"))).toMatchObject({ cause: "exit" });
    const published: Published[] = [];
    for (const index of scripts.keys()) published.push(await collect(work, `${index}`, startedAtMs));
    return published;
  }

  async function collect(work: string, folder: string, startedAtMs: number): Promise<Published> {
    try {
      const plan = { root: folder, outputCandidates: ["dist"], outputHint: null, serverOutputs: [], resolved: {} };
      const { directory } = await chooseOutput(work, plan, { startedAtMs });
      const files = await collectOutput(directory, LIMIT);
      const contents = await Promise.all(files.map((file) => file.bytes()));
      return { files: files.map(({ path }) => path), text: Buffer.concat(contents).toString("latin1") };
    } catch (error) {
      return { error: error as BerthError, files: [], text: "" };
    }
  }

  // A table that needs the folder's name, which is known only when the tests run.
  test("every hostile output is refused with its reason", async () => {
    const cases = refused();
    const published = await publish(cases.map(([, script]) => `${PAGE}; ${script}`));
    const told = cases.map(([what], index) => {
      const { error, text } = published[index]!;
      return [what, error?.code, error?.message, text];
    });
    expect(told).toEqual(cases.map(([what, , reason]) => [what, "output_refused", expect.stringMatching(reason), ""]));
  }, 60_000);

  test("a folder that is itself a link is refused, wherever it leads", async () => {
    const targets = ["/etc", "../../home", "/proc/self/cwd", root.path];
    for (const { error, files } of await publish(targets.map((target) => `ln -s ${target} dist`))) {
      expect([error?.code, files]).toEqual(["output_refused", []]);
    }
  });

  test("what can't be made inside is not there: a device, a hard link to the host, a huge file", async () => {
    const script = `mknod dist/null c 1 3; ln ${root.path}/secret dist/hard; ln /etc/passwd dist/passwd; true`;
    const [{ files, text }] = (await publish([`${PAGE}; ${script}`])) as [Published];
    expect(files).toEqual(["index.html"]);
    expect(text).toBe("<p>page\n");
    expect(await wall.attempt(`${PAGE}; exec truncate -s 4T dist/sparse`)).toMatchObject({ exit: null, cause: "disk" });
  });

  test("a setuid program is published as its bytes alone", async () => {
    const [{ files, error }] = (await publish([`${PAGE}; echo x > dist/tool; chmod 6755 dist/tool`])) as [Published];
    expect([error, files]).toEqual([undefined, ["index.html", "tool"]]);
  });
});

describe("a collector that trusts the folder", () => {
  test("publishes the host's files by links, hard links and a folder that is a link", async () => {
    const folder = join(root.path, "naive");
    await mkdir(join(folder, "dist"), { recursive: true });
    await symlink(join(root.path, "secret"), join(folder, "dist/link.html"));
    if (IS_ROOT) await link(join(root.path, "secret"), join(folder, "dist/hard.html"));
    await symlink(root.path, join(folder, "whole"));
    expect(await bare("cp -rL dist out && cp whole/secret out/whole.html", { cwd: folder })).toMatchObject({
      status: 0,
    });
    for (const name of ["link.html", "whole.html", ...(IS_ROOT ? ["hard.html"] : [])]) {
      expect(await readFile(join(folder, "out", name), "utf8")).toBe(CANARY);
    }
    await rm(folder, { recursive: true });
  });

  test("waits for ever at a pipe, and takes a sparse file for a large one", async () => {
    const folder = join(root.path, "pipe");
    await mkdir(folder);
    const { status } = await bare("mkfifo pipe && timeout 0.3 cat pipe", { cwd: folder });
    expect(status).toBe(124);
    expect(await bare("truncate -s 4T sparse && stat -c %s sparse", { cwd: folder })).toMatchObject({
      text: `${4 * 1024 ** 4}\n`,
    });
    expect(LIMITS.fileBytes).toBeLessThan(4 * 1024 ** 4);
  });
});
