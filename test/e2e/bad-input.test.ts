import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deployAndWait } from "../support/deploy.ts";
import { newDataDirectory, removeDataDirectory, startPlatform, type TestPlatform } from "../support/platform.ts";
import { buildableSite, newRepository, type TestRepository } from "../support/repositories.ts";

const CREDENTIALS = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };

/** Bad input gets a clear error of the documented form; nothing is lost and the platform lives. */
describe("bad input", () => {
  let platform: TestPlatform;
  const repositories: TestRepository[] = [];
  beforeAll(async () => {
    platform = await startPlatform({ env: { BERTH_BUILD_DISK_MIB: "64" } });
  }, 120_000);
  afterAll(async () => {
    expect((await fetch(`http://127.0.0.1:${platform.port}/healthz`)).status).toBe(200);
    await platform.stop();
    for (const repository of repositories) await repository.remove();
    await removeDataDirectory(platform.dataDirectory);
  }, 30_000);

  const refusals: [wish: Record<string, unknown>, code: string][] = [
    [{ source: "" }, "source_invalid"],
    [{ source: "ftp://example.com/x" }, "source_invalid"],
    [{ source: "https://" }, "source_invalid"],
    [{ source: "ext::sh -c id" }, "source_invalid"],
    [{ source: "--upload-pack=id" }, "source_invalid"],
    [{ source: "https://user:secret@example.com/x.git" }, "source_has_credentials"],
    [{ source: "/no/such/folder" }, "source_path_missing"],
    [{ source: "https://example.com/x.git", branch: "--upload-pack=id" }, "branch_not_found"],
    [{ source: "https://example.com/x.git", project: "No Name" }, "project_name_invalid"],
    [{ source: "https://example.com/x.git", project: "api" }, "project_name_reserved"],
    [{ source: "https://example.com/x.git", root: "../up" }, "project_setting_invalid"],
    [{ sauce: "x" }, "bad_request"],
  ];
  test.each(refusals)("%j is refused as %s", async (wish, code) => {
    const response = await platform.api("/deployments", { method: "POST", body: JSON.stringify(wish) });
    const { error } = (await response.json()) as { error: Record<string, string> };
    expect(error).toMatchObject({ code, message: expect.stringMatching(/\S/), hint: expect.stringMatching(/\S/) });
    expect(response.status).toBe(400);
    expect(JSON.stringify(error)).not.toContain("secret");
  });

  const failures: [name: string, files: Record<string, string>, code: string][] = [
    ["package-json-broken", { "package.json": "{ oops" }, "package_json_invalid"],
    ["unknown-framework", { "package.json": "{}", "readme.txt": "x" }, "framework_unknown"],
    ["build-fails", buildableSite("console.error('no luck'); process.exit(3);"), "build_failed"],
    ["writes-nothing", buildableSite(""), "output_missing"],
    [
      "writes-no-page",
      buildableSite(
        'import { mkdirSync, writeFileSync } from "node:fs"; mkdirSync("dist"); writeFileSync("dist/a.txt", "x");',
      ),
      "output_no_index",
    ],
    [
      "writes-pages-without-index",
      buildableSite(
        'import { mkdirSync, writeFileSync } from "node:fs"; mkdirSync("dist"); for (const n of "ab") writeFileSync("dist/" + n + ".html", n);',
      ),
      "output_no_index",
    ],
    [
      "install-fails",
      { ...buildableSite(""), "package.json": JSON.stringify({ scripts: { build: "true", preinstall: "exit 7" } }) },
      "install_failed",
    ],
  ];
  test("the log says what went wrong at the step where it did", async () => {
    const failing = JSON.stringify({ scripts: { build: "true", preinstall: "exit 7" } });
    const repository = await newRepository("steps", { "package.json": failing });
    repositories.push(repository);
    const lastStep = async (wish: Record<string, unknown>) => {
      const { id } = await deployAndWait(platform, { source: repository.path, ...wish });
      const { lines } = (await (await platform.api(`/deployments/${id}/log`)).json()) as { lines: { step: string }[] };
      return lines.at(-1)?.step;
    };
    expect(await lastStep({ branch: "nope" })).toBe("clone");
    expect(await lastStep({ root: "nope" })).toBe("build");
    expect(await lastStep({})).toBe("install");
  }, 60_000);

  test.each(failures)(
    "%s fails with its reason",
    async (name, files, code) => {
      const repository = await newRepository(name, files);
      repositories.push(repository);
      const done = await deployAndWait(platform, { source: repository.path });
      expect([done.status, done.error?.code]).toEqual(["failed", code as never]);
      expect(done.error?.hint).toMatch(/\S/);
      const page = await platform.site(new URL(done.url).host, "/");
      expect(page.status).toBeGreaterThanOrEqual(400);
    },
    120_000,
  );

  const isRoot = process.getuid?.() === 0;
  test.each([
    ["more than a build's disk space", 72, /takes 73 MiB, and a build has 64 MiB/],
    // The file system keeps some of the volume for itself; without one a build's own files are counted later.
    ...(isRoot ? [["as much as it", 63, /^The source does not fit.* 64 MiB/] as const] : []),
  ])(
    "a source of %s is its owner's to mend, and not tried again",
    async (_, mib, message) => {
      const files = Array.from({ length: mib }, (__, at) => [`large/${at}`, "x".repeat(1024 ** 2)]);
      const repository = await newRepository(`large-${mib}`, { ...buildableSite(""), ...Object.fromEntries(files) });
      repositories.push(repository);
      const { error } = await deployAndWait(platform, { source: repository.path });
      expect(error).toMatchObject({ code: "build_limit", message: expect.stringMatching(message) });
      expect(error?.hint).toContain("BERTH_BUILD_DISK_MIB");
      expect(platform.output()).not.toContain("ENOSPC");
    },
    120_000,
  );

  test("repositories that are not there, empty, or lack the branch", async () => {
    const empty = await newRepository("empty");
    const full = await newRepository("full", { "index.html": "x" });
    repositories.push(empty, full);
    const codeOf = async (wish: Record<string, unknown>) => (await deployAndWait(platform, wish)).error?.code;
    expect(await codeOf({ source: empty.path })).toBe("repository_empty");
    expect(await codeOf({ source: full.path, branch: "nope" })).toBe("branch_not_found");
    expect(await codeOf({ source: full.path, commit: "a".repeat(40) })).toBe("commit_not_found");
    expect(await codeOf({ source: "http://127.0.0.1:1/x.git" })).toBe("source_unreachable");
    const folder = await mkdtemp(join(tmpdir(), "berth-empty-"));
    expect(await codeOf({ source: folder })).toBe("source_empty");
    await rm(folder, { recursive: true });
  }, 60_000);

  test.each([
    ["/deployments/%00", 404],
    ["/projects/%00", 404],
    ["/deployments/a/log?after=99999999999999", 400],
    ["/deployments?limit=0", 400],
  ])("a strange address %s is no fault of the platform", async (path, status) => {
    const response = await platform.api(path);
    expect(response.status).toBe(status);
    expect(((await response.json()) as { error: { code: string } }).error.code).not.toBe("internal");
  });

  test("a NUL that only the database would refuse is the caller's to mend", async () => {
    const folder = await mkdtemp(join(tmpdir(), "berth-named-"));
    await deployAndWait(platform, { source: folder, project: "named" });
    await rm(folder, { recursive: true });
    const answers = await Promise.all([
      platform.api("/projects/%00", { method: "PATCH", body: "{}" }),
      platform.api("/projects/named/variables?names=%00", { method: "DELETE" }),
    ]);
    for (const answer of answers) {
      expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining("bad_request")]);
    }
  });

  test("a body that is not said to be JSON is refused", async () => {
    const headers = { "content-type": "text/plain" };
    const response = await platform.api("/deployments", { method: "POST", headers, body: '{"source":"/x"}' });
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining("bad_request")]);
  });

  test("a second platform on the same directory, and a taken port, are told apart", async () => {
    const second = await startPlatform({ dataDirectory: platform.dataDirectory }).catch(
      (error: Error) => error.message,
    );
    expect(second).toContain("data_directory_in_use");
    const taken = await startPlatform({ args: ["--port", `${platform.port}`] }).catch((error: Error) => error.message);
    expect(taken).toContain("port_taken");
    expect(taken).toContain(`process ${platform.pid}`);
  }, 60_000);

  test("a config.json that can't be read is told, and a platform on ::1 is reached by the command line", async () => {
    const dataDirectory = await newDataDirectory();
    const config = join(dataDirectory, "config.json");
    await mkdir(config);
    const told = await startPlatform({ dataDirectory }).catch((error: Error) => error.message);
    expect(told).toContain("config.json can't be read (EISDIR)");
    await rmdir(config);
    const onIpv6 = await startPlatform({ dataDirectory, args: ["--host", "::1"] });
    const { url } = (await Bun.file(join(dataDirectory, "api.json")).json()) as { url: string };
    expect(url).toBe(`http://[::1]:${onIpv6.port}`);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    await onIpv6.stop();
    await removeDataDirectory(dataDirectory);
  }, 60_000);

  test.each([
    [{ BERTH_STORE: "ftp:x" }, "BERTH_STORE"],
    [{ BERTH_STORE: "file:/dev/null/x" }, "BERTH_STORE"],
    [{ BERTH_STORE: "s3://bucket?endpoint=http://127.0.0.1:1&region=x", ...CREDENTIALS }, "BERTH_STORE"],
    [{ BERTH_QUEUE: "redis://127.0.0.1:1" }, "BERTH_QUEUE"],
    [{ BERTH_DATABASE: "postgres://127.0.0.1:1/x" }, "BERTH_DATABASE"],
    [{ BERTH_BUILDS: "many" }, "BERTH_BUILDS"],
  ])(
    "a wrong setting %j is named",
    async (env, name) => {
      const told = await startPlatform({ env }).catch((error: Error) => error.message);
      expect(told).toContain("setting_invalid");
      expect(told).toContain(name);
      expect(told).not.toMatch(/\n\s+at /);
    },
    60_000,
  );
});
