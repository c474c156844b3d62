import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Fetcher, LIMITS, openFetcher } from "../support/fetcher.ts";
import { type GitServer, startGitServer } from "../support/git-server.ts";
import { bare, MODES, newFolder, UID_BASE } from "../support/hostile.ts";
import { startHostilePlatform } from "../support/hostile-platform.ts";
import { runToEnd } from "../support/process.ts";

/** Repositories and addresses of sources that are a trap; what a git that trusts them does is the control. */
const TOKEN = `ghp_${crypto.randomUUID()}`;
let root: Awaited<ReturnType<typeof newFolder>>;
let server: GitServer;
let canary: GitServer;

const git = (args: string[], cwd = root.path) =>
  runToEnd(["git", "-c", "user.name=T", "-c", "user.email=t@example.com", "-C", cwd, ...args], {
    env: { PATH: Bun.env.PATH!, HOME: root.path },
  });

beforeAll(async () => {
  root = await newFolder();
  canary = startGitServer({ root: root.path });
  server = startGitServer({
    root: root.path,
    intercept(request) {
      const { pathname, search } = new URL(request.url);
      if (!pathname.startsWith("/moved")) return undefined;
      return Response.redirect(`${canary.url}${pathname.replace("moved", "site")}${search}`, 302);
    },
  });
  await mkdir(join(root.path, "site.git"));
  await git(["init", "-q", "-b", "main", "site.git"]);
  await Bun.write(join(root.path, "site.git/index.html"), "site");
  await commit("site.git");
  await mkdir(join(root.path, "blob.git"));
  await git(["init", "-q", "-b", "main", "blob.git"]);
  await Bun.write(join(root.path, "blob.git/zeros.html"), Buffer.alloc(150_000_000));
  await commit("blob.git");
  await treeBomb();
}, 60_000);
afterAll(async () => {
  await server?.stop();
  await canary?.stop();
  await root.remove();
});

async function commit(name: string): Promise<void> {
  await git(["add", "--all"], join(root.path, name));
  await git(["commit", "-q", "-m", "one"], join(root.path, name));
}

/** Five objects that stand for 100,000 files: each tree holds the one below ten times. */
async function treeBomb(): Promise<void> {
  const cwd = join(root.path, "trees.git");
  await mkdir(cwd);
  const script = `git init -q --bare -b main . && id=$(echo x | git hash-object -w --stdin) && kind='100644 blob'
    for level in 1 2 3 4 5; do
      id=$(for n in 0 1 2 3 4 5 6 7 8 9; do printf '%s %s\\tf%s\\n' "$kind" "$id" $n; done | git mktree)
      kind='040000 tree'
    done
    git update-ref refs/heads/main $(git -c user.name=T -c user.email=t@example.com commit-tree -m bomb $id)`;
  expect(await bare(script, { cwd })).toMatchObject({ status: 0 });
}

describe.each(MODES)("behind the wall, mode %s", (mode) => {
  let folder: Awaited<ReturnType<typeof newFolder>>;
  let fetcher: Fetcher;
  beforeAll(async () => {
    folder = await newFolder();
    fetcher = await openFetcher(folder.path, UID_BASE, mode);
  });
  afterAll(async () => {
    await fetcher?.sandbox.close();
    await folder.remove();
  });
  const codeOf = (url: string) =>
    fetcher.fetch(url, { limits: LIMITS }).then(
      () => "none",
      ({ code }: { code: string }) => code,
    );

  test("a redirect to another server is not followed", async () => {
    canary.requests.splice(0);
    expect(await codeOf(`${server.url}/site.git`)).toBe("none");
    expect(await codeOf(`${server.url}/moved.git`)).not.toBe("none");
    expect(canary.requests).toEqual([]);
  });

  test("a blob and a tree that grow when they are read are refused by their size", async () => {
    expect(await codeOf(`${server.url}/blob.git`)).toBe("source_too_large");
    expect(await codeOf(`${server.url}/trees.git`)).toBe("source_too_large");
  });

  test.each([
    ...["ext::sh -c id", "file:///etc", "--upload-pack=id", "git://127.0.0.1/x", "ssh://-oProxyCommand=id/x"],
    // A shell that an ssh configuration starts would run these.
    ...["ssh://git@$(id)/x", "ssh://git@a;id/x", "ssh://git@a`id`/x", "ssh://git@%24(id)/x", "http://$(id)/x"],
    ...["ssh://$(id)@127.0.0.1/x", "ssh://-oProxyCommand=id@127.0.0.1/x", "$(id)@127.0.0.1:x"],
  ])("%s is no source", async (url) => expect(await codeOf(url)).toBe("source_invalid"));
});

test("a token in a URL is refused, and no file, log or answer of the platform holds it", async () => {
  const hostile = await startHostilePlatform("user");
  try {
    const source = `${server.url.replace("//", `//user:${TOKEN}@`)}/site.git`;
    const response = await hostile.platform.api("/deployments", { method: "POST", body: JSON.stringify({ source }) });
    expect(response.status).toBe(400);
    const text = await response.text();
    expect(text).toContain("source_has_credentials");
    expect(text + hostile.platform.output()).not.toContain(TOKEN);
    const { dataDirectory } = hostile.platform;
    // What is in the image of a slot's disk is read where it is mounted.
    const found = await bare(`grep -r -l -a -F --exclude=disk.img "$(printf %s ${TOKEN})" . ; true`, {
      cwd: dataDirectory,
    });
    expect(found.text).toBe("");
  } finally {
    await hostile.close();
  }
}, 60_000);

describe("a git that trusts what it is given", () => {
  test("follows the redirect, and sends what it has", async () => {
    canary.requests.splice(0);
    expect(await bare(`git clone -q ${server.url}/moved.git followed`, { cwd: root.path })).toMatchObject({
      status: 0,
    });
    expect(canary.requests.length).toBeGreaterThan(0);
  });

  test("takes a ref for an option, and runs it", async () => {
    const trap = join(root.path, "trap");
    await bare(`git -C site.git fetch -q . '--upload-pack=touch ${trap};'`, { cwd: root.path });
    expect(existsSync(trap)).toBe(true);
  });

  test("keeps the token of a URL where builds can read it", async () => {
    const url = `${server.url.replace("//", `//user:${TOKEN}@`)}/site.git`;
    await bare(`git clone -q ${url} kept`, { cwd: root.path });
    expect(await readFile(join(root.path, "kept/.git/config"), "utf8")).toContain(TOKEN);
  });

  test("writes and lists all that small packs stand for", async () => {
    const { text } = await bare("git -C trees.git ls-tree -r HEAD | wc -l; du -sb blob.git/.git | cut -f 1", {
      cwd: root.path,
    });
    const [entries, packedBytes] = text.trim().split("\n").map(Number);
    expect(entries).toBe(100_000);
    expect(packedBytes).toBeLessThan(1_000_000);
    expect(Bun.file(join(root.path, "blob.git/zeros.html")).size).toBe(150_000_000);
  });
});
