import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Fetcher, openFetcher } from "../../test/support/fetcher.ts";
import { type GitServer, startGitServer } from "../../test/support/git-server.ts";
import { runToEnd } from "../../test/support/process.ts";
import { environment } from "../environment.ts";
import { sha256 } from "../model/ids.ts";
import { GitSession } from "./git-session.ts";

/** Submodules and large files, from real servers on loopback, behind the wall. */
let folder: string;
let fetcher: Fetcher;
let http: GitServer;
let https: GitServer;
let caFile: string;
const LARGE = "L".repeat(5000);
const OID = sha256(LARGE);
const POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${OID}\nsize ${LARGE.length}\n`;
let largeIsLost = false;

const PATH = environment.variables.PATH!;
const run = (...command: string[]) => runToEnd(command, { env: { PATH, HOME: folder } });
const git = (name: string, ...args: string[]) =>
  run("git", "-C", join(folder, name), "-c", "user.name=T", "-c", "user.email=t@example.com", ...args);

/** A repository with files and, at given paths, links to commits of others. */
async function repository(name: string, files: Record<string, string>, links: Record<string, string> = {}) {
  await mkdir(join(folder, name), { recursive: true });
  await git(name, "init", "-q", "-b", "main");
  for (const [path, text] of Object.entries(files)) await writeFile(join(folder, name, path), text);
  await git(name, "add", "--all");
  for (const [path, commit] of Object.entries(links)) {
    await git(name, "update-index", "--add", "--cacheinfo", `160000,${commit},${path}`);
  }
  await git(name, "commit", "-q", "-m", "one");
  return (await git(name, "rev-parse", "HEAD")).trim();
}

const modules = (urls: Record<string, string>) =>
  Object.entries(urls)
    .map(([path, url]) => `[submodule "${path}"]\n\tpath = ${path}\n\turl = ${url}\n`)
    .join("");

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-parts-"));
  await chmod(folder, 0o711);
  fetcher = await openFetcher(folder, 52_900);
  caFile = join(folder, "cert.pem");
  await run(
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...["-keyout", join(folder, "key.pem"), "-out", caFile, "-subj", "/CN=t", "-addext", "subjectAltName=IP:127.0.0.1"],
  );
  const tls = { cert: await Bun.file(caFile).text(), key: await Bun.file(join(folder, "key.pem")).text() };
  https = startGitServer({ root: folder, tls });
  http = startGitServer({ root: folder, intercept: answerForLarge });
});
afterAll(async () => {
  await http?.stop();
  await https?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The batch API of Git LFS (docs/api/batch.md) and its download. */
async function answerForLarge(request: Request): Promise<Response | undefined> {
  const { pathname, origin } = new URL(request.url);
  if (pathname === `/large/${OID}`) return new Response(LARGE);
  if (!pathname.endsWith("/info/lfs/objects/batch")) return undefined;
  const { objects } = (await request.json()) as { objects: { oid: string; size: number }[] };
  const host = request.headers.get("host");
  const answered = objects.map(({ oid, size }) => ({
    ...{ oid, size },
    ...(largeIsLost
      ? { error: { code: 404, message: "Object does not exist" } }
      : { actions: { download: { href: `${host ? `http://${host}` : origin}/large/${oid}` } } }),
  }));
  return Response.json(
    { transfer: "basic", objects: answered },
    { headers: { "Content-Type": "application/vnd.git-lfs+json" } },
  );
}

async function failure(
  url: string,
  wishes: Parameters<Fetcher["fetch"]>[1] = {},
): Promise<{ code?: string; message: string; hint: string }> {
  return await fetcher.fetch(url, wishes).then(
    () => ({ message: "it did not fail", hint: "" }),
    (error: { code: string; message: string; hint: string }) => error,
  );
}

test("submodules of submodules, by relative URLs and over https, lie at their paths", async () => {
  const inner = await repository("inner.git", { "inner.txt": "inner" });
  const secure = await repository("secure.git", { "secure.txt": "secure" });
  const middle = await repository(
    "middle.git",
    { "middle.txt": "middle", ".gitmodules": modules({ "deep/in": "../inner.git" }) },
    { "deep/in": inner },
  );
  const files = {
    "index.html": "top",
    ".gitmodules": modules({ "lib/middle": "../middle.git", secure: `${https.url}/secure.git` }),
  };
  await repository("top.git", files, { "lib/middle": middle, secure, unnamed: secure });
  const given = { environment: { caFile } };
  for (const url of [`${http.url}/top.git`, join(folder, "top.git")]) {
    const result = await fetcher.fetch(url, given);
    expect(result.files).toMatchObject({
      "index.html": "100644 top",
      "lib/middle/middle.txt": "100644 middle",
      "lib/middle/deep/in/inner.txt": "100644 inner",
      "secure/secure.txt": "100644 secure",
    });
    expect(result.log.join("\n")).toContain("'unnamed' is left out");
  }
});

test("a submodule that can't be had fails the deployment, with its path and the reason", async () => {
  const commit = "1".repeat(40);
  const cases: [string, string][] = [
    ["../none.git", "lib/x"],
    ["ssh://git@host.example:2222/a/b.git", "is not an https one"],
    ["https://127.0.0.1:1/x.git", "could not be reached"],
    ["../inner.git", `no commit ${commit}`],
  ];
  for (const [index, [url, reason]] of cases.entries()) {
    await repository(`bad${index}.git`, { ".gitmodules": modules({ "lib/x": url }) }, { "lib/x": commit });
    const error = await failure(`${http.url}/bad${index}.git`);
    expect(error).toMatchObject({ code: "submodule_failed" });
    expect(error.message).toContain("'lib/x'");
    expect(error.message).toContain(reason);
    expect(error.hint.includes("must be public")).toBe(reason !== "could not be reached");
  }
});

test("large files take the place of their pointers", async () => {
  const files = { ".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n", "a.bin": POINTER, "b.txt": "b" };
  await repository("large.git", files);
  // git-lfs asks no proxy for loopback addresses; a name is another matter.
  const url = http.url.replace("127.0.0.1", "lfs.test");
  const wall = { resolve: async () => ["127.0.0.1"] };
  const result = await fetcher.fetch(`${url}/large.git`, { wall });
  expect(result.files).toMatchObject({ "a.bin": `100644 ${LARGE}`, "b.txt": "100644 b" });

  largeIsLost = true;
  const error = await failure(`${url}/large.git`, { wall });
  expect(error).toMatchObject({ code: "large_files_failed" });
  expect(error.message).not.toContain("status");
});

test("a local repository's large files are its own copies", async () => {
  const kept = join(folder, "large.git/.git/lfs/objects", OID.slice(0, 2), OID.slice(2, 4));
  await mkdir(kept, { recursive: true });
  await writeFile(join(kept, OID), LARGE);
  for (const wall of [{}, "none"] as const) {
    const result = await fetcher.fetch(join(folder, "large.git"), { wall });
    expect(result.files["a.bin"]).toBe(`100644 ${LARGE}`);
  }
});

test("hundreds of large files are found, and more input than a pipe holds arrives", async () => {
  const files: Record<string, string> = { ".gitattributes": "*.bin filter=lfs\n" };
  for (let index = 0; index < 300; index += 1) {
    const content = `large ${index}`;
    const oid = sha256(content);
    files[`${index}.bin`] = `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${content.length}\n`;
    const kept = join(folder, "many.git/.git/lfs/objects", oid.slice(0, 2), oid.slice(2, 4));
    await mkdir(kept, { recursive: true });
    await writeFile(join(kept, oid), content);
  }
  await repository("many.git", files);
  const result = await fetcher.fetch(join(folder, "many.git"));
  expect(result.files["0.bin"]).toBe("100644 large 0");
  expect(result.files["299.bin"]).toBe("100644 large 299");

  const session = await GitSession.open(fetcher.options(join(folder, "many.git")));
  try {
    await session.reach(join(folder, "many.git"), { name: "source" });
    const input = "x".repeat(1_000_000);
    const { stdout } = await session.run(["hash-object", "--stdin"], { input });
    const expected = new Bun.CryptoHasher("sha1").update(`blob ${input.length}\0${input}`).digest("hex");
    expect(stdout.trim()).toBe(expected);
  } finally {
    await session.close();
  }
}, 30_000);
