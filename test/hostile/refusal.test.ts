import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deployAndWait } from "../support/deploy.ts";
import { IS_ROOT, newFolder, SELF_UID } from "../support/hostile.ts";
import { newDataDirectory, ROOT, removeDataDirectory, startPlatform } from "../support/platform.ts";
import { buildableSite, newRepository, type TestRepository, WRITES_DIST } from "../support/repositories.ts";

/** Where the wall can't be made or does not hold, nothing is built, and the reason is told. */
let folder: Awaited<ReturnType<typeof newFolder>>;
let repository: TestRepository;
beforeAll(async () => {
  folder = await newFolder();
  repository = await newRepository("walled", buildableSite(WRITES_DIST, { "text.txt": "built" }));
});
afterAll(async () => {
  await repository.remove();
  await folder.remove();
});

/** Says what bwrap would say, and runs the command after the options with no wall around it. */
const HOLLOW = `#!/bin/sh
while [ "$1" != -- ]; do shift; done; shift
setsid perl -e 'open F, ">>&=5"; syswrite F, "{\\"child-pid\\": $$}\\n"' 2>/dev/null
"$@"; status=$?
perl -e 'open F, ">>&=5"; syswrite F, "{\\"exit-code\\": $ARGV[0]}\\n"' $status
exit $status
`;
const FAILING = "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n";

/** A platform that finds this in bwrap's place, in a mount namespace which ends with it. */
async function deployWith(bwrap: { text: string; mode: number }, env: Record<string, string> = {}) {
  const path = join(folder.path, `bwrap-${crypto.randomUUID()}`);
  await writeFile(path, bwrap.text);
  await chmod(path, bwrap.mode);
  const dataDirectory = await newDataDirectory();
  const asUser = IS_ROOT ? "" : `unshare --user --map-user=${SELF_UID} --map-group=${SELF_UID} `;
  const prefix = [
    ...["unshare", ...(IS_ROOT ? [] : ["--user", "--map-root-user"]), "--mount"],
    ...["sh", "-c", `mount --bind "$0" /usr/bin/bwrap && exec ${asUser}"$@"`, path],
  ];
  const program = [process.execPath, "--no-env-file", join(ROOT, "src/main.ts")];
  try {
    const platform = await startPlatform({ dataDirectory, env, prefix, program });
    try {
      const { status, error } = await deployAndWait(platform, { source: repository.path });
      return { status, error };
    } finally {
      await platform.stop();
    }
  } finally {
    await removeDataDirectory(dataDirectory);
  }
}

test("without bwrap nothing is built, and the hint names its package", async () => {
  expect(await deployWith({ text: "", mode: 0o644 })).toMatchObject({
    status: "failed",
    error: {
      code: "missing_dependency",
      message: expect.stringContaining("bwrap"),
      hint: expect.stringContaining("bubblewrap"),
    },
  });
}, 60_000);

test("a bwrap that can't make its wall is refused by its own words", async () => {
  expect(await deployWith({ text: FAILING, mode: 0o755 })).toMatchObject({
    status: "failed",
    error: { code: "sandbox_unavailable", message: expect.stringContaining("No permissions to create new namespace") },
  });
}, 60_000);

test("a bwrap that makes no wall is found out by the self-test", async () => {
  expect(await deployWith({ text: HOLLOW, mode: 0o755 })).toMatchObject({
    status: "failed",
    error: { code: "sandbox_unavailable", hint: expect.stringMatching(/\S/) },
  });
}, 60_000);

test("a setuid bwrap is refused", async () => {
  expect(await deployWith({ text: HOLLOW, mode: 0o4755 })).toMatchObject({
    status: "failed",
    error: {
      code: "sandbox_unavailable",
      message: expect.stringContaining("setuid"),
      hint: expect.stringContaining("u-s"),
    },
  });
}, 60_000);

test("only by the operator's word is the same site built there", async () => {
  const env = { BERTH_SANDBOX: "none" };
  expect(await deployWith({ text: "", mode: 0o644 }, env)).toEqual({ status: "ready", error: null });
}, 60_000);
