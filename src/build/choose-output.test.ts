import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { chooseOutput, withOutput } from "./choose-output.ts";

let work: string;
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), "berth-output-"));
});
afterEach(() => rm(work, { recursive: true, force: true }));

async function put(...paths: string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(work, path)), { recursive: true });
    await writeFile(join(work, path), "x");
  }
}

/** A start of the build that lies after all that was put, without waiting for it. */
const LATER = () => Date.now() + 60_000;

function choose(
  outputCandidates: string[],
  { startedAtMs = 0, root = ".", from = "detected", outputHint = null as string | null, server = [] as string[] } = {},
) {
  const resolved = { output_directory: { value: outputCandidates[0]!, from } };
  const plan = { root, outputCandidates, serverOutputs: server, outputHint, resolved };
  return chooseOutput(work, plan, { startedAtMs });
}

test("the first candidate with pages that this build wrote", async () => {
  await put("dist/app.js", "build/index.html", "out/index.html");
  expect(await choose(["dist", "build", "out"])).toEqual({
    directory: join(work, "build"),
    relative: "build",
    warnings: [],
  });
});

test("candidates are seen from the root", async () => {
  await put("web/dist/index.html", "dist/index.html");
  expect(await choose(["dist"], { root: "web" })).toMatchObject({ relative: "web/dist" });
  expect(await choose(["../dist"], { root: "web" })).toMatchObject({ relative: "dist" });
});

test("one that was committed is taken last, with a warning", async () => {
  await put("docs/index.html");
  expect(await choose(["dist", "docs"], { startedAtMs: LATER() })).toMatchObject({
    relative: "docs",
    warnings: [expect.stringContaining("was there before")],
  });
});

test("an index page without a byte is told of", async () => {
  await put("public/index.html");
  await writeFile(join(work, "public/index.html"), "");
  expect(await choose(["public"])).toMatchObject({ warnings: [expect.stringContaining("is empty")] });
});

test("a folder that nobody thought of, when it is the only fresh one with an index page", async () => {
  await put("dist/lib.js", "website/index.html", "node_modules/x/index.html");
  expect(await choose(["dist"])).toMatchObject({ relative: "website" });
  await put("second/index.html");
  expect(await choose(["dist"])).toMatchObject({ relative: "dist" });
});

test("the one folder further down that the build has put an index page in, with a warning", async () => {
  await put("dist/lib.js", "site/dist/index.html", "site/dist/about/index.html", "node_modules/x/index.html");
  expect(await choose(["dist"])).toMatchObject({
    relative: "site/dist",
    warnings: [expect.stringContaining("'site/dist' is published")],
  });
  await expect(choose(["dist"], { from: "project settings" })).resolves.toMatchObject({ relative: "dist" });
  await expect(choose(["dist"], { server: ["dist/lib.js"] })).rejects.toMatchObject({ code: "server_output" });
  await put("docs/build/index.html");
  expect(await choose(["dist"])).toMatchObject({ relative: "dist" });
});

test("folders that lead deeper than a path may be long hold nothing up", async () => {
  await put("build/index.html", "dist/app.js");
  const dig = 'for (1 .. 30) { $name = "a" x 200; mkdir $name; chdir $name }';
  for (const folder of ["dist", "build"]) Bun.spawnSync(["perl", "-e", dig], { cwd: join(work, folder) });
  expect(await choose(["dist", "build"])).toMatchObject({ relative: "build" });
  expect(await choose(["dist"], { startedAtMs: LATER(), from: "x" })).toMatchObject({ relative: "dist" });
  // By descriptors, as it was made.
  Bun.spawnSync(["rm", "-rf", join(work, "dist"), join(work, "build")]);
});

test("pages at the root that are worked on in place", async () => {
  await put("index.html", "dist/style.css");
  expect(await choose(["dist", "."])).toMatchObject({ directory: work, relative: "." });
});

test("an index page that the build has put at the root, where nobody expected one", async () => {
  await put("index.html", "src/Main.elm");
  expect(await choose(["dist"])).toMatchObject({ directory: work, relative: "." });
  await expect(choose(["dist"], { startedAtMs: LATER() })).rejects.toMatchObject({ code: "output_missing" });
});

test("through folders that only wrap the site's, not into a part of it", async () => {
  await put("dist/shop/browser/index.html", "dist/shop/3rdpartylicenses.txt");
  expect(await choose(["dist"])).toMatchObject({ relative: "dist/shop/browser" });
  await put("build/en/index.html", "build/robots.txt");
  expect(await choose(["build"])).toMatchObject({
    relative: "build",
    warnings: [expect.stringContaining("no index.html")],
  });
});

test("none of them names the candidates, the folders there and the framework's way", async () => {
  await put("src/a.js", ".next/x");
  const failing = choose(["out"], { outputHint: "Set output: 'export'." });
  await expect(failing).rejects.toMatchObject({
    code: "output_missing",
    message: expect.stringContaining("out"),
    hint: "Set output: 'export'. Folders there: src.",
  });
});

test("none of them, and the folders in which the build has put an index page", async () => {
  await put("target/site/index.html", "target/site/about/index.html", "target/cache/x", "a/b/index.html", "src/a.js");
  await expect(choose(["dist"])).rejects.toMatchObject({
    code: "output_missing",
    hint: expect.stringMatching(/It wrote an index\.html in: a\/b, target\/site\.$/),
  });
  await expect(choose(["dist"], { startedAtMs: LATER() })).rejects.toMatchObject({
    hint: expect.stringContaining("Folders there: a, src, target."),
  });
});

test("folders with a dot are named among them, tools' own are not", async () => {
  await put(".output/public/index.html", "docs/.vitepress/dist/index.html", ".next/server/index.html");
  await put(".git/index.html", ".cache/index.html", "docs/.vitepress/.temp/index.html");
  await expect(choose(["dist"])).rejects.toMatchObject({
    code: "output_missing",
    hint: expect.stringMatching(/It wrote an index\.html in: \.output\/public, docs\/\.vitepress\/dist\.$/),
  });
});

test("a link in the output's place names the folders that the build has put an index page in", async () => {
  await put(".output/public/index.html");
  await symlink(".output/public", join(work, "dist"));
  await expect(choose(["dist"], { from: "project settings" })).rejects.toMatchObject({
    code: "output_refused",
    hint: expect.stringContaining("It wrote an index.html in: .output/public. Set output_directory"),
  });
});

test("the folder that is published is told, seen from the root, whichever was expected", () => {
  const resolved = { output_directory: { value: "dist", from: "netlify.toml" }, root: { value: "web", from: "x" } };
  expect(withOutput({ root: "web", resolved }, "web/dist")).toEqual(resolved);
  const other = withOutput({ root: "web", resolved }, "web");
  expect(other).toEqual({ ...resolved, output_directory: { value: ".", from: "detected" } });
});

test("a folder that was asked for is the only one", async () => {
  await put("dist/index.html");
  await expect(choose(["site"], { from: "project settings" })).rejects.toMatchObject({ code: "output_missing" });
});

test("a link, a folder behind one, and one outside are refused; a better one is taken before", async () => {
  await put("real/index.html");
  await symlink("/etc", join(work, "dist"));
  await symlink("real", join(work, "link"));
  await expect(choose(["dist"], { from: "project settings" })).rejects.toMatchObject({ code: "output_refused" });
  await expect(choose(["link/sub"], { from: "project settings" })).rejects.toMatchObject({ code: "output_refused" });
  await expect(choose(["../x"])).rejects.toMatchObject({ code: "output_refused" });
  expect(await choose(["dist", "real"])).toMatchObject({ relative: "real" });
});

test("a server and no pages says how the framework makes files", async () => {
  await put(".next/server/app.js", "public/logo.svg");
  await expect(choose(["out"], { server: [".next"], outputHint: "Set output: 'export'." })).rejects.toMatchObject({
    code: "server_output",
    message: expect.stringContaining("'.next'"),
    hint: expect.stringContaining("Set output: 'export'."),
  });
  await put("build/client/app.js", "build/server/index.js");
  await expect(choose(["build/client"], { server: ["build/server"] })).rejects.toMatchObject({ code: "server_output" });
  await put("out/index.html");
  expect(await choose(["out"], { server: [".next"] })).toMatchObject({ relative: "out" });
});

test("pages beside a server are published without it", async () => {
  await put("dist/server/entry.mjs", "dist/client/about/index.html");
  expect(await choose(["dist"])).toMatchObject({
    relative: "dist/client",
    warnings: [expect.stringContaining("only the pages in 'dist/client'"), expect.stringContaining("no index.html")],
  });
  await put("build/handler.js", "build/prerendered/a.html", "build/client/app.js");
  await expect(choose(["build"])).rejects.toMatchObject({ code: "server_output" });
});

test("old error pages of a server are no pages, a 404.html that the build wrote may be all of a site", async () => {
  await put("public/404.html", "public/500.html", "app/assets/builds/application.js", "config/application.rb");
  const rails = {
    startedAtMs: LATER(),
    server: ["config/application.rb"],
    outputHint: "A server made with Ruby on Rails",
  };
  await expect(choose(["dist", "public"], rails)).rejects.toMatchObject({
    code: "server_output",
    message: expect.stringContaining("'config/application.rb'"),
    hint: expect.stringContaining("Ruby on Rails"),
  });
  await put("build/404.html", "build/app.js");
  expect(await choose(["build"], { server: ["config/application.rb"] })).toMatchObject({ relative: "build" });
});

test("a folder that the build has left alone and that has no page is not its output", async () => {
  await put("public/logo.svg", "lib/index.js");
  const at = { startedAtMs: LATER() };
  await expect(choose(["dist", "public"], at)).rejects.toMatchObject({ code: "output_missing" });
  expect(await choose(["public"], { ...at, from: "netlify.toml" })).toMatchObject({ relative: "public" });
  expect(await choose(["dist", "public"])).toMatchObject({ relative: "public" });
});
