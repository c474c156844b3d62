import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmod, cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BerthError } from "../../src/model/errors.ts";
import { withoutCredentials } from "../../src/upload/git-errors.ts";
import { classifyPath } from "../../src/work/classify-path.ts";
import { type Fetcher, LIMITS, openFetcher, type Wishes } from "../support/fetcher.ts";
import { type GitServer, startGitServer } from "../support/git-server.ts";
import { type SshServer, startSshServer } from "../support/ssh-server.ts";

let folder: string;
let site: string;
let first: string;
let http: GitServer;
let ssh: SshServer;
let redirectTo = "";
let fetcher: Fetcher;

async function git(cwd: string, ...args: string[]): Promise<string> {
  const identity = ["-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "safe.directory=*"];
  const child = Bun.spawn(["git", ...identity, ...args], { cwd, stdout: "pipe", stderr: "pipe" });
  const [text, faults] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  if ((await child.exited) !== 0) throw new Error(faults);
  return text.trim();
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-fetch-"));
  await chmod(folder, 0o711);
  fetcher = await openFetcher(folder, 52_600);
  site = join(folder, "site.git");
  await mkdir(join(site, "sub"), { recursive: true });
  await git(site, "init", "-q", "-b", "main");
  await writeFile(join(site, "index.html"), "one");
  await writeFile(join(site, "sub/ü run.sh"), "#!/bin/sh\n");
  await chmod(join(site, "sub/ü run.sh"), 0o755);
  await symlink("../index.html", join(site, "sub/link"));
  await writeFile(join(site, "big.bin"), Buffer.alloc(9_000_000, "x"));
  await git(site, "add", ".");
  await git(site, "update-index", "--add", "--cacheinfo", `160000,${"1".repeat(40)},module`);
  await git(site, "commit", "-qm", "one");
  first = await git(site, "rev-parse", "HEAD");
  await writeFile(join(site, "index.html"), "two");
  await git(site, "add", "index.html");
  await git(site, "commit", "-qm", "two");
  await git(site, "branch", "feature/x", first);
  await mkdir(join(folder, "empty.git"));
  await git(join(folder, "empty.git"), "init", "-q", "--bare");
  http = startGitServer({
    root: folder,
    intercept(request) {
      const { pathname, search } = new URL(request.url);
      if (pathname.startsWith("/private"))
        return new Response("", { status: 401, headers: { "WWW-Authenticate": "Basic" } });
      if (pathname.startsWith("/moved")) return Response.redirect(`${redirectTo}${pathname}${search}`, 301);
      if (pathname.startsWith("/site/"))
        return Response.redirect(pathname.replace("/site/", "/site.git/") + search, 301);
      if (pathname.startsWith("/down")) return new Response("", { status: 503 });
      return undefined;
    },
  });
  ssh = await startSshServer();
});

afterAll(async () => {
  await http?.stop();
  await ssh?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function failure(url: string, given: Wishes = {}): Promise<BerthError> {
  const error = await fetcher.fetch(url, given).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof BerthError)) throw error ?? new Error("it did not fail");
  expect(await readdir(join(folder, "tmp")).catch(() => [])).toEqual([]);
  expect((await readdir(join(folder, "slots"))).filter((name) => /^\d+$/.test(name))).toEqual([]);
  return error;
}

const FILES = {
  "big.bin": "100644 ",
  "index.html": "100644 two",
  "sub/link": "120000 ../index.html",
  "sub/ü run.sh": "100755 #!/bin/sh\n",
};

test.each([
  ["behind the wall", {}],
  ["without a wall", { wall: "none" }],
] as const)("a path, HTTP and both forms of ssh give the same files, with modes and links: %s", async (_, given) => {
  const me = ssh.user;
  for (const url of [
    site,
    `${http.url}/site.git`,
    `ssh://${me}@127.0.0.1:${ssh.port}${site}`,
    `${me}@127.0.0.1:${site}`,
  ]) {
    const result = await fetcher.fetch(url, { environment: { sshConfigFile: ssh.accepted }, ...given });
    expect(result.files).toEqual(FILES);
    expect(result).toMatchObject({ branch: "main", defaultBranch: "main", isDefaultBranch: true });
    expect(result.log.join()).toContain("submodule 'module'");
  }
  expect(await readdir(join(folder, "tmp"))).toEqual([]);
});

test("a branch, a commit and a detached HEAD", async () => {
  const branch = await fetcher.fetch(site, { branch: "feature/x" });
  expect(branch).toMatchObject({ branch: "feature/x", commit: first, isDefaultBranch: false });
  expect(branch.files["index.html"]).toBe("100644 one");
  expect(await fetcher.fetch(`${http.url}/site.git`, { commit: first })).toMatchObject({ branch: null, commit: first });
  await git(folder, "clone", "-q", site, "detached");
  await git(join(folder, "detached"), "checkout", "-q", "--detach", first);
  const detached = await fetcher.fetch(join(folder, "detached"));
  expect(detached).toMatchObject({ branch: null, defaultBranch: null, commit: first, isDefaultBranch: false });
  expect(detached.log.join()).toContain("detached");
});

test("a commit is its branch's own only when it is in that branch's history", async () => {
  await git(folder, "clone", "-q", "--bare", site, "own.git");
  const own = join(folder, "own.git");
  const tree = await git(own, "rev-parse", "HEAD^{tree}");
  let tip = await git(own, "rev-parse", "HEAD");
  const middle = tip;
  for (let count = 0; count < 120; count += 1) tip = await git(own, "commit-tree", tree, "-p", tip, "-m", `${count}`);
  await git(own, "update-ref", "refs/heads/main", tip);
  const near = await git(own, "rev-parse", "main~3");
  const proposed = await git(own, "commit-tree", tree, "-p", tip, "-m", "from a fork");
  await git(own, "update-ref", "refs/pull/1/head", proposed);
  await git(own, "config", "uploadpack.allowAnySHA1InWant", "true");
  const cases: [string | undefined, string, boolean][] = [
    ["main", tip, true],
    ["main", near, true],
    ["main", middle, true],
    ["feature/x", first, true],
    ["feature/x", near, false],
    ["gone", tip, false],
    ["main", proposed, false],
    [undefined, proposed, false],
    [undefined, tip, true],
    [undefined, middle, true],
  ];
  for (const filter of ["true", "false"]) {
    await git(own, "config", "uploadpack.allowFilter", filter);
    const asked = filter === "true" ? cases : cases.filter(([branch]) => branch === "main");
    for (const [branch, commit, isOwn] of asked) {
      const result = await fetcher.fetch(`${http.url}/own.git`, { ...(branch && { branch }), commit });
      expect([branch, result.commit, result.isOwn]).toEqual([branch, commit, isOwn]);
    }
  }
  const local = await fetcher.fetch(own, { branch: "main", commit: middle });
  expect(local.isOwn).toBe(true);
  expect((await fetcher.fetch(own, { branch: "main", commit: proposed })).isOwn).toBe(false);
}, 120_000);

test("a repository with SHA-256 ids", async () => {
  await git(folder, "init", "-q", "-b", "main", "--object-format=sha256", "long");
  await writeFile(join(folder, "long/a"), "a");
  await git(join(folder, "long"), "add", ".");
  await git(join(folder, "long"), "commit", "-qm", "a");
  expect((await fetcher.fetch(join(folder, "long"))).files).toEqual({ a: "100644 a" });
});

test("each fault of the source has its own error", async () => {
  expect((await failure(`${http.url}/none.git`)).code).toBe("repository_not_found");
  expect((await failure(join(folder, "none"))).code).toBe("repository_not_found");
  expect((await failure(`${http.url}/private.git`)).code).toBe("repository_not_found");
  expect((await failure(`${http.url}/down.git`)).code).toBe("source_unreachable");
  expect((await failure("http://127.0.0.1:1/x.git")).code).toBe("source_unreachable");
  expect((await failure("http://no-such-host.invalid/x.git")).code).toBe("source_unreachable");
  expect((await failure(`${http.url}/empty.git`)).code).toBe("repository_empty");
  expect((await failure(`${http.url}/empty.git`, { branch: "main" })).code).toBe("repository_empty");
  expect((await failure(`${http.url}/site.git`, { commit: "a".repeat(40) })).code).toBe("commit_not_found");
  const branch = await failure(`${http.url}/site.git`, { branch: "mian" });
  expect(branch.code).toBe("branch_not_found");
  expect(branch.hint).toContain("feature/x, main");
});

test("a repository that lacks objects is called damaged, by HTTP and as a path", async () => {
  const torn = join(folder, "torn.git");
  await cp(site, torn, { recursive: true });
  const page = await git(torn, "rev-parse", "HEAD:index.html");
  await rm(join(torn, ".git/objects", page.slice(0, 2), page.slice(2)));
  for (const source of [`${http.url}/torn.git`, torn]) {
    const { code, message } = await failure(source);
    expect([source, code, message]).toEqual([source, "source_unreachable", expect.stringContaining("is damaged")]);
  }
});

async function closedPort(): Promise<string> {
  await writeFile(join(folder, "closed.config"), "Port 1\n");
  return join(folder, "closed.config");
}

test("ssh: a refused key points to the deploy key, a closed port is unreachable", async () => {
  const url = `ssh://${ssh.user}@127.0.0.1${site}`;
  const refused = await failure(url, { environment: { sshConfigFile: ssh.refused } });
  expect(refused.code).toBe("repository_not_found");
  expect(refused.hint).toContain("deploy key");
  expect((await failure(url, { environment: { sshConfigFile: await closedPort() } })).code).toBe("source_unreachable");
  const missing = await failure(`${url}-none`, { environment: { sshConfigFile: ssh.accepted } });
  expect(missing.code).toBe("repository_not_found");
  expect(missing.message).toContain("not a git repository");
});

test("a redirect is not followed, but for the same address with .git", async () => {
  const canary = startGitServer({ root: folder });
  redirectTo = canary.url;
  const error = await failure(`${http.url}/moved`);
  expect(error.code).toBe("source_unreachable");
  expect(error.message).toContain("redirects");
  expect(canary.requests).toEqual([]);
  await canary.stop();
  expect((await fetcher.fetch(`${http.url}/site`)).files).toEqual(FILES);
});

test("hostile names reach no option parser and no helper", async () => {
  const canary = join(folder, "canary");
  for (const name of [`--upload-pack=touch ${canary}`, "-u", "a..b", "a:b"]) {
    expect((await failure(site, { branch: name })).code).toBe("branch_not_found");
  }
  for (const url of [`ext::sh -c touch% ${canary}`, `--upload-pack=touch ${canary}`, `file://${site}`, "./x"]) {
    expect((await failure(url)).code).toBe("source_invalid");
  }
  expect((await failure("https://user:secret@example.com/x")).code).toBe("source_has_credentials");
  expect((await failure(site, { commit: "--all" })).code).toBe("commit_not_found");
  expect(await Bun.file(canary).exists()).toBe(false);
  expect(withoutCredentials("at https://user:secret@host/x")).toBe("at https://host/x");
});

test("limits of size, count and time, and an abort, end the fetch", async () => {
  expect((await failure(site, { limits: { ...LIMITS, bytes: 1000 } })).code).toBe("source_too_large");
  expect((await failure(site, { limits: { ...LIMITS, files: 2 } })).code).toBe("source_too_large");
  const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const url = `http://127.0.0.1:${silent.port}/x.git`;
  expect((await failure(url, { limits: { ...LIMITS, wallMs: 100 } })).code).toBe("source_unreachable");
  const abort = new AbortController();
  const running = fetcher.fetch(url, { signal: abort.signal });
  abort.abort(new Error("stopped"));
  await expect(running).rejects.toThrow("stopped");
  silent.stop(true);
});

test("a path is a repository or a plain folder", async () => {
  expect(await classifyPath(site)).toEqual({ kind: "git", url: site, branch: null, commit: null });
  expect((await classifyPath(join(folder, "empty.git"))).kind).toBe("git");
  expect(await classifyPath(join(site, "sub"))).toEqual({ kind: "folder", path: join(site, "sub") });
  await expect(classifyPath(join(folder, "none"))).rejects.toMatchObject({ code: "source_path_missing" });
});
