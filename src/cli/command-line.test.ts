import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Deployment, isFinal } from "../model/deployment.ts";
import { aDeployment, aLine } from "./test-support.ts";

/** The whole command line as a process, against a server that speaks the API's routes. */
let home: string;
let server: ReturnType<typeof Bun.serve>;
let requests: { line: string; body: unknown; query?: URLSearchParams }[] = [];
const aKey = { id: "key1", scope: "previews", kind: "password", createdAt: "2026-01-02T03:04:05.000Z" };
const anExplanation = {
  request: { host: "blog.localhost", method: "GET", path: "/a", query: "?b", headers: {} },
  steps: [{ step: "host", text: "blog.localhost is a host\u001b[2J." }],
  answer: { status: 200, headers: { etag: '"x"' } },
  behindProtection: null,
};
let final: Deployment;

beforeAll(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), "berth-cli-")));
  server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer });
});
afterAll(async () => {
  await server.stop(true);
  await rm(home, { recursive: true });
});

/** Of a deployment that is not done, the stream stays open. */
function events(): ReadableStream<string> {
  return new ReadableStream({
    start(stream) {
      stream.enqueue(`event: line\ndata: ${JSON.stringify(aLine(1))}\n\n`);
      if (!isFinal(final.status)) return;
      stream.enqueue(`event: deployment\ndata: ${JSON.stringify(final)}\n\nevent: end\ndata: {}\n\n`);
      stream.close();
    },
  });
}

async function answer(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const line = `${request.method} ${pathname.replace("/api/v1", "")}`;
  const body: unknown = request.headers.get("content-length") ? await request.json().catch(() => undefined) : undefined;
  requests.push({ line, body, ...(line === "GET /explain" && { query: new URLSearchParams(search) }) });
  const routes: Record<string, () => Response> = {
    "POST /deployments": () => Response.json({ ...final, status: "pending", error: null }, { status: 201 }),
    "GET /deployments": () => Response.json({ deployments: [final], next: null }),
    [`GET /deployments/${final.id}/log`]: () =>
      request.headers.get("accept") === "text/event-stream"
        ? new Response(events(), { headers: { "content-type": "text/event-stream" } })
        : Response.json({ lines: request.url.includes("after=0") ? [aLine(1)] : [], done: true }),
    "GET /projects": () =>
      Response.json({ projects: [{ name: "blog", repository: null, settings: {}, latest: null }] }),
    "PATCH /projects/blog": () => Response.json({ name: "blog", settings: { root: "web" } }),
    "PUT /projects/blog/variables": () => Response.json({ variables: [] }),
    "DELETE /projects/blog/variables": () => Response.json({ variables: [] }),
    "GET /projects/blog/protection": () => Response.json({ protections: [aKey] }),
    "POST /projects/blog/protection": () => Response.json({ protection: aKey, token: null, protections: [aKey] }),
    "DELETE /projects/blog/protection/key1": () => Response.json({ protections: [] }),
    "GET /explain": () => Response.json(anExplanation),
    "POST /projects/blog/rollback": () => Response.json(final),
    "GET /me": () => Response.json({ kind: "token", name: "ci", version: "0.1.0", baseUrl: server.url.origin }),
  };
  const missing = { error: { code: "deployment_not_found", message: "No such deployment.", hint: "See berth ls." } };
  return routes[line]?.() ?? Response.json(missing, { status: 404 });
}

interface Conditions {
  stdin?: string;
  api?: boolean;
}

function start(args: string[], { stdin = "", api = true }: Conditions = {}) {
  const connection = api ? ["--api", server.url.origin, "--token", "t"] : [];
  return Bun.spawn([process.execPath, join(import.meta.dir, "../main.ts"), ...args, ...connection], {
    cwd: home,
    env: { HOME: home, PATH: "/usr/bin:/bin", BERTH_DATA: join(home, "data") },
    stdin: new Blob([stdin]),
    stdout: "pipe",
    stderr: "pipe",
  });
}

async function berth(args: string[], conditions?: Conditions) {
  requests = [];
  const child = start(args, conditions);
  const read = (stream: ReadableStream<Uint8Array>) => new Response(stream).text();
  const [stdout, stderr, exit] = await Promise.all([read(child.stdout), read(child.stderr), child.exited]);
  return { stdout, stderr, exit };
}

test("deploy --json prints the deployment alone on stdout, the log on stderr, and sends an absolute path", async () => {
  final = aDeployment();
  const { stdout, stderr, exit } = await berth(["deploy", "site", "--prod", "--json"]);
  expect(JSON.parse(stdout)).toEqual(final);
  expect(stderr).toContain("build   | line 1");
  expect(exit).toBe(0);
  expect(requests[0]?.body).toEqual({ source: join(home, "site"), production: true });
});

test("changes that are not committed are told before a local repository is deployed", async () => {
  final = aDeployment();
  const site = join(home, "work");
  await Bun.write(join(site, "index.html"), "one");
  const git = (...args: string[]) =>
    Bun.spawnSync(["git", "-c", "user.name=a", "-c", "user.email=a@b.example", "-C", site, ...args]);
  const said = async (...args: string[]) => (await berth(["deploy", site, ...args])).stdout.includes("not committed");
  expect(await said()).toBe(false);
  git("init", "-q");
  git("add", ".");
  git("commit", "-qm", "one");
  expect(await said()).toBe(false);
  await Bun.write(join(site, "index.html"), "two");
  expect([await said(), await said("--branch", "main")]).toEqual([true, false]);
  const { stdout, stderr } = await berth(["deploy", site, "--json"]);
  expect([JSON.parse(stdout).id, stderr.includes("not committed")]).toEqual([final.id, true]);
});

test("a failed deployment is printed whole and exits with 1; --no-wait does not wait for it", async () => {
  const error = { code: "build_failed", message: "It failed.", hint: "Look." } as const;
  final = aDeployment({ status: "failed", error });
  const failed = await berth(["deploy", "--json"]);
  expect(JSON.parse(failed.stdout).error).toEqual(error);
  expect(failed.exit).toBe(1);
  expect(requests[0]?.body).toEqual({ source: home });
  const started = await berth(["deploy", "--no-wait", "--json"]);
  expect(JSON.parse(started.stdout).status).toBe("pending");
  expect(started.exit).toBe(0);
});

test("whoever does not wait to the end is told that the deployment goes on", async () => {
  final = aDeployment({ status: "building" });
  const goesOn = `'berth cancel ${final.id}' stops it.`;
  expect((await berth(["deploy", "--no-wait"])).stdout).toContain(goesOn);
  const child = start(["deploy", "--json"]);
  let seen = "";
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    seen += text;
    if (text.includes("line 1")) child.kill("SIGINT");
  }
  expect([seen.includes(goesOn), await new Response(child.stdout).text(), await child.exited]).toEqual([true, "", 130]);
});

test("without --json the log and the URL are plain lines on stdout", async () => {
  final = aDeployment();
  const { stdout, stderr, exit } = await berth(["deploy", "https://git.example/me/blog.git"]);
  expect(stdout).toContain("build   | line 1\n");
  expect(stdout).toContain("  http://blog.localhost:3000\n");
  expect({ stderr, exit, escapes: stdout.includes("\u001b") }).toEqual({ stderr: "", exit: 0, escapes: false });
});

test("lists are one document each", async () => {
  final = aDeployment();
  expect(JSON.parse((await berth(["ls", "--json"])).stdout)).toEqual({ deployments: [final] });
  expect(JSON.parse((await berth(["projects", "ls", "--json"])).stdout).projects).toHaveLength(1);
  expect(JSON.parse((await berth(["logs", final.id, "--json"])).stdout)).toEqual({ lines: [aLine(1)] });
  for (const follow of ["--follow", "-f"]) {
    expect(JSON.parse((await berth(["logs", final.id, follow, "--json"])).stdout)).toEqual({ lines: [aLine(1)] });
  }
});

test("settings are words, an empty value clears one; rollback finds the only project", async () => {
  await berth(["projects", "set", "blog", "root=web", "build_command=A=1 make", "framework="]);
  expect(requests[0]).toEqual({
    line: "PATCH /projects/blog",
    body: { settings: { root: "web", build_command: "A=1 make", framework: null } },
  });
  await berth(["rollback"]);
  expect(requests.map(({ line }) => line)).toEqual(["GET /projects", "POST /projects/blog/rollback"]);
});

test("another repository is made the project's own", async () => {
  await berth(["projects", "set", "blog", "repository=https://git.example/me/blog.git", "root=web"]);
  expect(requests[0]?.body).toEqual({ repository: "https://git.example/me/blog.git", settings: { root: "web" } });
});

test("variables are words, one of them from standard input, and never printed", async () => {
  const args = ["env", "set", "A=x=y", "KEY=-", "--secret", "--context", "preview", "--project", "blog"];
  const { stdout, stderr, exit } = await berth(args, { stdin: "hunter2\nline\n" });
  const flags = { context: "preview", secret: true, install: false };
  expect(requests).toEqual([
    {
      line: "PUT /projects/blog/variables",
      body: {
        variables: [
          { name: "A", value: "x=y", ...flags },
          { name: "KEY", value: "hunter2\nline", ...flags },
        ],
      },
    },
  ]);
  expect([exit, stderr]).toEqual([0, ""]);
  expect(stdout).toBe("Set A, KEY for preview in blog; it holds from the next deployment on.\n");
  const removed = await berth(["env", "rm", "A", "KEY", "--project", "blog", "--json"]);
  expect(JSON.parse(removed.stdout)).toEqual({ project: "blog", removed: ["A", "KEY"] });
});

test("a password comes from standard input and is never printed", async () => {
  const { stdout, stderr, exit } = await berth(["protect", "set", "blog"], { stdin: "open sesame\n" });
  const body = { kind: "password", scope: "previews", password: "open sesame" };
  expect(requests).toEqual([{ line: "POST /projects/blog/protection", body }]);
  expect([stdout, stderr, exit]).toEqual(["blog: every host but production's asks for the password now.\n", "", 0]);
  await berth(["protect", "set", "blog", "--scope", "branch:fix", "--kind", "token"]);
  expect(requests[0]?.body).toEqual({ kind: "token", scope: "branch:fix" });
  const listed = await berth(["protect", "ls", "blog", "--json"]);
  expect(JSON.parse(listed.stdout)).toEqual({ project: "blog", protections: [aKey] });
  const removed = await berth(["protect", "rm", "blog", "key1"]);
  expect(removed.stdout).toBe("Removed key1 from blog; all its hosts are open now.\n");
});

test("explain sends the imagined request, and prints the document or readable lines", async () => {
  const args = [
    "explain",
    "http://blog.localhost:3000/a?b",
    "--header",
    "Accept-Encoding: br",
    "--header",
    "Cookie: a=b",
  ];
  const { stdout, exit } = await berth([...args, "--method", "HEAD", "--json"]);
  expect([JSON.parse(stdout), exit]).toEqual([anExplanation, 0]);
  expect(Object.fromEntries(requests[0]!.query!)).toEqual({
    url: "http://blog.localhost:3000/a?b",
    method: "HEAD",
    headers: '{"accept-encoding":"br","cookie":"a=b"}',
  });
  const shown = await berth(args);
  expect(shown.stdout).toBe('GET blog.localhost/a?b\nhost  blog.localhost is a host.\n\nHeaders\netag  "x"\n');
});

test.each([
  [["protect", "set", "blog", "--scope", "nobody"]],
  [["protect", "set", "blog", "--kind", "magic"]],
  [["protect", "rm", "blog"]],
  [["explain"]],
  [["explain", "blog.localhost", "--header", "nonsense"]],
  [["env", "set", "blog"]],
  [["env", "set", "A=1", "--context", "staging"]],
  [["env", "rm"]],
  [["projects", "set", "blog", "repository="]],
  [["nonsense"]],
  [["nonsense", "--help"]],
  [["env", "nonsense", "-h"]],
  [["ls", "--nonsense"]],
  [["ls", "extra"]],
  [["ls", "--limit", "0"]],
  [["ls", "--project", ""]],
  [["inspect"]],
  [["inspect", ""]],
  [["rm", "."]],
  [["projects", "rm", ".."]],
  [["env", "ls", "--project", ".."]],
  [["protect", "rm", "blog", "."]],
  [["projects"]],
  [["projects", "set", "blog", "nonsense"]],
])("wrong usage %j exits with 2", async (args) => {
  const { stdout, exit } = await berth([...args, "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: "usage", hint: expect.stringMatching(/./) } });
  expect(exit).toBe(2);
});

test("options of every command may stand before its name, and between its words", async () => {
  final = aDeployment();
  for (const args of [
    ["--json", "ls"],
    ["--project", "blog", "--json", "ls"],
    ["--project=blog", "ls", "--json"],
    ["--json", "projects", "ls"],
    ["projects", "--json", "ls"],
  ]) {
    const { stdout, exit } = await berth(args);
    expect([args, exit, Object.keys(JSON.parse(stdout)).length]).toEqual([args, 0, 1]);
  }
});

test("--help and --version with --json are one document too", async () => {
  const help = await berth(["ls", "--help", "--json"], { api: false });
  expect([help.exit, JSON.parse(help.stdout)]).toEqual([0, { usage: expect.stringContaining("berth ls") }]);
  for (const args of [
    ["--version", "--json"],
    ["--json", "-v"],
  ]) {
    const { stdout, exit } = await berth(args, { api: false });
    expect([exit, JSON.parse(stdout)]).toEqual([0, { version: expect.stringMatching(/^\d/) }]);
  }
  expect((await berth(["--version"], { api: false })).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test("doctor takes the options of every command, and checks what config.json says", async () => {
  const data = join(home, "checked");
  await Bun.write(join(data, "config.json"), JSON.stringify({ port: 4 }));
  const args = ["doctor", "--data", data, "--json", "--project", "x"];
  const checksOf = async () => {
    const { checks } = JSON.parse((await berth(args)).stdout) as { checks: { name: string; detail: string }[] };
    return Object.fromEntries(checks.map((check) => [check.name, check]));
  };
  expect((await checksOf()).port).toMatchObject({ detail: expect.stringContaining("127.0.0.1:4 ") });
  await Bun.write(join(data, "config.json"), JSON.stringify({ port: "x" }));
  expect((await checksOf()).settings).toMatchObject({ ok: false, detail: expect.stringContaining("config.json port") });
}, 60_000);

test("ls marks what production shows, not what was meant for it", async () => {
  final = aDeployment({ production: true, aliases: ["http://main--blog.localhost:3000"] });
  expect((await berth(["ls"])).stdout).not.toContain("(prod)");
  final = aDeployment({ production: false });
  expect((await berth(["ls"])).stdout).toContain("ready (prod)");
});

test("a failure exits with 1 and says what and what next, without a stack trace", async () => {
  const asked = await berth(["inspect", "x", "--json"]);
  expect(JSON.parse(asked.stdout)).toEqual({
    error: { code: "deployment_not_found", message: "No such deployment.", hint: "See berth ls." },
  });
  expect(asked.exit).toBe(1);
  const shown = await berth(["inspect", "x"]);
  expect({ ...shown }).toEqual({
    stdout: "",
    stderr: "error No such deployment. (deployment_not_found)\n      See berth ls.\n",
    exit: 1,
  });
});

test("login keeps address and token for later commands", async () => {
  const args = ["login", "--api", server.url.origin];
  expect((await berth(args, { api: false, stdin: "secret\n" })).exit).toBe(0);
  const { stdout } = await berth(["whoami", "--json"], { api: false });
  expect(JSON.parse(stdout).name).toBe("ci");
});
