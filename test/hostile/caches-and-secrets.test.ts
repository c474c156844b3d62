import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { deployAndWait, logOf } from "../support/deploy.ts";
import {
  type HostilePlatform,
  PLATFORM_MODES,
  startHostilePlatform,
  WRITES_PAGE,
} from "../support/hostile-platform.ts";
import { newDataDirectory, removeDataDirectory } from "../support/platform.ts";

/** What one project, or a stranger's fork of it, gets of another's: nothing. */
const SECRET = `secret value/${crypto.randomUUID()}`;
let dataDirectory: string;
beforeAll(async () => {
  dataDirectory = await newDataDirectory();
});
afterAll(() => removeDataDirectory(dataDirectory));

/** Where package managers and frameworks keep things between builds. */
const SHARED = `/tmp/berth-poison-${crypto.randomUUID()}`;
const KEPT = "/cache/npm /cache/pnpm /home/.cache node_modules/.cache .next/cache";
const poison = (mark: string) => `for place in ${KEPT}; do mkdir -p $place; echo ${mark} > $place/poison; done
echo ${mark} > /cache/poison; echo ${mark} > ${SHARED}; echo 'registry=http://${mark}.example/' > /home/.npmrc`;
const LOOK = `for place in ${KEPT} /cache; do cat $place/poison; done 2>/dev/null; cat ${SHARED} 2>/dev/null; cat /home/.npmrc; npm config get registry`;
const packages = (name: string) => ({
  "package.json": JSON.stringify({ name, private: true, scripts: { preinstall: "sh install.sh" } }),
});

/** The same text in pieces, with time between them, and in other spellings. */
const PRINTS = `node -e '
const secret = process.env.TOKEN ?? "no secret";
const pieces = [secret.slice(0, 5), secret.slice(5, 11), secret.slice(11) + "\\n"];
for (const piece of pieces) { process.stdout.write(piece); await new Promise((done) => setTimeout(done, 60)); }
console.log(encodeURIComponent(secret), Buffer.from(secret).toString("base64"), JSON.stringify({ secret }));
' --input-type=module; env | sort; echo end`;

describe.each(PLATFORM_MODES)("a platform whose wall is made in mode %s", (mode) => {
  let hostile: HostilePlatform;
  beforeAll(async () => {
    hostile = await startHostilePlatform(mode, { dataDirectory, env: { BERTH_BUILDS: "1" } });
  }, 120_000);
  afterAll(() => hostile.close(), 60_000);

  test("a project that poisons its caches poisons no other project's", async () => {
    const mark = `poison-${mode}`;
    const evil = { install: poison(mark), build: `${poison(mark)}; ${WRITES_PAGE}`, files: packages("evil") };
    for (const name of [`evil-${mode}`, `evil-again-${mode}`]) {
      expect((await hostile.build(name, evil)).error).toBeNull();
    }
    const victim = { install: LOOK, build: `${LOOK}; ${WRITES_PAGE}`, files: packages("victim") };
    const done = await hostile.build(`victim-${mode}`, victim);
    expect(done.error).toBeNull();
    expect(done.log).toContain("registry=");
    expect(done.log).not.toContain(mark);
  }, 120_000);

  test("a secret is masked in the log however it is cut, and a fork's build has none", async () => {
    const project = `owner-${mode}`;
    const site = { build: `${PRINTS}; ${WRITES_PAGE}` };
    const own = await hostile.repository(project, site);
    const { api } = hostile.platform;
    const made = await deployAndWait(hostile.platform, { source: own.path });
    expect(made.error).toBeNull();
    const body = JSON.stringify({ variables: [{ name: "TOKEN", value: SECRET, context: "all", secret: true }] });
    expect((await api(`/projects/${project}/variables`, { method: "PUT", body })).status).toBe(200);
    const done = await deployAndWait(hostile.platform, { source: own.path, force: true });
    expect(done.error).toBeNull();
    const log = await logOf(hostile.platform, done.id);
    expect(log).toContain("TOKEN=***");
    expect(log).toMatch(/^\*\*\*$/m);
    for (const form of [SECRET, encodeURIComponent(SECRET), Buffer.from(SECRET).toString("base64").slice(0, -4)]) {
      expect(log).not.toContain(form);
    }
    const stranger = await hostile.repository(`stranger-${mode}`, site);
    const fork = await deployAndWait(hostile.platform, { source: stranger.path, project });
    expect(fork).toMatchObject({ error: null, trust: "fork" });
    const forkLog = await logOf(hostile.platform, fork.id);
    expect(forkLog).toContain("no secret");
    expect(forkLog).not.toContain("TOKEN=");
    expect(forkLog).not.toContain(SECRET);
  }, 120_000);
});

test("without the wall what one project writes is found by the next", async () => {
  const hostile = await startHostilePlatform("none", { dataDirectory });
  try {
    const evil = { build: `${poison("poison-none")}; ${WRITES_PAGE}` };
    expect((await hostile.build("evil-none", evil)).error).toBeNull();
    const victim = await hostile.build("victim-none", { build: `${LOOK}; ${WRITES_PAGE}` });
    expect(victim.log).toContain("poison-none");
  } finally {
    await hostile.close();
    await rm(SHARED, { force: true });
  }
}, 120_000);
