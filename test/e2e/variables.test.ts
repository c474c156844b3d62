import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { Glob } from "bun";
import type { Deployment } from "../../src/model/deployment.ts";
import type { Variable } from "../../src/model/variables.ts";
import { deployAndWait, logOf } from "../support/deploy.ts";
import { ROOT, removeDataDirectory, startPlatform, type TestPlatform } from "../support/platform.ts";
import { buildableSite, newRepository, type TestRepository } from "../support/repositories.ts";

const TOKEN = "tok/en+W1th=signs&é";
const KEY = "-----BEGIN KEY-----\nMIIBVwIBADANBgkqhkiG9w0B\nnot-so-short-a-line\n-----END KEY-----";
const PREVIEW_TOKEN = "preview-only-9f2c";

/** Prints what it sees in many ways and in pieces, and publishes the names of what it sees and what is no secret. */
const TELLS = `import { mkdirSync, writeFileSync } from "node:fs";
const { TOKEN = "", KEY = "", TITLE = "no title", LEVEL = "none", PATH, HOME } = process.env;
const pause = () => new Promise((done) => setTimeout(done, 5));
console.log("token: " + TOKEN + " url: " + encodeURIComponent(TOKEN) + " json: " + JSON.stringify({ TOKEN }));
console.error("basic: " + Buffer.from("user:" + TOKEN).toString("base64"));
for (const character of TOKEN) { process.stdout.write(character); await pause(); }
process.stdout.write("\\n" + "x".repeat(3990) + TOKEN + TOKEN + "x".repeat(9000) + "\\n");
console.log(KEY);
console.log(Buffer.from(KEY).toString("base64").replace(/.{76}/g, "$&\\n"));
const seen = ["TOKEN", "KEY", "TITLE", "LEVEL", "TOOL"].filter((name) => process.env[name] !== undefined);
mkdirSync("dist");
writeFileSync("dist/index.html", "title=" + TITLE + " level=" + LEVEL + " seen=" + seen + " home=" + HOME);
if (TITLE === "leak") writeFileSync("dist/big.js", "y".repeat(300000) + TOKEN + "y".repeat(9));
if (TITLE === "leak64") writeFileSync("dist/config.js", Buffer.from("key=" + TOKEN).toString("base64"));
if (TITLE === "leakjson") writeFileSync("dist/key.json", JSON.stringify({ KEY }));
if (TITLE === "leakname") writeFileSync("dist/" + encodeURIComponent(TOKEN) + ".txt", "");
if (TITLE === "fail") { console.log("last words " + TOKEN); process.exit(1); }
`;
const SITE = buildableSite(TELLS);
SITE["package.json"] = JSON.stringify({
  name: "site",
  private: true,
  scripts: {
    build: "node build.mjs",
    preinstall: "node -p '\"install sees \" + [process.env.TOKEN, process.env.TOOL]'",
  },
});

describe("variables", () => {
  let platform: TestPlatform;
  let own: TestRepository;
  const repositories: TestRepository[] = [];
  beforeAll(async () => {
    platform = await startPlatform();
    own = await repository("beacon", SITE);
    await deployAndWait(platform, { source: own.path });
  }, 120_000);
  afterAll(async () => {
    await platform.stop();
    for (const each of repositories) await each.remove();
    await removeDataDirectory(platform.dataDirectory);
  }, 30_000);

  const repository = async (name: string, files: Record<string, string>) => {
    const made = await newRepository(name, files);
    repositories.push(made);
    return made;
  };
  const berth = async (args: string[], stdin = "") => {
    const child = Bun.spawn([join(ROOT, "berth"), ...args, "--json", "--data", platform.dataDirectory], {
      stdin: new Blob([stdin]),
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    return { exit: await child.exited, stdout, stderr, document: JSON.parse(stdout) };
  };
  const set = (args: string[], stdin?: string) => berth(["env", "set", "--project", "beacon", ...args], stdin);
  const deploy = (wish: Record<string, unknown> = {}) =>
    deployAndWait(platform, { source: own.path, force: true, ...wish });
  const pageOf = async ({ url }: Deployment) => (await platform.site(new URL(url).host, "/")).text();
  const variables = async () =>
    ((await (await platform.api("/projects/beacon/variables")).json()) as { variables: Variable[] }).variables;

  test("are set from the command line and listed, a secret without its value", async () => {
    expect((await set(["TOKEN=-", "--secret", "--context", "production"], `${TOKEN}\n`)).exit).toBe(0);
    expect((await set([`TOKEN=${PREVIEW_TOKEN}`, "--secret", "--context", "preview"])).exit).toBe(0);
    expect((await set(["KEY=-", "--secret"], KEY)).exit).toBe(0);
    expect((await set(["TITLE=Harbour", "LEVEL=all", "TOOL=9"])).exit).toBe(0);
    expect((await set(["LEVEL=production", "--context", "production"])).exit).toBe(0);
    const done = await set(["TOOL=9.1", "--install"]);
    expect(done.stdout + done.stderr).not.toMatch(/signs|preview-only|MIIB/);
    const listed = await berth(["env", "ls", "--project", "beacon"]);
    expect(listed.document).toMatchObject({
      project: "beacon",
      variables: [
        { name: "KEY", context: "all", secret: true, value: null, locked: false },
        { name: "LEVEL", context: "all", secret: false, value: "all" },
        { name: "LEVEL", context: "production", value: "production" },
        { name: "TITLE", value: "Harbour" },
        { name: "TOKEN", context: "preview", secret: true, value: null },
        { name: "TOKEN", context: "production", secret: true, value: null },
        { name: "TOOL", install: true, value: "9.1" },
      ],
    });
    expect(listed.stdout).not.toMatch(/signs|preview-only|MIIB/);
    const { paths } = (await (await platform.api("/openapi.json")).json()) as { paths: Record<string, object> };
    expect(Object.keys(paths["/projects/{name}/variables"]!).sort()).toEqual(["delete", "get", "put"]);
  }, 60_000);

  test("that are wrong are refused by form, with the reason and without the value", async () => {
    const refusals: [args: string[], exit: number, code: string][] = [
      [["PATH=/tmp/abc-secret"], 1, "variable_invalid"],
      [["PIN=123", "--secret"], 1, "variable_invalid"],
      [["9LIVES=abc-secret"], 1, "variable_invalid"],
      [["abc-secret"], 2, "usage"],
      [["A=abc-secret", "--context", "staging"], 2, "usage"],
      [["A=-", "B=-"], 2, "usage"],
    ];
    for (const [args, exit, code] of refusals) {
      const refused = await set(args);
      expect([args, refused.exit, refused.document.error?.code]).toEqual([args, exit, code]);
      expect(refused.stdout + refused.stderr).not.toContain("abc-secret");
    }
    const missing = await berth(["env", "rm", "NOPE", "TITLE", "--project", "beacon"]);
    expect([missing.exit, missing.document.error.code]).toEqual([1, "variable_not_found"]);
    expect((await variables()).length).toBe(7);
  }, 60_000);

  test("a production build sees its own, the install step what is declared for it, and no log shows a secret", async () => {
    const done = await deploy();
    expect([done.status, done.error, done.trust]).toEqual(["ready", null, "production"]);
    expect(await pageOf(done)).toBe("title=Harbour level=production seen=TOKEN,KEY,TITLE,LEVEL,TOOL home=/home");
    const log = await logOf(platform, done.id);
    expect(log).toContain("install sees ,9.1");
    expect(log).toContain('token: *** url: *** json: {"TOKEN":"***"}');
    const forms = [TOKEN, encodeURIComponent(TOKEN), Buffer.from(TOKEN).toString("base64").slice(0, -4)];
    const base64Key = Buffer.from(KEY).toString("base64");
    for (const form of [...forms, ...KEY.split("\n"), base64Key.slice(0, 76), base64Key.slice(76, -4)]) {
      expect(log).not.toContain(form);
    }
    expect(log).not.toContain(Buffer.from(`user:${TOKEN}`).toString("base64").slice(8, -4));
  }, 60_000);

  test("a preview sees its own", async () => {
    await own.commit({ "note.txt": "x" }, { branch: "side" });
    const done = await deploy({ branch: "side" });
    expect([done.status, done.trust]).toEqual(["ready", "preview"]);
    expect(await pageOf(done)).toContain("level=all seen=TOKEN,KEY,TITLE,LEVEL,TOOL");
    const log = await logOf(platform, done.id);
    expect(log).toContain("token: *** ");
    expect(log).not.toContain(PREVIEW_TOKEN);
  }, 60_000);

  test("another repository in the project is a fork: no variables, not its branch's host, not production", async () => {
    const fork = await repository("stranger", SITE);
    const before = await (await platform.site("main--beacon.localhost", "/")).text();
    const { document: done, stderr } = await berth(["deploy", fork.path, "--project", "beacon"]);
    expect(done).toMatchObject({ status: "ready", project: "beacon", trust: "fork", production: false, aliases: [] });
    expect(stderr).toContain("a fork gets no variables");
    expect(await pageOf(done)).toBe("title=no title level=none seen= home=/home");
    for (const host of ["beacon.localhost", "main--beacon.localhost"]) {
      expect(await (await platform.site(host, "/")).text()).toBe(before);
    }
    const moved = await berth(["projects", "set", "beacon", `repository=${fork.path}`]);
    expect(moved.document).toMatchObject({ repository: fork.path });
    expect((await deploy({ source: fork.path, project: "beacon" })).trust).toBe("production");
    await berth(["projects", "set", "beacon", `repository=${own.path}`]);
  }, 120_000);

  test("a commit that is not of the branch it is deployed as is a fork, and not production", async () => {
    const commit = await own.commit({ "note.txt": "proposed" }, { branch: "side" });
    const before = await (await platform.site("beacon.localhost", "/")).text();
    const done = await deploy({ branch: "main", commit });
    expect(done).toMatchObject({ status: "ready", trust: "fork", production: false, aliases: [] });
    expect(await pageOf(done)).toBe("title=no title level=none seen= home=/home");
    expect(await logOf(platform, done.id)).toContain("not in the history of the branch 'main'");
    expect(await (await platform.site("beacon.localhost", "/")).text()).toBe(before);
    expect((await deploy({ branch: "side", commit })).trust).toBe("preview");
  }, 60_000);

  test.each([
    ["leak", "big.js", "TOKEN"],
    ["leak64", "config.js", "TOKEN"],
    ["leakjson", "key.json", "KEY"],
    ["leakname", "***.txt", "TOKEN"],
  ])(
    "output with a secret (%s) is refused by the file's and the variable's name",
    async (title, file, name) => {
      await set([`TITLE=${title}`]);
      const done = await deploy();
      expect([done.error?.code, done.error?.message]).toEqual([
        "output_refused",
        `"${file}" can't be published: it holds the value of the secret '${name}'.`,
      ]);
      expect(JSON.stringify(done)).not.toMatch(/signs|MIIB/);
      await set(["TITLE=Harbour"]);
    },
    60_000,
  );

  test("the error of a failed build shows no secret", async () => {
    await set(["TITLE=fail"]);
    const done = await deploy();
    expect(done.error).toMatchObject({ code: "build_failed", hint: expect.stringContaining("last words ***") });
    await set(["TITLE=Harbour"]);
  }, 60_000);

  test("files that are served as they are get the same look", async () => {
    const page = await repository("plain", { "index.html": "<p>plain" });
    await deployAndWait(platform, { source: page.path });
    expect((await berth(["env", "set", "K=in-plain-sight", "--secret", "--project", "plain"])).exit).toBe(0);
    await page.commit({ "js/app.js": 'fetch("/x?in-plain-sight")' });
    const leaked = await deployAndWait(platform, { source: page.path });
    expect(leaked.error).toMatchObject({ code: "output_refused", message: expect.stringContaining('"js/app.js"') });
    await page.commit({ "js/app.js": "", ".env": "A=1" });
    const envFile = await deployAndWait(platform, { source: page.path });
    expect(envFile.error).toMatchObject({ code: "output_refused", message: expect.stringContaining('".env"') });
    expect(await (await platform.site("plain.localhost", "/")).text()).toBe("<p>plain");
  }, 60_000);

  test("no file of the platform holds a value in clear, and the key is for its owner alone", async () => {
    const info = await stat(join(platform.dataDirectory, "secrets.key"));
    expect([info.size, info.mode & 0o777]).toEqual([32, 0o600]);
    const values = [TOKEN, PREVIEW_TOKEN, "MIIBVwIBADANBgkqhkiG9w0B"].map((value) => Buffer.from(value));
    const holding: string[] = [];
    for await (const path of new Glob("**").scan({ cwd: platform.dataDirectory, dot: true, absolute: true })) {
      const bytes = Buffer.from(
        await Bun.file(path)
          .bytes()
          .catch(() => new Uint8Array()),
      );
      if (values.some((value) => bytes.includes(value))) holding.push(path);
    }
    expect(holding).toEqual([]);
    expect(platform.output()).not.toMatch(/signs|preview-only|MIIB/);
  }, 60_000);

  test("without their key they are locked and not lost, and builds say why", async () => {
    const { dataDirectory } = platform;
    const key = join(dataDirectory, "secrets.key");
    await platform.stop();
    await rename(key, `${key}.away`);
    platform = await startPlatform({ dataDirectory });
    expect((await deploy()).error).toMatchObject({
      code: "secrets_key_wrong",
      hint: expect.stringMatching(/secrets\.key/),
    });
    expect((await variables()).every(({ locked, value }) => locked && value === null)).toBe(true);
    expect((await set(["NEW=1"])).document.error.code).toBe("secrets_key_wrong");
    await rename(`${key}.away`, key);
    expect((await variables()).find(({ name }) => name === "TITLE")?.value).toBe("Harbour");
    expect((await deploy()).status).toBe("ready");
    await platform.stop();
    const other = Buffer.alloc(32, 7).toString("base64");
    platform = await startPlatform({ dataDirectory, env: { BERTH_SECRETS_KEY: other } });
    expect((await deploy()).error?.code).toBe("secrets_key_wrong");
    expect((await set(["NEW=1"])).document.error.code).toBe("secrets_key_wrong");
    expect((await berth(["env", "rm", "TOKEN", "--context", "preview", "--project", "beacon"])).exit).toBe(0);
    expect((await variables()).length).toBe(6);
    await platform.stop();
    const told = await startPlatform({ env: { BERTH_SECRETS_KEY: "abc-secret" } }).catch(
      ({ message }: Error) => message,
    );
    expect(told).toContain("BERTH_SECRETS_KEY");
    expect(told).not.toContain("abc-secret");
  }, 120_000);
});
