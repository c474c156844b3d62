import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Deployment } from "../../src/model/deployment.ts";
import { deployAndWait, logOf, requestDeployment, waitForEnd } from "../support/deploy.ts";
import { newDataDirectory, removeDataDirectory, startPlatform, type TestPlatform } from "../support/platform.ts";
import { buildableSite, newRepository, type TestRepository, WRITES_DIST } from "../support/repositories.ts";

/** One process on the embedded parts: a git repository goes in, a live URL comes out. */
describe("one process", () => {
  let platform: TestPlatform;
  let repository: TestRepository;
  let first: Deployment;
  beforeAll(async () => {
    // As on a fresh machine: its database is made here.
    platform = await startPlatform({ dataDirectory: await newDataDirectory({ withDatabase: false }) });
    repository = await newRepository("harbour", buildableSite(WRITES_DIST, { "text.txt": "one" }));
  }, 120_000);
  afterAll(async () => {
    await platform.stop();
    await repository.remove();
    await removeDataDirectory(platform.dataDirectory);
  }, 30_000);

  const host = (url: string) => new URL(url).host;
  const text = async (url: string, path = "/") => (await platform.site(host(url), path)).text();

  test("a built site goes live, on its own host, in production and on its branch", async () => {
    first = await deployAndWait(platform, { source: repository.path });
    expect(first.error).toBeNull();
    expect(first).toMatchObject({
      status: "ready",
      project: "harbour",
      packageManager: "npm",
      files: 3,
      reused: false,
    });
    expect(first.source).toMatchObject({
      kind: "git",
      branch: "main",
      commit: expect.stringMatching(/^[0-9a-f]{40}$/),
    });
    expect(first.node).toMatch(/^24\./);
    for (const step of ["cloneMs", "uploadMs", "queueMs", "installMs", "buildMs", "publishMs", "totalMs"] as const) {
      expect(first.timings[step]).toBeNumber();
    }
    expect(first.aliases.map(host).map((name) => name.replace(/:\d+$/, ""))).toEqual([
      "harbour.localhost",
      "main--harbour.localhost",
    ]);
    for (const url of [first.url, ...first.aliases]) expect(await text(url)).toContain("<h1>one</h1>");
    expect(await logOf(platform, first.id)).toContain("built");
  }, 120_000);

  test("the site answers as a good host does", async () => {
    const site = host(first.url);
    const page = await platform.site(site, "/");
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const etag = page.headers.get("etag")!;
    expect(etag).toMatch(/^"[^"]+"$/);
    expect((await platform.site(site, "/", { headers: { "if-none-match": etag } })).status).toBe(304);
    const asset = await platform.site(site, "/assets/app-3f9a1c2b4d.js", { headers: { "accept-encoding": "br" } });
    expect(asset.headers.get("content-encoding")).toBe("br");
    expect(asset.headers.get("cache-control")).toContain("immutable");
    const lost = await platform.site(site, "/no/such/page");
    expect([lost.status, await lost.text()]).toEqual([404, expect.stringContaining("Own not found")]);
    expect((await platform.site("nobody.localhost", "/")).status).toBe(404);
  });

  test("a branch is a preview, promotion makes it production, and a rollback takes that back", async () => {
    await repository.commit({ "text.txt": "two" }, { branch: "feature/x" });
    const preview = await deployAndWait(platform, { source: repository.path, branch: "feature/x" });
    expect(preview.error).toBeNull();
    expect(preview.aliases.map((url) => new URL(url).hostname)).toEqual(["feature-x--harbour.localhost"]);
    expect(await text("http://harbour.localhost/")).toContain("one");
    const promoted = (await (
      await platform.api(`/deployments/${preview.id}/promote`, { method: "POST" })
    ).json()) as Deployment;
    expect(promoted.aliases).toHaveLength(2);
    expect(await text("http://harbour.localhost/")).toContain("two");
    const back = (await (await platform.api("/projects/harbour/rollback", { method: "POST" })).json()) as Deployment;
    expect(back.id).toBe(first.id);
    expect(await text("http://harbour.localhost/")).toContain("one");
    expect((await platform.api("/projects/harbour/rollback", { method: "POST" })).status).toBe(409);
  }, 120_000);

  test("when the newest deployment of a branch is removed, the branch shows the one before", async () => {
    const site = await newRepository("quay", { "index.html": "older", "logo.svg": "<svg/>", "link.svg": "" });
    await rm(join(site.path, "link.svg"));
    await symlink("logo.svg", join(site.path, "link.svg"));
    await site.commit({});
    const older = await deployAndWait(platform, { source: site.path });
    expect(await text(older.url, "/link.svg")).toBe("<svg/>");
    await site.commit({ "index.html": "newer" });
    const newer = await deployAndWait(platform, { source: site.path });
    await platform.api(`/deployments/${older.id}/promote`, { method: "POST" });
    expect((await platform.api(`/deployments/${newer.id}`, { method: "DELETE" })).status).toBe(204);
    expect(await text("http://main--quay.localhost/")).toBe("older");
    expect((await platform.site(host(newer.url), "/")).status).toBe(404);
    await site.commit({ "index.html": "newest" });
    await deployAndWait(platform, { source: site.path });
    expect(await text("http://main--quay.localhost/")).toBe("newest");
    await site.remove();
  }, 60_000);

  test("a plain folder is served as it is; a second deployment stores what is new alone", async () => {
    const folder = await mkdtemp(join(tmpdir(), "berth-plain-"));
    await writeFile(join(folder, "index.html"), "<h1>plain</h1>");
    await writeFile(join(folder, "about.html"), "<h1>about</h1>");
    const one = await deployAndWait(platform, { source: folder, project: "plain" });
    expect(one).toMatchObject({ status: "ready", files: 2, source: { kind: "folder", path: folder } });
    expect(await text("http://plain.localhost/", "/about")).toContain("about");
    await writeFile(join(folder, "index.html"), "<h1>plainer</h1>");
    const two = await deployAndWait(platform, { source: folder, project: "plain" });
    expect(two.newBytes).toBe("<h1>plainer</h1>".length);
    expect(await text(one.url)).toContain("plain<");
    expect(await text("http://plain.localhost/")).toContain("plainer");
    await rm(folder, { recursive: true });
  }, 60_000);

  test("an older deployment of the branch is superseded by a newer one", async () => {
    const slow = await newRepository("slow", buildableSite("await new Promise((done) => setTimeout(done, 60_000));"));
    const older = await requestDeployment(platform, { source: slow.path, branch: "main" });
    await slow.commit(buildableSite(WRITES_DIST, { "text.txt": "newer" }), { branch: "main" });
    const newer = await deployAndWait(platform, { source: slow.path, branch: "main" });
    expect(newer.status).toBe("ready");
    expect(await waitForEnd(platform, older.id)).toMatchObject({ status: "superseded", error: { code: "superseded" } });
    await slow.remove();
  }, 120_000);

  test("nothing but sites and health is reached without signing in", async () => {
    const origin = `http://127.0.0.1:${platform.port}`;
    for (const path of [
      "/api/v1/projects",
      "/api/v1/me",
      "/api/v1/openapi.json",
      "/metrics",
      "/api/v1/deployments",
      "/",
      "/projects/harbour",
    ]) {
      const { status, headers } = await fetch(origin + path);
      expect([path, status, headers.get("www-authenticate")]).toEqual([path, 401, 'Bearer realm="berth"']);
    }
    expect((await fetch(`${origin}/healthz`)).status).toBe(200);
    const link = new URL(platform.signInUrl);
    expect((await fetch(origin + link.pathname + link.search, { method: "HEAD" })).status).toBe(200);
    const signedIn = await fetch(origin + link.pathname + link.search, { redirect: "manual" });
    expect(signedIn.status).toBe(303);
    const cookie = signedIn.headers.get("set-cookie")!.split(";")[0]!;
    expect((await fetch(`${origin}/api/v1/me`, { headers: { cookie } })).status).toBe(200);
    expect((await fetch(origin + link.pathname + link.search, { redirect: "manual" })).status).toBe(403);
    const foreign = await fetch(`${origin}/api/v1/projects/plain`, {
      method: "DELETE",
      headers: { cookie, origin: "http://evil.example" },
    });
    expect(foreign.status).toBe(403);
  });
});
