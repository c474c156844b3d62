import { afterAll, beforeAll, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ArchivePlace, pack, unpackInstall, unpackWork } from "../../src/build/cache-archive.ts";
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
const BIG = "node_modules/big/file";
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

/** A slot as new, with a package of so many bytes, zeros by default. @returns its work folder */
async function slotWith(sizeBytes: number, bytesOf = (count: number) => new Uint8Array(count)): Promise<string> {
  const { work, cache } = await sandbox.prepareSlot(1);
  place = {
    ...{ sandbox, slot: 1, limits: LIMITS, temporaryDirectory: join(root, "tmp"), spoolDirectory: cache },
  };
  if (sizeBytes > 0) await mkdir(join(work, "node_modules/big"), { recursive: true });
  if (sizeBytes > 0) await writeFile(join(work, BIG), bytesOf(sizeBytes));
  await sandbox.handOver(1);
  return work;
}
const packed = async (limits = LIMITS, folders?: string[]) => {
  const what = folders === undefined ? { kind: "install" as const, folders: [] } : { kind: "work" as const, folders };
  const archive = await pack({ ...place, limits }, { ...what, maxBytes: 8 * MIB });
  const bytes = await archive.file.bytes();
  await archive.remove();
  return bytes;
};
const unpacking = (bytes: Uint8Array<ArrayBuffer>) => ({
  archive: new Blob([bytes]).stream(),
  signal: new AbortController().signal,
});
const restore = (bytes: Uint8Array<ArrayBuffer>) =>
  unpackInstall({ ...place, temporaryDirectory: "/nowhere", spoolDirectory: "/nowhere" }, unpacking(bytes));
const restoreWork = (bytes: Uint8Array<ArrayBuffer>, change: Partial<ArchivePlace> = {}) =>
  unpackWork({ ...place, temporaryDirectory: "/nowhere", ...change }, unpacking(bytes));
/** Its checksum, which comes last, is another one. */
const damaged = (bytes: Uint8Array<ArrayBuffer>) => bytes.with(-1, bytes.at(-1)! ^ 1);

test("what is unpacked takes the slot's space alone", async () => {
  await slotWith(16 * MIB);
  const [install, ofWork] = [await packed(), await packed(LIMITS, ["node_modules/big"])];
  const first = await slotWith(0);
  await restore(install);
  expect(Bun.file(join(first, BIG)).size).toBe(16 * MIB);
  const second = await slotWith(0);
  await restoreWork(ofWork);
  expect(Bun.file(join(second, BIG)).size).toBe(16 * MIB);
  expect(await readdir(place.spoolDirectory)).not.toContainEqual(expect.stringContaining("cache."));
}, 60_000);

test("small archives of large files are neither kept nor unpacked", async () => {
  await slotWith(40 * MIB);
  await expect(packed()).rejects.toThrow("larger than 32 MiB");
  const roomy = { ...LIMITS, diskBytes: 128 * MIB };
  const [install, ofWork] = [await packed(roomy), await packed(roomy, ["node_modules/big"])];
  expect(install.length).toBeLessThan(MIB);
  const work = await slotWith(0);
  await expect(restore(install)).rejects.toThrow("larger than 32 MiB");
  expect(await readdir(work)).toEqual([]);
  await expect(restoreWork(ofWork)).rejects.toThrow("larger than 32 MiB");
  expect(await readdir(work)).toEqual([]);
  expect(await readdir(place.spoolDirectory)).not.toContainEqual(expect.stringContaining("cache."));
}, 60_000);

test("of what is damaged nothing stays", async () => {
  await slotWith(4 * MIB, randomBytes);
  const [install, ofWork] = [await packed(), await packed(LIMITS, ["node_modules/big"])];
  for (const wrong of [damaged, (bytes: typeof install) => bytes.slice(0, bytes.length / 2)]) {
    const work = await slotWith(0);
    await expect(restore(wrong(install))).rejects.toThrow();
    expect(await readdir(work)).toEqual([]);
    await expect(restoreWork(wrong(ofWork))).rejects.toThrow();
    expect(await readdir(work)).toEqual([]);
  }
}, 60_000);

test("an install that the disk can't hold is told by its cause", async () => {
  await slotWith(30 * MIB);
  const bytes = await packed();
  const work = await slotWith(0);
  await writeFile(join(work, "source"), randomBytes(40 * MIB));
  await expect(restore(bytes)).rejects.toThrow("tar ended by disk");
}, 60_000);

test("work that there is none of is unpacked without a run of the sandbox", async () => {
  await slotWith(0);
  const runs: string[] = [];
  const run: Sandbox["run"] = (command, options) => {
    runs.push(command[0]!);
    return sandbox.run(command, options);
  };
  const counted = { sandbox: { ...sandbox, run } };
  await restoreWork(await packed(LIMITS, ["node_modules/big"]), counted);
  expect(runs).toEqual([]);
  await slotWith(MIB);
  await restoreWork(await packed(LIMITS, ["node_modules/big"]), counted);
  expect(runs).toEqual(["tar"]);
}, 60_000);
