import { expect, test } from "bun:test";
import { buildPlan, plan } from "./testing/in-memory-source.ts";

const gulp = { "package.json": { devDependencies: { gulp: "^4.0.0" } }, "src/index.html": "" };
const grunt = { "package.json": { devDependencies: { grunt: "^1.0.0" } } };

test.each([
  ["exports.build = series(css);\nexports.default = series(css, watch);", ["gulp", "build"]],
  ["gulp.task('build', gulp.series('css'));", ["gulp", "build"]],
  ["export const build = series(css);", ["gulp", "build"]],
  ["export async function build() {}", ["gulp", "build"]],
  ["gulp.task('build:dev', x);\ngulp.task('build:dist', y);\ngulp.task('default', serve);", ["gulp", "build:dist"]],
  ["exports.dist = series(css);\nexports.default = serve;", ["gulp", "dist"]],
  ["exports.default = series(css, pages);\nexports.watch = watch;", ["gulp"]],
  ["gulp.task('default', ['css', 'pages']);", ["gulp"]],
])("gulp: %s", async (text, command) => {
  const result = await buildPlan({ ...gulp, "gulpfile.js": text });
  expect(result.build).toEqual(["npx", "--no-install", ...command]);
  expect(result.framework).toBe("gulp");
});

test("Grunt", async () => {
  const text = (tasks: string) => ({ ...grunt, "Gruntfile.js": `grunt.registerTask(${tasks});` });
  expect((await buildPlan(text("'build', ['less']"))).build).toEqual(["npx", "--no-install", "grunt", "build"]);
  expect((await buildPlan(text("'default', ['less']"))).build).toEqual(["npx", "--no-install", "grunt"]);
  await expect(plan(text("'default', ['less', 'watch']"))).rejects.toMatchObject({ code: "framework_unknown" });
});

test("a task that never ends, a runner that is not installed, and pages that are there already are left alone", async () => {
  const endless = { ...gulp, "gulpfile.js": "exports.default = series(css, startServer, serve);" };
  expect(await plan(endless)).toMatchObject({ kind: "static", output: "src" });
  const without = { "package.json": {}, "gulpfile.js": "exports.build = x", "index.html": "" };
  expect(await plan(without)).toMatchObject({ kind: "static" });
  const pages = { ...gulp, "gulpfile.js": "exports.build = x", "docs/index.html": "" };
  expect(
    await plan({ "package.json": gulp["package.json"], "gulpfile.js": "exports.build = x", "docs/index.html": "" }),
  ).toMatchObject({
    kind: "static",
    output: "docs",
  });
  expect(await plan({ ...pages, "index.html": "" })).toMatchObject({ kind: "static", output: "." });
});
