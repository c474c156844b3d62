import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, realpath, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepareLocalRepository } from "./local-repository.ts";

let home: string;
beforeEach(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), "berth-local-")));
  await mkdir(join(home, "repo/.git/objects/info"), { recursive: true });
  await mkdir(join(home, "repo/.git/refs"));
  await writeFile(join(home, "repo/.git/HEAD"), "ref: refs/heads/main\n");
});
afterEach(() => rm(home, { recursive: true, force: true }));

const prepare = () =>
  prepareLocalRepository(join(home, "repo"), { target: join(home, "shown"), needsOthers: false }).then(({ mounts }) =>
    mounts.map(({ host }) => host),
  );

test("of the folders that objects are borrowed from those count that hold any", async () => {
  await mkdir(join(home, "other/objects/pack"), { recursive: true });
  await mkdir(join(home, "none"));
  const named = ["/proc", "/", "/nowhere", "../../../none", "../../../other/objects", `${home}/repo/.git/objects`];
  await writeFile(join(home, "repo/.git/objects/info/alternates"), named.join("\n"));
  expect(await prepare()).toEqual([join(home, "repo/.git/objects"), join(home, "other/objects")]);
});

test("an object folder that is a link to something else is none", async () => {
  await rm(join(home, "repo/.git/objects"), { recursive: true });
  await symlink("/proc", join(home, "repo/.git/objects"));
  await expect(prepare()).rejects.toMatchObject({ code: "repository_not_found" });
});

test("a list of references that is said to have terabytes is not read", async () => {
  await writeFile(join(home, "repo/.git/packed-refs"), "");
  await truncate(join(home, "repo/.git/packed-refs"), 2 ** 40);
  await expect(prepare()).rejects.toMatchObject({ code: "source_too_large" });
});
