import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { environment } from "../../src/environment.ts";
import { GitSession } from "../../src/upload/git-session.ts";
import { addedHostKeys } from "../../src/upload/ssh-keys.ts";
import { type Fetcher, LIMITS, openFetcher, type Wishes } from "../support/fetcher.ts";
import { type GitServer, startGitServer } from "../support/git-server.ts";
import { runToEnd } from "../support/process.ts";
import { type SshServer, startSshServer } from "../support/ssh-server.ts";

/** What a stranger's URL or repository tries with the fetch of a source. All servers stand on loopback. */
let folder: string;
let fetcher: Fetcher;
let canary: GitServer;
let ssh: SshServer;

const git = (name: string, ...args: string[]) =>
  runToEnd(["git", "-C", join(folder, name), "-c", "user.name=T", "-c", "user.email=t@example.com", ...args], {
    env: { PATH: environment.variables.PATH!, HOME: folder },
  });

const modes = process.getuid!() === 0 ? (["user", "capabilities"] as const) : (["user"] as const);
describe.each(modes)("behind the wall, mode %s", (mode) => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "berth-hostile-fetch-"));
    await chmod(folder, 0o711);
    fetcher = await openFetcher(folder, 53_000, mode);
    await mkdir(join(folder, "site.git"));
    await git("site.git", "init", "-q", "-b", "main");
    await writeFile(join(folder, "site.git/index.html"), "site");
    await git("site.git", "add", "--all");
    await git("site.git", "commit", "-q", "-m", "one");
    canary = startGitServer({ root: folder, hostname: "127.0.0.1" });
    ssh = await startSshServer();
  });
  beforeEach(() => void canary.requests.splice(0));
  afterAll(async () => {
    await canary?.stop();
    await ssh?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function codeOf(url: string, wishes: Wishes): Promise<string> {
    return await fetcher.fetch(url, wishes).then(
      () => "none",
      (error: { code: string }) => error.code,
    );
  }

  test("addresses that are not public are refused in every spelling, before anything is sent", async () => {
    const port = new URL(canary.url).port;
    const wall = { privateAddresses: false };
    for (const host of [
      "127.0.0.1",
      "localhost",
      "2130706433",
      "0x7f.1",
      "0177.0.0.1",
      "127.1",
      "[::1]",
      "[::ffff:127.0.0.1]",
      "0.0.0.0",
    ]) {
      expect([host, await codeOf(`http://${host}:${port}/site.git`, { wall })]).toEqual([host, "source_private"]);
    }
    for (const url of [
      `ssh://git@127.0.0.1:${port}/x`,
      "git@localhost:x",
      "https://169.254.169.254/latest",
      "http://10.0.0.1/x",
    ]) {
      expect([url, await codeOf(url, { wall })]).toEqual([url, "source_private"]);
    }
    expect(canary.requests).toEqual([]);
    // The control: allowed, the same server is reached.
    expect(await codeOf(`${canary.url}/site.git`, {})).toBe("none");
    expect(canary.requests.length).toBeGreaterThan(0);
  });

  test("a name of the operator's ssh configuration counts by the address that it leads to", async () => {
    const config = join(folder, "alias.config");
    await writeFile(config, `Host alias.example\n  HostName 127.0.0.1\n  Port ${ssh.port}\n`);
    const wishes = { environment: { sshConfigFile: config }, wall: { privateAddresses: false } };
    expect(await codeOf("git@alias.example:site", wishes)).toBe("source_private");
  });

  test("a name is asked for once: what it answers later leads nowhere", async () => {
    const { port } = new URL(canary.url);
    const honest = startGitServer({ root: folder, hostname: "127.0.0.2", port: Number(port) });
    let asked = 0;
    const resolve = async () => (asked++ === 0 ? ["127.0.0.2"] : ["127.0.0.1"]);
    const result = await fetcher.fetch(`http://rebinding.example:${port}/site.git`, { wall: { resolve } });
    expect(result.files).toEqual({ "index.html": "100644 site" });
    expect(asked).toBe(1);
    expect(honest.requests.length).toBeGreaterThan(1);
    expect(canary.requests).toEqual([]);
    await honest.stop();
  });

  test("a branch and a HEAD that look like options run nothing", async () => {
    const trap = join(folder, "trap");
    const name = `refs/heads/--upload-pack=touch\${IFS}${trap}`;
    await mkdir(join(folder, "named.git"));
    await git("named.git", "init", "-q", "--bare");
    await git("named.git", "fetch", "-q", join(folder, "site.git"), "HEAD");
    await git("named.git", "update-ref", name, "FETCH_HEAD");
    await git("named.git", "symbolic-ref", "HEAD", name);
    for (const url of [`${canary.url}/named.git`, join(folder, "named.git")]) {
      expect((await fetcher.fetch(url)).files).toEqual({ "index.html": "100644 site" });
    }
    expect(await Bun.file(trap).exists()).toBe(false);
  });

  test("a local repository's own settings, hooks and links run and read nothing", async () => {
    const trap = join(folder, "trap2");
    await writeFile(join(folder, "secret"), "SECRET");
    await git("site.git", "clone", "-q", "--bare", join(folder, "site.git"), join(folder, "armed.git"));
    const config = `[core]\n\tfsmonitor = touch ${trap}\n\tbare = true\n[uploadpack]\n\tpackObjectsHook = touch ${trap}\n`;
    await writeFile(join(folder, "armed.git/config"), config);
    await symlink(join(folder, "secret"), join(folder, "armed.git/refs/heads/secret"));
    const { files } = await fetcher.fetch(join(folder, "armed.git"));
    expect(files).toEqual({ "index.html": "100644 site" });
    expect(await Bun.file(trap).exists()).toBe(false);
  });

  /** Runs a command as a fetch's git would run, had a stranger taken it over. */
  async function insideFetch(url: string, command: readonly string[], wishes: Wishes = {}): Promise<string> {
    const session = await GitSession.open(fetcher.options(url, wishes));
    try {
      await session.reach(url, { name: "source" });
      const child = session.spawnProgram(command, {});
      child.endInput();
      const texts = [child.stdout, child.stderr].map((stream) => new Response(stream).text());
      return (await Promise.all([...texts, child.exited])).join("");
    } finally {
      await session.close();
    }
  }

  test("a fetch that is taken over reaches its own remote alone, and no file of the host", async () => {
    const remote = startGitServer({ root: folder });
    const ask = (url: string) => insideFetch(`${remote.url}/site.git`, ["git", "ls-remote", url, "HEAD"]);
    expect(await ask(`${remote.url}/site.git`)).toContain("HEAD");
    expect(await ask(`${canary.url}/site.git`)).toContain("403");
    expect(canary.requests).toEqual([]);
    const text = await insideFetch(`${remote.url}/site.git`, [
      "/bin/sh",
      "-c",
      `cat ${folder}/secret; ls ${folder} /root; id -u`,
    ]);
    expect(text).not.toContain("SECRET");
    expect(text).not.toContain("site.git");
    await remote.stop();
  });

  test("it signs with the keys of its login, and can neither read nor remove them", async () => {
    const url = `ssh://${ssh.user}@127.0.0.1:${ssh.port}${folder}/site.git`;
    const wishes = { environment: { sshConfigFile: ssh.accepted } };
    const script =
      "export SSH_AUTH_SOCK=/home/agent; ssh-add -l; ssh-add -D; ssh-add -x </dev/null; ssh-add -l; cat /home/.ssh/* /root/.ssh/*";
    const text = await insideFetch(url, ["/bin/sh", "-c", script], wishes);
    expect(text.match(/SHA256:/g)).toHaveLength(2);
    expect(text).not.toContain("PRIVATE KEY");
    expect((await fetcher.fetch(url, wishes)).files).toEqual({ "index.html": "100644 site" });
  });

  test("host keys are kept for the host of the fetch, and checked the next time", async () => {
    const added = addedHostKeys(
      "old.example ssh-ed25519 AAAA\n",
      "old.example ssh-ed25519 AAAA\n[host.example]:2222 ssh-ed25519 BBBB\nother.example ssh-ed25519 CCCC\n* ssh-ed25519 DDDD\n@cert-authority * x EEEE\n",
      { host: "host.example", port: 2222 },
    );
    expect(added).toBe("[host.example]:2222 ssh-ed25519 BBBB\n");
    const url = `ssh://${ssh.user}@127.0.0.1:${ssh.port}${folder}/site.git`;
    const wishes = { environment: { sshConfigFile: ssh.accepted } };
    await fetcher.fetch(url, wishes);
    const kept = await Bun.file(join(folder, "known_hosts")).text();
    expect(kept).toContain(`[127.0.0.1]:${ssh.port} ssh-ed25519 `);
    const line = kept.split("\n").find((text) => text.startsWith(`[127.0.0.1]:${ssh.port}`))!;
    const other = (await Bun.file(join(folder, "key.pub")).exists()) ? "" : await newKey();
    await writeFile(join(folder, "known_hosts"), kept.replace(line.split(" ")[2]!, other));
    const error = await fetcher.fetch(url, wishes).then(
      () => undefined,
      (thrown: { code: string; message: string }) => thrown,
    );
    expect(error?.message).toContain("another host key");
  });

  test("a link that a fetch leaves in its home is never written through", async () => {
    await rm(join(folder, "known_hosts"), { force: true });
    const victim = join(folder, "victim");
    await writeFile(victim, "kept");
    const url = `ssh://${ssh.user}@127.0.0.1:${ssh.port}${folder}/site.git`;
    const session = await GitSession.open(fetcher.options(url, { environment: { sshConfigFile: ssh.accepted } }));
    try {
      for (const leave of [`ln -sfn ${victim} /home/known_hosts`, "mkdir -p /home/known_hosts/in"]) {
        await session.reach(url, { name: "source" });
        const child = session.spawnProgram(["/bin/sh", "-c", `rm -f /home/known_hosts; ${leave}; ls -l /home`], {});
        child.endInput();
        const [listing] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
        expect(listing).toContain("known_hosts");
        await session.reach(url, { name: "again" });
        expect(await Bun.file(victim).text()).toBe("kept");
      }
      expect(await session.run(["ls-remote", url, "HEAD"])).toMatchObject({ exit: 0 });
    } finally {
      await session.close();
    }
  });

  async function newKey(): Promise<string> {
    await runToEnd(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", join(folder, "key")], {
      env: { PATH: environment.variables.PATH! },
    });
    return (await Bun.file(join(folder, "key.pub")).text()).split(" ")[1]!;
  }

  test("a bomb of a repository ends at the limits, and nothing is left", async () => {
    await mkdir(join(folder, "bomb.git"));
    await git("bomb.git", "init", "-q", "-b", "main");
    await writeFile(join(folder, "bomb.git/zeros"), Buffer.alloc(60_000_000));
    await git("bomb.git", "add", "--all");
    await git("bomb.git", "commit", "-q", "-m", "one");
    const limits = { ...LIMITS, bytes: 20_000_000 };
    expect(await codeOf(`${canary.url}/bomb.git`, { limits })).toBe("source_too_large");
    expect((await readdir(join(folder, "slots"))).filter((name) => /^\d+$/.test(name))).toEqual([]);
    expect(await readdir(join(folder, "tmp"))).toEqual([]);
  });
});
