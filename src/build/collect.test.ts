import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { linkSync, writeFileSync } from "node:fs";
import { link, mkdir, mkdtemp, open, rename, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { sha256 } from "../model/ids.ts";
import { collectOutput, OUTPUT_LIMITS } from "./collect.ts";

let home: string;
let out: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "berth-collect-"));
  out = join(home, "out");
  await put({ "index.html": "<p>hello" });
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function put(files: Record<string, string>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(out, path)), { recursive: true });
    await writeFile(join(out, path), content);
  }
}

const paths = async () => (await collectOutput(out)).map(({ path }) => path);
const refusal = (name: string, reason: string) => ({
  code: "output_refused",
  message: expect.stringMatching(new RegExp(`${name}.*${reason}`)),
});

describe("files", () => {
  test("a folder of more names than can be read at once is refused, and so is one within", async () => {
    await mkdir(join(out, "many"));
    // Long names: the folder's size counts, and these are made sooner than a million. A file has 65,000 names at most.
    for (let count = 0; count < 80_000; count += 1) {
      const first = join(out, "many", `${count - (count % 20_000)}`);
      if (count % 20_000 === 0) writeFileSync(first, "");
      else linkSync(first, join(out, "many", `${"x".repeat(240)}${count}`));
    }
    await expect(collectOutput(out)).rejects.toMatchObject(refusal("many", "too many names"));
    await expect(collectOutput(join(out, "many"))).rejects.toMatchObject(refusal("many", "too many names"));
  }, 60_000);

  test("a folder's names are looked through once, and not for each of its files", async () => {
    // To look through them for each of its files takes minutes, which is beyond the limit.
    for (let count = 0; count < 30_000; count += 1) writeFileSync(join(out, `${count}.txt`), "");
    expect(await paths()).toHaveLength(30_001);
  }, 60_000);

  test("nobody waits for the rest of them who does not want them any more", async () => {
    const reason = new Error("canceled");
    await expect(collectOutput(out, undefined, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test("come sorted, with size, hash and bytes", async () => {
    await put({ "b/c.css": "x", "a b.html": "", "é.html": "y", ".well-known/x": "z" });
    const files = await collectOutput(out);
    expect(files.map(({ path }) => path)).toEqual([".well-known/x", "a b.html", "b/c.css", "index.html", "é.html"]);
    const index = files.find(({ path }) => path === "index.html")!;
    expect(index).toMatchObject({ size: 8, hash: sha256("<p>hello") });
    expect(new TextDecoder().decode(await index.bytes())).toBe("<p>hello");
  });

  test("one that is another when it is read again is refused", async () => {
    const [index] = await collectOutput(out);
    await writeFile(join(home, "other"), "<p>HELLO");
    await rename(join(home, "other"), join(out, "index.html"));
    await expect(index!.bytes()).rejects.toMatchObject(refusal("index.html", "changed"));
  });

  test("a folder swapped for a link after the check is not followed", async () => {
    await put({ "a/x.html": "safe" });
    const file = (await collectOutput(out)).find(({ path }) => path === "a/x.html")!;
    await mkdir(join(home, "secret"));
    await writeFile(join(home, "secret/x.html"), "evil");
    await rename(join(out, "a"), join(home, "gone"));
    await symlink(join(home, "secret"), join(out, "a"));
    await expect(file.bytes()).rejects.toThrow();
  });

  test("a project folder leaves out its packages, another folder does not", async () => {
    await put({ "node_modules/a/x.js": "" });
    expect(await paths()).toEqual(["index.html", "node_modules/a/x.js"]);
    await put({ "package.json": "{}" });
    expect(await paths()).toEqual(["index.html", "package.json"]);
  });
});

describe("links", () => {
  test("to files and folders of the same output are published as those", async () => {
    await put({ "a/b/x.html": "deep" });
    await symlink("b/x.html", join(out, "a/file.html"));
    await symlink("a/b", join(out, "folder"));
    await symlink("folder/../b/x.html", join(out, "through.html"));
    expect(await paths()).toEqual(["a/b/x.html", "a/file.html", "folder/x.html", "index.html", "through.html"]);
    const through = (await collectOutput(out)).find(({ path }) => path === "folder/x.html")!;
    expect(new TextDecoder().decode(await through.bytes())).toBe("deep");
  });

  test.each([
    ["/etc/passwd", "leaves"],
    ["../secret", "leaves"],
    ["a/../../secret", "leaves"],
    ["gone", "nowhere"],
    ["index.html/x", "nowhere"],
    ["bad", "circles"],
    [".", "lies in"],
    ["a/up", "leaves"],
  ])("to %p: %s", async (target, reason) => {
    await put({ "a/x.html": "" });
    await writeFile(join(home, "secret"), "s");
    if (target === "a/up") await symlink("../../secret", join(out, "a/up"));
    await symlink(target, join(out, "bad"));
    await expect(collectOutput(out)).rejects.toMatchObject(refusal(target === "a/up" ? "up" : "bad", reason));
  });

  test("the output itself is no link", async () => {
    await symlink(out, join(home, "link"));
    await expect(collectOutput(join(home, "link"))).rejects.toMatchObject(refusal("link", "link"));
  });
});

describe("what is no plain file", () => {
  test("a pipe, without waiting for a writer", async () => {
    expect(Bun.spawnSync(["mkfifo", join(out, "pipe.html")]).exitCode).toBe(0);
    await expect(collectOutput(out)).rejects.toMatchObject(refusal("pipe.html", "neither"));
  });

  test("a socket", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(out, "socket"), resolve));
    try {
      await expect(collectOutput(out)).rejects.toMatchObject(refusal("socket", "neither"));
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  // Only root, and not in every container, may make one.
  const canMakeDevices = (() => {
    const path = join(tmpdir(), `berth-device-${process.pid}`);
    const made = Bun.spawnSync(["mknod", path, "c", "1", "3"]).exitCode === 0;
    Bun.spawnSync(["rm", "-f", path]);
    return made;
  })();
  test.if(canMakeDevices)("a device", async () => {
    Bun.spawnSync(["mknod", join(out, "null.html"), "c", "1", "3"]);
    await expect(collectOutput(out)).rejects.toMatchObject(refusal("null.html", "neither"));
  });

  test("a hard link within the output is a file like another", async () => {
    await link(join(out, "index.html"), join(out, "again.html"));
    expect(await paths()).toEqual(["again.html", "index.html"]);
  });
});

describe("names", () => {
  test.each([
    [Buffer.from([0x66, 0xff]), "not UTF-8"],
    [Buffer.from("a\nb"), "control"],
    [Buffer.from("a\u202eb"), "bidirectional"],
    [Buffer.from("a\\b"), "backslash"],
    [Buffer.from(".git"), ".git"],
    [Buffer.from(".env"), "not for the public"],
    [Buffer.from(".env.production"), "not for the public"],
  ])("%p is refused", async (name, reason) => {
    await writeFile(Buffer.concat([Buffer.from(`${out}/`), name]), "x");
    await expect(collectOutput(out)).rejects.toMatchObject(refusal("", reason));
  });
});

describe("limits", () => {
  async function sparse(name: string, sizeBytes: number): Promise<void> {
    const file = await open(join(out, name), "w");
    await file.truncate(sizeBytes).finally(() => file.close());
  }

  test("a file of holes that says it has terabytes is not read", async () => {
    await sparse("big.bin", 4 * 1024 ** 4);
    await expect(collectOutput(out)).rejects.toMatchObject(refusal("big.bin", "larger than 512 MiB"));
  });

  test("all files together, before the one that goes over is read", async () => {
    for (let n = 0; n < 9; n += 1) await sparse(`${n}.bin`, 1024 ** 2);
    const limits = { ...OUTPUT_LIMITS, totalBytes: 8 * 1024 ** 2 };
    await expect(collectOutput(out, limits)).rejects.toMatchObject(refusal("", "larger than 8 MiB in all"));
  });

  test("count and depth", async () => {
    await put({ "a/b/c/d.html": "", "e.html": "" });
    await expect(collectOutput(out, { ...OUTPUT_LIMITS, files: 2 })).rejects.toMatchObject({ code: "output_refused" });
    await expect(collectOutput(out, { ...OUTPUT_LIMITS, depth: 2 })).rejects.toMatchObject(
      refusal("a/b/c", "too deep"),
    );
  });
});

describe("pages", () => {
  test("an empty folder", async () => {
    await rm(join(out, "index.html"));
    await expect(collectOutput(out)).rejects.toMatchObject({ code: "output_empty" });
  });

  test("no page at all names what is there; a page somewhere is enough", async () => {
    await rm(join(out, "index.html"));
    await put({ "app.js": "x" });
    await expect(collectOutput(out)).rejects.toMatchObject({
      code: "output_no_index",
      hint: expect.stringContaining("app.js"),
    });
    await expect(collectOutput(out, undefined, { howToWritePages: "Add the static adapter." })).rejects.toMatchObject({
      hint: expect.stringMatching(/^Add the static adapter\. Or set output_directory .*app\.js/),
    });
    await put({ "en/start.html": "" });
    expect(await paths()).toEqual(["app.js", "en/start.html"]);
  });
});
