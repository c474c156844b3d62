import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ArchivePlace, pack, unpack } from "../../src/build/cache-archive.ts";
import { openSandbox } from "../../src/sandbox/bubblewrap.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";

const MIB = 1024 ** 2;
const LIMITS = {
  ...{
    wallMs: 60_000,
    memoryBytes: 256 * MIB,
    processes: 64,
    diskBytes: 64 * MIB,
    fileBytes: 256 * MIB,
    logBytes: MIB,
  },
};
let root: string;
let sandbox: Sandbox;
let place: ArchivePlace;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "berth-archive-"));
  await chmod(root, 0o711);
  sandbox = await openSandbox({
    ...{ slotsDirectory: join(root, "slots"), uidBase: 1_300_500, selfUid: process.getuid!() },
    ...{
      diskBytes: LIMITS.diskBytes,
      registries: { registry: "https://registry.example/", hosts: [], npmrcLines: [] },
    },
  });
  await mkdir(join(root, "tmp"));
});
afterAll(async () => {
  await sandbox.close();
  await rm(root, { recursive: true, force: true });
});

/** A slot as new, with a package of so many zeros. @returns its work folder */
async function slotWith(sizeBytes: number): Promise<string> {
  const { work, cache } = await sandbox.prepareSlot(1);
  place = {
    ...{ sandbox, slot: 1, limits: LIMITS, temporaryDirectory: join(root, "tmp"), spoolDirectory: cache },
  };
  if (sizeBytes > 0) await mkdir(join(work, "node_modules/big"), { recursive: true });
  if (sizeBytes > 0) await writeFile(join(work, "node_modules/big/zeros"), new Uint8Array(sizeBytes));
  await sandbox.handOver(1);
  return work;
}
const packed = async (limits = LIMITS) => {
  const archive = await pack({ ...place, limits }, { kind: "install", folders: [], maxBytes: 8 * MIB });
  const bytes = await archive.file.bytes();
  await archive.remove();
  return bytes;
};
const restore = (bytes: Uint8Array<ArrayBuffer>, change: Partial<ArchivePlace> = {}) =>
  unpack(
    { ...place, ...change },
    { kind: "install", archive: new Blob([bytes]).stream(), signal: new AbortController().signal },
  );

test("what is unpacked takes the slot's space alone", async () => {
  await slotWith(16 * MIB);
  const bytes = await packed();
  const work = await slotWith(0);
  await restore(bytes, { temporaryDirectory: "/nowhere" });
  expect(Bun.file(join(work, "node_modules/big/zeros")).size).toBe(16 * MIB);
  expect(await readdir(place.spoolDirectory)).not.toContainEqual(expect.stringContaining("cache."));
}, 60_000);

test("small archives of large files are neither kept nor unpacked", async () => {
  await slotWith(40 * MIB);
  await expect(packed()).rejects.toThrow("larger than 32 MiB");
  const bytes = await packed({ ...LIMITS, diskBytes: 128 * MIB });
  expect(bytes.length).toBeLessThan(MIB);
  const work = await slotWith(0);
  await expect(restore(bytes)).rejects.toThrow("larger than 32 MiB");
  expect(await readdir(work)).toEqual([]);
  expect(await readdir(place.spoolDirectory)).not.toContainEqual(expect.stringContaining("cache."));
}, 60_000);

test("what holds nothing is unpacked without a run of the sandbox", async () => {
  await slotWith(0);
  const runs: string[] = [];
  const run: Sandbox["run"] = (command, options) => {
    runs.push(command[0]!);
    return sandbox.run(command, options);
  };
  const counted = { sandbox: { ...sandbox, run } };
  await restore(await packed(), counted);
  expect(runs).toEqual([]);
  await slotWith(MIB);
  await restore(await packed(), counted);
  expect(runs).toEqual(["tar"]);
}, 60_000);
