import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmod, copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deployAndWait } from "../support/deploy.ts";
import { IS_ROOT, newFolder, SELF_UID } from "../support/hostile.ts";
import { newDataDirectory, ROOT, removeDataDirectory, startPlatform } from "../support/platform.ts";
import { startPostgres } from "../support/postgres.ts";
import { buildableSite, newRepository, type TestRepository, WRITES_DIST } from "../support/repositories.ts";

/** Where the wall can't be made or does not hold, nothing is built, and the reason is told. */
let folder: Awaited<ReturnType<typeof newFolder>>;
let repository: TestRepository;
let dataDirectory: string;
/** Not the embedded one, which as root needs bwrap for its own set-up. */
let postgres: Awaited<ReturnType<typeof startPostgres>>;
beforeAll(async () => {
  folder = await newFolder();
  dataDirectory = await newDataDirectory({ withDatabase: false });
  postgres = await startPostgres();
  repository = await newRepository("walled", buildableSite(WRITES_DIST, { "text.txt": "built" }));
});
afterAll(async () => {
  await repository?.remove();
  await postgres?.stop();
  await removeDataDirectory(dataDirectory);
  await folder.remove();
});

/** The real one, but that it leaves the build in the host's network. */
const HOLLOW = (real: string) => `#!/bin/sh
count=$# seen=
while [ $count -gt 0 ]; do
  argument=$1; shift; count=$((count - 1))
  if [ "$argument" = -- ] && [ -z "$seen" ]; then seen=1; set -- "$@" --share-net; fi
  set -- "$@" "$argument"
done
exec ${real} "$@"
`;
const MISSING = { text: "", mode: 0o644 };
const FAILING = "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n";

/** A platform that finds this in bwrap's place, in a mount namespace which ends with it. */
async function deployWith(bwrap: { text: string; mode: number }, env: Record<string, string> = {}) {
  const path = join(folder.path, `bwrap-${crypto.randomUUID()}`);
  await writeFile(path, bwrap.text);
  await chmod(path, bwrap.mode);
  const asUser = IS_ROOT ? "" : `unshare --user --map-user=${SELF_UID} --map-group=${SELF_UID} `;
  const prefix = [
    ...["unshare", ...(IS_ROOT ? [] : ["--user", "--map-root-user"]), "--mount"],
    ...["sh", "-c", `mount --bind "$0" /usr/bin/bwrap && exec ${asUser}"$@"`, path],
  ];
  const program = [process.execPath, "--no-env-file", join(ROOT, "src/main.ts")];
  const platform = await startPlatform({
    dataDirectory,
    env: { BERTH_DATABASE: postgres.url, ...env },
    prefix,
    program,
  });
  try {
    const { status, error } = await deployAndWait(platform, { source: repository.path });
    return { status, error };
  } finally {
    await platform.stop();
  }
}

test.if(IS_ROOT)(
  "without bwrap the embedded database says what it lacks, too",
  async () => {
    const refusal = await deployWith(MISSING, { BERTH_DATABASE: "embedded:" }).catch((error: Error) => error.message);
    expect(refusal).toContain("missing_dependency");
    expect(refusal).toContain("bubblewrap");
  },
  60_000,
);

test("without bwrap nothing is built, and the hint names its package", async () => {
  expect(await deployWith(MISSING)).toMatchObject({
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

test("a bwrap that leaves a hole is found out by the self-test", async () => {
  const real = join(folder.path, "real");
  await copyFile("/usr/bin/bwrap", real);
  expect(await deployWith({ text: HOLLOW(real), mode: 0o755 })).toMatchObject({
    status: "failed",
    error: { code: "sandbox_unavailable", message: expect.stringContaining("the host's loopback") },
  });
}, 60_000);

test("a setuid bwrap is refused", async () => {
  expect(await deployWith({ text: FAILING, mode: 0o4755 })).toMatchObject({
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
  expect(await deployWith(MISSING, env)).toEqual({ status: "ready", error: null });
}, 60_000);
