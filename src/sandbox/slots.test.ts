import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmod, copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A platform that is not root owns what its builds leave, and can be locked out of it all the same. */
const NOT_ROOT =
  process.getuid!() === 0 ? ["setpriv", "--reuid", "977000", "--regid", "977000", "--clear-groups", "--"] : [];

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "berth-slots-"));
  await chmod(root, 0o777);
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** Runs a script with `slots`, and `lock`, which makes folders that not even their owner may enter. */
async function asUser(name: string, body: string): Promise<unknown> {
  const source = (file: string) => JSON.stringify(join(import.meta.dir, file));
  const script = join(root, `${name}.ts`);
  await writeFile(
    script,
    `import { openSlots } from ${source("slots.ts")};
    import { removeGitFolder } from ${source("../build/git-folder.ts")};
    import { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
    const directory = ${JSON.stringify(join(root, name))};
    const beside = ${JSON.stringify(join(root, `${name}.beside`))};
    mkdirSync(directory);
    const slots = openSlots({ directory, uidOf: () => undefined, homeFiles: {}, volumeBytes: undefined });
    const lock = (folder) => {
      mkdirSync(folder + "/a/b/c", { recursive: true });
      writeFileSync(folder + "/a/b/c/file", "x", { mode: 0 });
      for (const path of ["/a/b/c", "/a/b", "/a"]) chmodSync(folder + path, 0);
    };
    const faults = [];
    ${body}`,
  );
  // One file, and a runtime beside it: this checkout may be closed to that user.
  const { outputs } = await Bun.build({ entrypoints: [script], target: "bun" });
  const [bundle, runtime] = [join(root, `${name}.js`), join(root, "bun")];
  await Bun.write(bundle, outputs[0]!);
  await copyFile(process.execPath, runtime);
  await chmod(runtime, 0o755);
  const child = Bun.spawn([...NOT_ROOT, runtime, bundle], { cwd: "/", stdout: "pipe", stderr: "inherit" });
  return JSON.parse(await new Response(child.stdout).text());
}

test("a slot whose folders were closed to their owner is cleared, and a link in it leads nowhere", async () => {
  const left = await asUser(
    "cleared",
    `const { work } = await slots.prepare(1);
    lock(work);
    mkdirSync(beside, { mode: 0o500 });
    symlinkSync(beside, work + "/link");
    await slots.clear(1);
    console.log(JSON.stringify([readdirSync(directory + "/removed"), (statSync(beside).mode & 0o777).toString(8)]));`,
  );
  expect(left).toEqual([[], "500"]);
});

test("what a killed platform left closed is reaped; what can't be is told, and the rest goes on", async () => {
  const left = await asUser(
    "reaped",
    `for (const slot of [1, 2, 3]) {
      lock((await slots.prepare(slot)).work);
      // Another boot's platform is dead, whatever runs now.
      writeFileSync(directory + "/" + slot + "/run/owner", JSON.stringify({ pid: 1, startTicks: "1", bootId: "before" }));
    }
    mkdirSync(directory + "/2/run/left.folder");
    await slots.reap((error) => faults.push(error.code));
    console.log(JSON.stringify([faults, readdirSync(directory).sort()]));`,
  );
  expect(left).toEqual([["ERR_FS_EISDIR"], ["2", "removed"]]);
});

test("a .git folder that was closed is no part of an output", async () => {
  const left = await asUser(
    "git",
    `lock(directory + "/.git");
    await removeGitFolder(directory);
    console.log(JSON.stringify(readdirSync(directory)));`,
  );
  expect(left).toEqual([]);
});
