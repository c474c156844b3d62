import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Deployment } from "../../src/model/deployment.ts";
import { deployAndWait, requestDeployment, waitFor, waitForEnd } from "../support/deploy.ts";
import { newDataDirectory, ROOT, removeDataDirectory, startPlatform, type TestPlatform } from "../support/platform.ts";
import { buildableSite, newRepository, type TestRepository, WRITES_DIST } from "../support/repositories.ts";

/** What scripts read: the API's answers and the command line's documents, held against what describes them. */
type Schema = Record<string, unknown>;
interface Operation {
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}

let platform: TestPlatform;
let document: { paths: Record<string, Record<string, Operation>>; components: { schemas: Schema } } & Schema;
const repositories: TestRepository[] = [];
const seen = new Set<string>();

beforeAll(async () => {
  platform = await startPlatform({ dataDirectory: await newDataDirectory() });
  document = (await (await platform.api("/openapi.json")).json()) as typeof document;
}, 60_000);
afterAll(async () => {
  await platform.stop();
  for (const repository of repositories) await repository.remove();
  await removeDataDirectory(platform.dataDirectory);
}, 30_000);

async function repositoryOf(name: string, files: Record<string, string>): Promise<TestRepository> {
  const repository = await newRepository(name, files);
  repositories.push(repository);
  return repository;
}

/** A schema of the document that takes nothing which it does not name. */
function strict(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== "object" || schema === null) return schema;
  const parts = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, strict(value)]));
  return "properties" in parts ? { additionalProperties: false, ...parts } : parts;
}

function assertFits(value: unknown, schema: unknown): void {
  const defs = strict(document.components.schemas);
  const text = JSON.stringify({ ...(strict(schema) as object), $defs: defs });
  const form = z.fromJSONSchema(JSON.parse(text.replaceAll("#/components/schemas/", "#/$defs/")));
  const result = form.safeParse(value);
  if (!result.success) throw new Error(`${z.prettifyError(result.error)}\n${JSON.stringify(value)}`);
}

/** Asks the route that `template` names, and holds the answer against what the document says of it. */
async function ask(
  method: string,
  template: string,
  { path = template, body }: { path?: string; body?: unknown } = {},
) {
  const response = await platform.api(path, { method, ...(body !== undefined && { body: JSON.stringify(body) }) });
  const operation = document.paths[template]?.[method.toLowerCase()];
  const described = operation?.responses[response.status] ?? operation?.responses.default;
  if (described === undefined)
    throw new Error(`${method} ${template} gives ${response.status}, which is not described`);
  seen.add(`${method} ${template}`);
  const text = await response.text();
  const schema = described.content?.["application/json"]?.schema;
  if (schema === undefined) expect([method, template, text]).toEqual([method, template, ""]);
  else assertFits(JSON.parse(text), schema);
  return { status: response.status, answer: text === "" ? undefined : JSON.parse(text) };
}

const ofDeployment = (value: unknown) => assertFits(value, { $ref: "#/components/schemas/Deployment" });
const STEPS = ["cloneMs", "uploadMs", "queueMs", "installMs", "buildMs", "publishMs", "totalMs"];

test("a deployment has every field in every state", async () => {
  const slow = await repositoryOf("slow", buildableSite("await new Promise((done) => setTimeout(done, 60_000));"));
  const first = await requestDeployment(platform, { source: slow.path });
  ofDeployment(first);
  expect(first.source).toEqual({ kind: "git", url: slow.path, branch: null, commit: null });
  expect(() => ofDeployment({ ...first, unnamed: 1 })).toThrow();
  const states: Deployment[] = [first, await waitFor(platform, first.id, ({ status }) => status === "building")];
  const second = await requestDeployment(platform, { source: slow.path, branch: "main" });
  states.push(await waitForEnd(platform, first.id));
  await platform.api(`/deployments/${second.id}/cancel`, { method: "POST" });
  states.push(await waitForEnd(platform, second.id));

  const folder = await mkdtemp(join(tmpdir(), "berth-folder-"));
  states.push(await deployAndWait(platform, { source: folder }));
  await writeFile(join(folder, "index.html"), "page");
  states.push(await deployAndWait(platform, { source: folder }));
  await rm(folder, { recursive: true });

  const good = await repositoryOf("good", buildableSite(WRITES_DIST, { "text.txt": "x" }));
  const wish = { source: good.path };
  states.push(await deployAndWait(platform, wish), await deployAndWait(platform, wish));

  expect(states.map(({ status, reused }) => `${status}${reused ? " again" : ""}`)).toEqual([
    "pending",
    "building",
    "superseded",
    "canceled",
    "failed",
    "ready",
    "ready",
    "ready again",
  ]);
  for (const state of states) {
    ofDeployment(state);
    expect([state.status, Object.keys(state.timings)]).toEqual([state.status, STEPS]);
    const isOver = state.finishedAt !== null;
    expect([state.status, state.timings.totalMs > 0]).toEqual([state.status, isOver]);
    expect([state.status, state.error !== null]).toEqual([state.status, isOver && state.status !== "ready"]);
  }
}, 180_000);

test("every described route answers as described, and there are no others", async () => {
  const { answer: made } = await ask("GET", "/deployments", { path: "/deployments?project=good&limit=1" });
  const { id } = (made as { deployments: Deployment[] }).deployments[0]!;
  const one = (rest: string) => `/deployments/{id}${rest}`;
  const project = (rest: string) => `/projects/{name}${rest}`;
  const at = (template: string) => template.replace("{id}", id).replace("{name}", "good");
  const askOne = (method: string, template: string, body?: unknown) =>
    ask(method, template, { path: at(template), body });

  const statuses: [string, number][] = [];
  const note = (name: string, { status }: { status: number }) => void statuses.push([name, status]);
  note("me", await ask("GET", "/me"));
  note("link", await ask("POST", "/sign-in-links"));
  note("openapi", await ask("GET", "/openapi.json"));
  note("projects", await ask("GET", "/projects"));
  note("project", await askOne("GET", project("")));
  note("no project", await ask("GET", project(""), { path: "/projects/none" }));
  note("settings", await askOne("PATCH", project(""), { settings: { root: "." } }));
  note("wrong settings", await askOne("PATCH", project(""), { settings: { root: "/up" } }));
  note("deployment", await askOne("GET", one("")));
  note("log", await askOne("GET", one("/log")));
  note("files", await askOne("GET", one("/files")));
  note("promote", await askOne("POST", one("/promote")));
  note("cancel", await askOne("POST", one("/cancel")));
  note("in production", await askOne("DELETE", one("")));
  note("rollback", await askOne("POST", project("/rollback")));
  note("remove", await askOne("DELETE", one("")));
  note("refused", await ask("POST", "/deployments", { body: { source: "" } }));
  note("no source", await ask("POST", "/deployments", { body: {} }));
  const variables = [{ name: "A", value: "1" }];
  note("set", await askOne("PUT", project("/variables"), { variables }));
  note("list", await askOne("GET", project("/variables")));
  note("unset", await ask("DELETE", project("/variables"), { path: "/projects/good/variables?names=A" }));
  const protect = await askOne("POST", project("/protection"), { kind: "token", scope: "all" });
  note("protect", protect);
  note("protected", await askOne("GET", project("/protection")));
  note("explain", await ask("GET", "/explain", { path: "/explain?url=http://good.localhost/" }));
  const key = (protect.answer as { protection: { id: string } }).protection.id;
  note("open", await ask("DELETE", project("/protection/{id}"), { path: `/projects/good/protection/${key}` }));
  note("explain open", await ask("GET", "/explain", { path: "/explain?url=http://good.localhost/" }));
  const own = `/explain?url=${encodeURIComponent(platform.baseUrl)}`;
  note("explain the website", await ask("GET", "/explain", { path: own }));
  note("sign out", await ask("POST", "/sign-out"));
  note("remove project", await askOne("DELETE", project("")));
  expect(Object.fromEntries(statuses)).toEqual({
    me: 200,
    link: 201,
    openapi: 200,
    projects: 200,
    project: 200,
    "no project": 404,
    settings: 200,
    "wrong settings": 400,
    deployment: 200,
    log: 200,
    files: 200,
    promote: 200,
    cancel: 409,
    "in production": 409,
    rollback: 200,
    remove: 204,
    refused: 400,
    "no source": 400,
    set: 200,
    list: 200,
    unset: 200,
    protect: 201,
    protected: 200,
    explain: 200,
    open: 200,
    "explain open": 200,
    "explain the website": 400,
    "sign out": 204,
    "remove project": 204,
  });
  const described = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect([...seen].sort()).toEqual(described.sort());
  for (const [template, operations] of Object.entries(document.paths)) {
    const path = template.replace(/\{\w+\}/g, "x");
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      if (method.toLowerCase() in operations) continue;
      const { status, headers } = await platform.api(path, { method });
      const allowed = headers.get("allow")?.split(", ") ?? [];
      const known = allowed.filter((name) => name !== "HEAD").map((name) => name.toLowerCase());
      expect([method, path, status, known.sort()]).toEqual([method, path, 405, Object.keys(operations).sort()]);
    }
  }
  expect((await platform.api("/nothing")).status).toBe(404);
  expect(document).toMatchObject({ openapi: "3.1.0", servers: [{ url: "/api/v1" }] });
}, 60_000);

/** As a script runs it. */
async function berth(...args: string[]) {
  const child = Bun.spawn([join(ROOT, "berth"), ...args, "--data", platform.dataDirectory], {
    cwd: tmpdir(),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const read = (stream: ReadableStream<Uint8Array>) => new Response(stream).text();
  const [stdout, stderr, exit] = await Promise.all([read(child.stdout), read(child.stderr), child.exited]);
  return { stdout, stderr, exit };
}

test("the command line prints one document, whatever happens, and its exit status tells it", async () => {
  const site = await repositoryOf("script", { "index.html": "page" });
  const bad = await repositoryOf("broken", buildableSite("process.exit(3)"));
  const document = async (...args: string[]) => {
    const { stdout, exit } = await berth(...args, "--json");
    expect([args, stdout.trim().split("\n").length]).toEqual([args, 1]);
    return { exit, ...(JSON.parse(stdout) as Record<string, unknown> & { error?: unknown }) };
  };
  const done = (await document("deploy", site.path, "--prod")) as unknown as Deployment & { exit: number };
  expect(done).toMatchObject({ exit: 0, status: "ready", project: "script" });
  const { exit: _, ...shown } = (await document("inspect", done.id)) as unknown as Deployment & { exit: number };
  ofDeployment(shown);
  expect(await document("deploy", bad.path)).toMatchObject({
    exit: 1,
    status: "failed",
    error: { code: "build_failed" },
  });
  expect(await document("--api", platform.baseUrl, "whoami")).toMatchObject({ exit: 0, name: "this machine" });
  const failures: [args: string[], exit: number, code: string][] = [
    [["deploy", "/no/such/folder"], 1, "source_path_missing"],
    [["deploy", "ftp://example.com/x"], 1, "source_invalid"],
    [["deploy", site.path, "--project", "No Name"], 1, "project_name_invalid"],
    [["inspect", "none"], 1, "deployment_not_found"],
    [["cancel", done.id], 1, "conflict"],
    [["rm", done.id], 1, "conflict"],
    [["rollback", "--project", "script"], 1, "conflict"],
    [["projects", "set", "none", "root=."], 1, "project_not_found"],
    [["projects", "set", "script", "colour=red"], 1, "project_setting_invalid"],
    [["ls", "--token", "wrong"], 1, "unauthorized"],
    [["ls", "--api", "http://127.0.0.1:1", "--token", "t"], 1, "api_unreachable"],
    [["up", "--port", "0"], 1, "data_directory_in_use"],
    [["up", "--port", "x"], 2, "usage"],
    [["up", "--port", "-1"], 2, "usage"],
    [["deploy", "a", "b"], 2, "usage"],
    [["nonsense"], 2, "usage"],
    [[], 2, "usage"],
  ];
  for (const [args, exit, code] of failures) {
    const { error, ...rest } = await document(...args);
    expect([args, rest, error]).toEqual([
      args,
      { exit },
      { code, message: expect.stringMatching(/\S/), hint: expect.stringMatching(/\S/) },
    ]);
  }
  const lines = await berth("deploy", site.path);
  expect([lines.exit, lines.stderr, Bun.stripANSI(lines.stdout)]).toEqual([0, "", lines.stdout]);
}, 120_000);
