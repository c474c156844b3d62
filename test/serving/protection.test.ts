import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProtectionView } from "../../src/model/access.ts";
import type { Explanation } from "../../src/model/explanation.ts";
import { deployAndWait } from "../support/deploy.ts";
import { removeDataDirectory, startPlatform, type TestPlatform } from "../support/platform.ts";

const PASSWORD = "open sesame";
const HOST = "harbour.localhost";
let platform: TestPlatform;
let folder: string;
let deployment: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-harbour-"));
  await Bun.write(join(folder, "index.html"), "<h1>In the harbour</h1>");
  platform = await startPlatform();
  deployment = (await deployAndWait(platform, { source: folder, project: "harbour" })).id;
}, 120_000);
afterAll(async () => {
  await platform.stop();
  await removeDataDirectory(platform.dataDirectory);
  await rm(folder, { recursive: true });
}, 30_000);

interface Answer {
  protection: ProtectionView;
  token: string | null;
  protections: ProtectionView[];
}
const add = (wish: object) =>
  platform.api("/projects/harbour/protection", { method: "POST", body: JSON.stringify(wish) });
const added = async (wish: object) => (await (await add(wish)).json()) as Answer;
const remove = (id: string) => platform.api(`/projects/harbour/protection/${id}`, { method: "DELETE" });
const preview = () => `${deployment}.localhost`;
const explain = async (url: string) =>
  (await (await platform.api(`/explain?url=${encodeURIComponent(url)}`)).json()) as Explanation;

test("a password protects what is deployed already, lets in who knows it, and is nowhere in clear", async () => {
  const { protection, token } = await added({ kind: "password", scope: "previews", password: PASSWORD });
  expect(token).toBeNull();
  expect((await platform.site(preview(), "/")).status).toBe(401);
  expect((await platform.site(HOST, "/")).status).toBe(200);
  const body = new URLSearchParams({ password: PASSWORD, return: "/" });
  const signedIn = await platform.site(preview(), "/.berth/unlock", { method: "POST", body });
  const cookie = signedIn.headers.get("set-cookie")!.split(";")[0]!;
  const page = await platform.site(preview(), "/", { headers: { cookie } });
  expect(await page.text()).toContain("In the harbour");
  const stored = await Bun.file(join(platform.dataDirectory, "objects/access/harbour")).text();
  expect(stored).toContain("$argon2id$");
  expect(stored + platform.output()).not.toContain(PASSWORD);
  const listed = await (await platform.api("/projects/harbour/protection")).text();
  expect(listed).not.toContain("argon2");
  expect((await remove(protection.id)).status).toBe(200);
  expect((await platform.site(preview(), "/")).status).toBe(200);
  await added({ kind: "password", scope: "previews", password: PASSWORD });
  expect((await platform.site(preview(), "/", { headers: { cookie } })).status).toBe(401);
});

test("a token opens every host of its scope, and is explained without being shown", async () => {
  const { token, protection } = await added({ kind: "token", scope: "all" });
  expect((await platform.site(HOST, "/")).status).toBe(401);
  for (const host of [HOST, preview()]) {
    const response = await platform.site(host, "/", { headers: { authorization: `Bearer ${token}` } });
    expect([response.status, response.headers.get("x-robots-tag")]).toEqual([200, "noindex"]);
  }
  const explanation = await explain(`http://${HOST}:${platform.port}/`);
  expect(explanation.protection?.keys).toEqual([{ id: protection.id, scope: "all", kind: "token" }]);
  expect([explanation.answer.status, explanation.behindProtection?.status]).toEqual([401, 200]);
  expect((await remove(protection.id)).status).toBe(200);
  expect((await platform.site(HOST, "/")).status).toBe(200);
});

test.each([
  [{ kind: "password", scope: "previews", password: "short" }, 400, "protection_invalid"],
  [{ kind: "token", scope: "everything" }, 400, "protection_invalid"],
  [{ kind: "password", scope: "all" }, 400, "bad_request"],
  [{ kind: "token", scope: "all", token: "mine" }, 400, "bad_request"],
])("%j is refused", async (wish, status, code) => {
  const response = await add(wish);
  expect([response.status, (await response.json()).error.code]).toEqual([status, code]);
});

test.each([
  ["/explain", "bad_request"],
  ["/explain?url=ftp://x/", "bad_request"],
  ["/explain?url=x&headers=no", "bad_request"],
  ["/explain?url=x&method=A%20B", "bad_request"],
  [`/explain?url=x&headers=${encodeURIComponent('{"a\\n":"b"}')}`, "bad_request"],
])("%s is refused", async (path, code) => {
  const response = await platform.api(path);
  expect([response.status, (await response.json()).error.code]).toEqual([400, code]);
});

test("what is not there can't be removed; signing in is needed for both", async () => {
  const missing = await remove("nothing");
  expect([missing.status, (await missing.json()).error.code]).toEqual([404, "protection_not_found"]);
  expect((await platform.api("/projects/nowhere/protection")).status).toBe(404);
  for (const path of ["/projects/harbour/protection", `/explain?url=${HOST}`]) {
    expect((await platform.api(path, { headers: { authorization: "" } })).status).toBe(401);
  }
});

test("a project that is removed takes its protection with it", async () => {
  await added({ kind: "password", scope: "all", password: PASSWORD });
  expect((await platform.api("/projects/harbour", { method: "DELETE" })).status).toBe(204);
  await deployAndWait(platform, { source: folder, project: "harbour" });
  expect((await platform.site(HOST, "/")).status).toBe(200);
}, 60_000);
