import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { deployAndWait, logOf } from "../support/deploy.ts";
import { removeDataDirectory, startPlatform, type TestPlatform } from "../support/platform.ts";
import { buildableSite, newRepository, type TestRepository } from "../support/repositories.ts";

const PAGES = { "index.html": "<h1>start</h1>", "about.html": "<h1>about</h1>", "404.html": "<h1>lost</h1>" };

/** The files that rules are written in, from a repository to what a visitor gets. */
describe("rules", () => {
  let platform: TestPlatform;
  const repositories: TestRepository[] = [];
  beforeAll(async () => {
    platform = await startPlatform();
  }, 120_000);
  afterAll(async () => {
    await platform.stop();
    for (const repository of repositories) await repository.remove();
    await removeDataDirectory(platform.dataDirectory);
  }, 30_000);

  const site = async (name: string, files: Record<string, string>) => {
    const repository = await newRepository(name, files);
    repositories.push(repository);
    const deploy = () => deployAndWait(platform, { source: repository.path });
    return { deploy, commit: (changed: Record<string, string>) => repository.commit(changed) };
  };
  const set = (name: string, settings: Record<string, unknown>) =>
    platform.api(`/projects/${name}`, { method: "PATCH", body: JSON.stringify({ settings }) });
  const get = async (host: string, path: string, headers: Record<string, string> = {}) => {
    const response = await platform.site(host, path, { headers });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

  test("_redirects and _headers rule and are not served", async () => {
    const { deploy } = await site("plain", {
      ...PAGES,
      _redirects: "/old /about 302\n/blog/* /posts/:splat\n/app/* /index.html 200\n/gone /404.html 410\n",
      _headers: "/*\n  X-Everywhere: yes\n/about\n  Cache-Control: max-age=60\n  X-Everywhere: also\n",
    });
    expect((await deploy()).error).toBeNull();
    const host = "plain.localhost";
    const old = await get(host, "/old?a=1");
    expect([old.status, old.headers.get("location")]).toEqual([302, "/about?a=1"]);
    const blog = await get(host, "/blog/a/b");
    expect([blog.status, blog.headers.get("location")]).toEqual([301, "/posts/a/b"]);
    expect(await get(host, "/app/deep")).toMatchObject({ status: 200, text: PAGES["index.html"] });
    expect(await get(host, "/gone")).toMatchObject({ status: 410, text: PAGES["404.html"] });
    expect((await get(host, "/_redirects")).status).toBe(404);
    expect((await get(host, "/_headers")).status).toBe(404);
    const about = await get(host, "/about");
    expect(about.headers.get("x-everywhere")).toBe("yes, also");
    expect(about.headers.get("cache-control")).toBe("max-age=60");
    expect((await get(host, "/")).headers.get("x-everywhere")).toBe("yes");
    expect((await get(host, "/")).headers.get("cache-control")).not.toBe("max-age=60");
  }, 60_000);

  test("netlify.toml and vercel.json of the source rule over what a build wrote, and a reused build keeps the rules", async () => {
    const write = `import { mkdirSync, writeFileSync } from "node:fs"; mkdirSync("dist");
      writeFileSync("dist/index.html", "<h1>start</h1>"); writeFileSync("dist/about.html", "<h1>about</h1>");
      writeFileSync("dist/_redirects", "/built /about 307");`;
    const { deploy } = await site("built", {
      ...buildableSite(write),
      "netlify.toml":
        '[[redirects]]\nfrom = "/toml"\nto = "/about"\n[[headers]]\nfor = "/about"\n[headers.values]\nX-Toml = "1"\n',
      "vercel.json": JSON.stringify({
        cleanUrls: true,
        redirects: [{ source: "/json/:n", destination: "/about?n=:n" }],
      }),
    });
    for (const reused of [false, true]) {
      const deployment = await deploy();
      expect([deployment.error, deployment.reused]).toEqual([null, reused]);
      const host = new URL(deployment.url).host;
      expect((await get(host, "/built")).status).toBe(307);
      expect((await get(host, "/toml")).headers.get("location")).toBe("/about");
      expect((await get(host, "/json/5")).headers.get("location")).toBe("/about?n=5");
      expect((await get(host, "/about.html")).status).toBe(308);
      expect((await get(host, "/about")).headers.get("x-toml")).toBe("1");
      expect((await get(host, "/about")).headers.get("x-robots-tag")).toBe("noindex");
    }
  }, 120_000);

  test("a rule that can't be used fails the deployment with its place; rules=warn leaves it out and says so", async () => {
    const { deploy, commit } = await site("faulty", {
      ...PAGES,
      _redirects: "/ok /about\n/de /de/ 302 Country=de\n",
      "vercel.json":
        '{"redirects": [\n{"source": "/x", "destination": "/y", "has": [{"type": "host", "value": "("}]}\n]}',
    });
    const failed = await deploy();
    expect(failed).toMatchObject({ status: "failed", error: { code: "rules_invalid" } });
    expect(failed.error!.message).toContain("_redirects line 2: it asks for the visitor's country");
    expect(failed.error!.message).toContain("vercel.json line 2: the regular expression");
    expect((await set("faulty", { rules: "warn" })).status).toBe(200);
    const warned = await deploy();
    expect(warned).toMatchObject({ status: "ready", error: null });
    expect(warned.warnings.filter((warning) => warning.startsWith("A rule is left out:"))).toHaveLength(2);
    expect(await logOf(platform, warned.id)).toContain("_redirects line 2");
    expect((await get("faulty.localhost", "/ok")).status).toBe(301);
    expect((await get("faulty.localhost", "/de")).status).toBe(404);
    await set("faulty", { rules: null });
    await commit({ _redirects: "/ok /about 308\n", "vercel.json": "{}" });
    expect((await deploy()).error).toBeNull();
    expect((await get("faulty.localhost", "/ok")).status).toBe(308);
  }, 60_000);
});
