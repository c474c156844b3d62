import { afterEach, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { diskOf, mountVolume, unmountVolume } from "../../src/sandbox/volume.ts";

const roots: string[] = [];
afterEach(async () => {
  for (const root of roots.splice(0)) {
    await unmountVolume(root);
    await rm(root, { recursive: true });
  }
});

/** By the number of its device, as the kernel lists it. */
async function loopOf(path: string): Promise<string> {
  const { dev } = await stat(path);
  const link = `/sys/dev/block/${dev >> 8}:${dev & 255}`;
  return join(link, "loop");
}

test.skipIf(process.getuid?.() !== 0)(
  "a volume is of its size, and its image is written past the page cache [needs root]",
  async () => {
    const root = await mkdtemp(join(tmpdir(), "berth volume "));
    roots.push(root);
    await mountVolume(root, 16 * 1024 ** 2);
    const loop = await loopOf(diskOf(root));
    expect((await readFile(join(loop, "dio"), "utf8")).trim()).toBe("1");
    expect(basename((await readFile(join(loop, "backing_file"), "utf8")).trim())).toBe("disk.img");
    const tooMuch = writeFile(join(diskOf(root), "file"), Buffer.alloc(20 * 1024 ** 2));
    expect(await tooMuch.catch(({ code }) => code)).toBe("ENOSPC");
  },
);
