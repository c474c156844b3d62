import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Access, Protection, Scope } from "../model/access.ts";
import { BerthError } from "../model/errors.ts";
import { sha256 } from "../model/ids.ts";
import { privately } from "./access.ts";
import { createHandler, type Handler } from "./handler.ts";
import { STALE_MS } from "./host-cache.ts";
import { MemoryStore } from "./testing/memory-store.ts";
import { pointHost, publishSite } from "./testing/publish-site.ts";

const PRODUCTION = "site.localhost";
const PREVIEW = "fix--site.localhost";
const PASSWORD = "open sesame";
const TOKEN = "a-token-of-many-random-letters";
const NAVIGATION = { accept: "text/html,*/*;q=0.8" };
const passwordHash = await Bun.password.hash(PASSWORD, { algorithm: "argon2id", memoryCost: 64, timeCost: 1 });

let store: MemoryStore;
let handler: Handler;
let server: Bun.Server<undefined>;
let nowMs: number;

beforeEach(() => {
  store = new MemoryStore();
  nowMs = Date.UTC(2026, 0, 2);
  handler = createHandler({
    store,
    sitesDomain: "localhost",
    now: () => nowMs,
    client: ({ headers }) => ({
      address: headers.get("x-test-client") ?? "192.0.2.1",
      before: "",
      isSecure: headers.get("x-test-scheme") === "https",
    }),
  });
  server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: handler.fetch });
  publishSite(store, { "index.html": "<h1>Hello</h1>", "_astro/a.Bx7Kq2Lm.js": "1", "about.html": "about" });
  pointHost(store, PRODUCTION, { branch: "main" });
  pointHost(store, PREVIEW, { branch: "fix" });
});
afterEach(async () => {
  handler.close();
  await server.stop(true);
});

function protect(...keys: (Partial<Protection> & { scope: Scope })[]): void {
  const defaults = { kind: "password" as const, hash: passwordHash, createdAt: "2026-01-01T00:00:00Z" };
  const protections = keys.map((key, n) => ({ id: `key${n}`, ...defaults, ...key }));
  const access: Access = { version: 1, cookieKey: Buffer.alloc(32, 1).toString("base64"), protections };
  store.set("access/site", JSON.stringify(access));
  handler.invalidateAll();
}
const token = (scope: Scope) => ({ scope, kind: "token" as const, hash: sha256(TOKEN) });

function ask(path: string, init: RequestInit & { host?: string; headers?: Record<string, string> } = {}) {
  const { host = PREVIEW, headers, ...rest } = init;
  return fetch(`http://127.0.0.1:${server.port}${path}`, {
    redirect: "manual",
    ...rest,
    headers: { host, "accept-encoding": "identity", ...headers },
  });
}
const signIn = (password: string, headers: Record<string, string> = {}, returnTo = "/about?x=1") =>
  ask("/.berth/unlock", {
    method: "POST",
    headers: { ...NAVIGATION, ...headers },
    body: new URLSearchParams({ password, return: returnTo }),
  });
const cookieOf = (response: Response) => response.headers.get("set-cookie")!.split(";")[0]!;

test("an open project is open, and its reserved path is its own", async () => {
  expect((await ask("/")).status).toBe(200);
  expect((await ask("/.berth/unlock")).status).toBe(404);
});

test.each([
  ["all", 401, 401],
  ["previews", 200, 401],
  ["branch:fix", 200, 401],
  ["branch:main", 200, 200],
  ["branch:other", 200, 200],
] as [Scope, number, number][])("scope %s: production %d, a preview %d", async (scope, production, preview) => {
  protect({ scope });
  expect((await ask("/", { host: PRODUCTION })).status).toBe(production);
  expect((await ask("/", { host: PREVIEW })).status).toBe(preview);
});

test("it holds at once, and within seconds where nobody tells", async () => {
  expect((await ask("/")).status).toBe(200);
  protect({ scope: "all" });
  expect((await ask("/")).status).toBe(401);
  store.objects.delete("access/site");
  expect((await ask("/")).status).toBe(401);
  nowMs += STALE_MS + 1;
  expect((await ask("/")).status).toBe(200);
});

test("browsers get a form, everybody else the error document", async () => {
  protect({ scope: "all" });
  const page = await ask("/a?b=%22%3E%3Cscript%3E", { headers: NAVIGATION });
  expect(page.status).toBe(401);
  expect(page.headers.get("content-security-policy")).toContain("form-action 'self'");
  expect(page.headers.get("www-authenticate")).toBe('Bearer realm="site"');
  const html = await page.text();
  expect(html).toContain('action="/.berth/unlock"');
  expect(html).not.toContain("<script>");
  const document = await ask("/a.json", { headers: { accept: "application/json" } });
  expect((await document.json()).error.code).toBe("site_protected");
  const script = await ask("/a.js", { headers: { ...NAVIGATION, "sec-fetch-mode": "no-cors" } });
  expect(script.headers.get("content-type")).toContain("application/json");
  const head = await ask("/", { method: "HEAD", headers: NAVIGATION });
  const form = await ask("/", { headers: NAVIGATION });
  expect([head.status, await head.text()]).toEqual([401, ""]);
  for (const name of ["content-type", "content-length", "vary"]) {
    expect([name, head.headers.get(name)]).toEqual([name, form.headers.get(name)]);
  }
  for (const response of [page, document, script, head]) {
    expect(response.headers.get("cache-control")).toBe("private, no-store");
    expect(response.headers.get("x-robots-tag")).toBe("noindex");
  }
});

test("the password gives a cookie for this host, and the way back", async () => {
  protect({ scope: "previews" });
  const wrong = await signIn("open sesamf");
  expect([wrong.status, wrong.headers.get("set-cookie")]).toEqual([401, null]);
  expect(await wrong.text()).toContain('name="return" value="/about?x=1"');
  const right = await signIn(PASSWORD);
  expect([right.status, right.headers.get("location")]).toEqual([303, "/about?x=1"]);
  const cookie = cookieOf(right);
  const page = await ask("/", { headers: { cookie } });
  expect([page.status, await page.text()]).toEqual([200, "<h1>Hello</h1>"]);
  expect(page.headers.get("cache-control")).toBe("private, max-age=0, must-revalidate");
  expect(page.headers.get("x-robots-tag")).toBe("noindex");
  const asset = await ask("/_astro/a.Bx7Kq2Lm.js", { headers: { cookie } });
  expect(asset.headers.get("cache-control")).toBe("private, max-age=31536000, immutable");
  pointHost(store, "b--site.localhost", { branch: "b" });
  expect((await ask("/", { host: "b--site.localhost", headers: { cookie } })).status).toBe(401);
  protect({ scope: "previews", id: "another" });
  expect((await ask("/", { headers: { cookie } })).status).toBe(401);
});

test("what is open to others keeps its own headers", async () => {
  protect({ scope: "previews" });
  const cookie = cookieOf(await signIn(PASSWORD));
  await (await ask("/", { headers: { cookie } })).text();
  const open = await ask("/", { host: PRODUCTION });
  expect(open.headers.get("cache-control")).toBe("public, max-age=0, must-revalidate");
  expect(open.headers.get("x-robots-tag")).toBeNull();
});

test("over HTTPS the cookie is Secure and bound to the host by its name", async () => {
  protect({ scope: "all" });
  const header = (await signIn(PASSWORD, { "x-test-scheme": "https" })).headers.get("set-cookie");
  expect(header).toMatch(/^__Host-berth_access=.*; Secure$/);
  const claimed = (await signIn(PASSWORD, { "x-forwarded-proto": "https" })).headers.get("set-cookie");
  expect(claimed).toMatch(/^berth_access=.*; SameSite=Lax$/);
});

test.each(["https://evil.example/", "//evil.example", "/\\evil.example", "/.//evil.example"])(
  "the way back never leads to %s",
  async (returnTo) => {
    protect({ scope: "all" });
    const location = (await signIn(PASSWORD, {}, returnTo)).headers.get("location")!;
    expect(new URL(location, "http://site.example").host).toBe("site.example");
  },
);

test("a token by header, and by a query that is taken out of the address", async () => {
  protect(token("all"));
  expect((await ask("/", { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(200);
  expect((await ask("/", { headers: { "x-berth-token": TOKEN } })).status).toBe(200);
  expect((await ask("/", { headers: { authorization: `Bearer ${TOKEN}x` } })).status).toBe(401);
  expect((await ask("/?berth_token=nope")).status).toBe(401);
  const moved = await ask(`//evil.example/?a=%20&berth_token=${TOKEN}&b`);
  expect([moved.status, moved.headers.get("location")]).toEqual([303, "/evil.example/?a=%20&b"]);
  expect((await ask("/", { headers: { cookie: cookieOf(moved) } })).status).toBe(200);
  const page = await ask("/", { headers: NAVIGATION });
  expect(await page.text()).not.toContain("<form");
});

test("a key opens what its scope holds and nothing else", async () => {
  protect(token("branch:fix"), { scope: "all" });
  const headers = { authorization: `Bearer ${TOKEN}` };
  expect((await ask("/", { headers })).status).toBe(200);
  expect((await ask("/", { host: PRODUCTION, headers })).status).toBe(401);
});

test("a token in the address is taken off for who holds another key too", async () => {
  protect(token("all"));
  const keys: Record<string, string>[] = [{ authorization: `Bearer ${TOKEN}` }, { "x-berth-token": TOKEN }];
  for (const headers of keys) {
    const response = await ask(`/about?a=1&berth_token=${TOKEN}`, { headers });
    expect([response.status, response.headers.get("location")]).toEqual([303, "/about?a=1"]);
  }
});

test("guessing is slowed down, for one client on one project, whichever host it asks", async () => {
  protect({ scope: "all" });
  for (let n = 0; n < 10; n += 1) expect((await signIn(`wrong ${n}`)).status).toBe(401);
  const limited = await signIn(PASSWORD);
  expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "30"]);
  const body = new URLSearchParams({ password: PASSWORD });
  expect((await ask("/.berth/unlock", { host: PRODUCTION, method: "POST", body })).status).toBe(429);
  expect((await signIn(PASSWORD, { "x-test-client": "192.0.2.2" })).status).toBe(303);
  nowMs += 30_000;
  expect((await signIn(PASSWORD)).status).toBe(303);
  expect(handler.stats()).toMatchObject({ accessWrongPasswords: 10, accessLimited: 2 });
});

test("a flood of sign-ins is turned away before it costs a check", async () => {
  protect({ scope: "all" });
  const statuses = await Promise.all(
    Array.from({ length: 60 }, async (_, n) => (await signIn("wrong", { "x-test-client": `192.0.2.${n}` })).status),
  );
  expect(new Set(statuses)).toEqual(new Set([401, 503]));
  expect((await signIn(PASSWORD)).status).toBe(303);
});

test("a large form is refused", async () => {
  protect({ scope: "all" });
  expect((await signIn("x".repeat(5000))).status).toBe(413);
});

describe("what can't be read is not shown", () => {
  test("a store that is down before anything is known", async () => {
    const get = store.get.bind(store);
    store.get = (key, options) => (key.startsWith("access/") ? Promise.reject(new Error("down")) : get(key, options));
    expect((await ask("/")).status).toBe(500);
    store.get = get;
    expect((await ask("/")).status).toBe(200);
    store.isDown = true;
    nowMs += 60_000;
    expect((await ask("/")).status).toBe(200);
  });

  test("the store's own fault is a 503", async () => {
    const get = store.get.bind(store);
    const down = new BerthError("store_unavailable", "down", { hint: "wait" });
    store.get = (key, options) => (key.startsWith("access/") ? Promise.reject(down) : get(key, options));
    const response = await ask("/");
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
  });

  test("a damaged object", async () => {
    for (const text of ["", "null", '{"version":1}', '{"version":2,"cookieKey":"","protections":[]}']) {
      store.set("access/site", text);
      handler.invalidateAll();
      expect((await ask("/")).status).toBe(500);
    }
  });

  test("keys that are known still count while the store is down", async () => {
    protect({ scope: "all" });
    expect((await ask("/")).status).toBe(401);
    store.isDown = true;
    nowMs += 60_000;
    expect((await ask("/")).status).toBe(401);
  });
});

test.each([
  [null, "private, max-age=0, must-revalidate"],
  ["public, max-age=60, s-maxage=600", "private, max-age=60"],
  ["no-store", "private, no-store"],
  ['private="x", Public', "private"],
])("Cache-Control %p becomes %s", (before, after) => {
  expect(privately(before)).toBe(after);
});
