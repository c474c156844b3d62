import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Explanation } from "../../src/model/explanation.ts";
import { deployAndWait } from "../support/deploy.ts";
import { removeDataDirectory, startPlatform, type TestPlatform } from "../support/platform.ts";

/** Rewrites to another server, from the three files that they are written in to what a visitor gets. */
const HOST = "fleet.localhost";
const FORMATS = [
  { path: "/redirects/a%20b?x=1&x=2", file: "_redirects", line: 2, behind: "/one/a%20b" },
  { path: "/toml/deep/er?x=1&x=2", file: "netlify.toml", line: 1, behind: "/two/deep/er" },
  { path: "/json/a/b?x=1&x=2", file: "vercel.json", line: 2, behind: "/three/a/b" },
];
/** Another server, which says what it was asked. */
let origin: Bun.Server<undefined>;
let reached = 0;
let folder: string;
const directories: string[] = [];
let open: TestPlatform;
let closed: TestPlatform;

async function platformWith(env: Record<string, string>): Promise<TestPlatform> {
  const platform = await startPlatform({ env });
  directories.push(platform.dataDirectory);
  const deployment = await deployAndWait(platform, { source: folder, project: "fleet" });
  expect([deployment.status, deployment.error]).toEqual(["ready", null]);
  return platform;
}

beforeAll(async () => {
  origin = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      reached += 1;
      const { pathname, search } = new URL(request.url);
      if (pathname === "/one/moved") return Response.redirect("https://elsewhere.example/", 302);
      const { host, cookie = null, via, authorization = null } = request.headers.toJSON() as Record<string, string>;
      const body = await request.text();
      const said = { method: request.method, path: pathname + search, host, cookie, via, authorization, body };
      return Response.json(said, {
        status: 201,
        headers: { "set-cookie": "theirs=1; Path=/", "cache-control": "public, max-age=60", "x-accel-redirect": "/x" },
      });
    },
  });
  const base = `http://127.0.0.1:${origin.port}`;
  folder = await mkdtemp(join(tmpdir(), "berth-fleet-"));
  const files = {
    "index.html": "<h1>own page</h1>",
    _redirects: `/old / 302\n/redirects/* ${base}/one/:splat 200\n`,
    "netlify.toml": `[[redirects]]\nfrom = "/toml/*"\nto = "${base}/two/:splat"\nstatus = 200\n`,
    "vercel.json": `{"rewrites": [\n{"source": "/json/:rest*", "destination": "${base}/three/:rest*"}\n]}`,
  };
  for (const [name, text] of Object.entries(files)) await Bun.write(join(folder, name), text);
  [open, closed] = [await platformWith({ BERTH_PRIVATE_ORIGINS: "yes" }), await platformWith({})];
}, 120_000);

afterAll(async () => {
  await open?.stop();
  await closed?.stop();
  await origin?.stop(true);
  for (const directory of directories) await removeDataDirectory(directory);
  if (folder) await rm(folder, { recursive: true });
}, 60_000);

test.each(FORMATS)("$file: the other server answers in the site's place", async ({ path, behind }) => {
  const response = await open.site(HOST, path, { method: "POST", body: "hello", headers: { cookie: "own=1" } });
  expect([response.status, response.headers.get("cache-control")]).toEqual([201, "public, max-age=60"]);
  expect(response.headers.getSetCookie()).toEqual(["theirs=1; Path=/"]);
  expect(response.headers.has("x-accel-redirect")).toBe(false);
  expect(await response.json()).toMatchObject({
    method: "POST",
    path: `${behind}?x=1&x=2`,
    host: `127.0.0.1:${origin.port}`,
    cookie: "own=1",
    via: "1.1 berth",
    body: "hello",
  });
  expect((await open.site(HOST, "/")).status).toBe(200);
});

test("a redirect of the other server is the visitor's", async () => {
  const response = await open.site(HOST, "/redirects/moved");
  expect([response.status, response.headers.get("location")]).toEqual([302, "https://elsewhere.example/"]);
});

test.each(FORMATS)("$file: a server at a private address is refused by default, and not reached", async ({ path }) => {
  const before = reached;
  const response = await closed.site(HOST, path, { headers: { accept: "application/json" } });
  expect([response.status, (await response.json()).error.code]).toEqual([502, "origin_refused"]);
  expect(reached).toBe(before);
});

test.each(FORMATS)("$file: 'explain' names the rule's file and line, and asks nobody", async ({ path, ...rule }) => {
  const before = reached;
  const query = new URLSearchParams({ url: `http://${HOST}:${open.port}${path}` });
  const explanation = (await (await open.api(`/explain?${query}`)).json()) as Explanation;
  expect(explanation.rule).toEqual({ file: rule.file, line: rule.line });
  expect(explanation.proxy?.url).toBe(`http://127.0.0.1:${origin.port}${rule.behind}?x=1&x=2`);
  expect(explanation.answer.status).toBeNull();
  expect(reached).toBe(before);
});

test("on a protected host nobody else gets through, and the key stays here", async () => {
  const body = JSON.stringify({ kind: "token", scope: "all" });
  const added = await (await open.api("/projects/fleet/protection", { method: "POST", body })).json();
  const { token } = added as { token: string };
  const before = reached;
  for (const { path } of FORMATS) expect((await open.site(HOST, path, { method: "POST" })).status).toBe(401);
  expect(reached).toBe(before);
  const signedIn = await open.site(HOST, `/redirects/a?berth_token=${token}`);
  const cookie = signedIn.headers.get("set-cookie")!.split(";")[0]!;
  const keys: Record<string, string>[] = [{ authorization: `Bearer ${token}` }, { "x-berth-token": token }, { cookie }];
  for (const headers of keys) {
    const response = await open.site(HOST, `/redirects/a?b=1&berth_token=${token}`, { method: "POST", headers });
    expect([response.status, response.headers.get("cache-control")]).toEqual([201, "private, max-age=60"]);
    expect(await response.json()).toMatchObject({ path: "/one/a?b=1", cookie: null, authorization: null });
  }
}, 30_000);
