import { describe, expect, test } from "bun:test";
import { failureOf } from "../../src/build/explain-failure.ts";
import { withoutHosts } from "../../src/build/lockfile-hosts.ts";
import { plan, type Sources } from "../../src/build/plan/testing/in-memory-source.ts";
import { compileRules } from "../../src/build/rules/compile.ts";
import { parseToml } from "../../src/build/toml.ts";
import { filesBelow } from "../../src/build/tree-files.ts";
import { BerthError } from "../../src/model/errors.ts";
import { sha256 } from "../../src/model/ids.ts";
import { parseSource } from "../../src/model/source.ts";
import { withoutCredentials } from "../../src/upload/git-errors.ts";
import { resolveSubmoduleUrl } from "../../src/upload/submodules.ts";
import { LineCutter } from "../../src/work/line-cutter.ts";
import { createMasker } from "../../src/work/mask.ts";

/**
 * Texts of a repository, of its build and of its remote are read on the thread that serves every site: none of them
 * may take it more than a moment. Each of these took minutes or ages; the runner's own limit of a test tells.
 */
const SITE = { "package.json": { name: "site", scripts: { build: "vite build" }, devDependencies: { vite: "^6" } } };
const many = (text: string, count: number) => text.repeat(count);
const numbered = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => line(index)).join("\n");

const REPOSITORIES: Record<string, Sources> = {
  "empty lines in .npmrc": { ".npmrc": many("\n", 300_000) },
  "carriage returns in .npmrc": { ".npmrc": many("\r", 300_000) },
  "empty lines in .yarnrc": { ".yarnrc": many("\n", 200_000) },
  "empty lines in bunfig.toml": { "bunfig.toml": many("\n", 300_000) },
  "registries by scope in pnpm-workspace.yaml": {
    "pnpm-workspace.yaml": `registries:\n${many("    '@a': https://a.example\n", 18)}`,
  },
  "empty lines in vite.config.ts": { "vite.config.ts": many("\n", 500_000) },
  "carriage returns in vite.config.ts": { "vite.config.ts": many("\r", 500_000) },
  "a script that says 'no build' too often": {
    "package.json": { scripts: { build: `echo ${many("no build ", 80_000)}\nx` } },
  },
  "a packageManager that is no name": {
    "package.json": { ...SITE["package.json"], packageManager: `pnpm@${many(" ", 2_000_000)}+x` },
  },
  "brackets in nx.json": {
    "package.json": { workspaces: ["*"], devDependencies: { nx: "20" } },
    "nx.json": many('"dependsOn":[', 100_000),
    "site/package.json": { ...SITE["package.json"], dependencies: { lib: "*" } },
    "lib/package.json": { name: "lib", scripts: { build: "tsc" } },
  },
  "keys in netlify.toml": { "netlify.toml": numbered(200_000, (index) => `k${index} = 1`) },
};

test.each(Object.entries(REPOSITORIES))("%s", async (_, files) => {
  const planned = plan({ ...SITE, ...files }, files["nx.json"] === undefined ? {} : { root: "site" });
  // Whether it is a site is not asked here; what fails, fails with a reason.
  await planned.catch((error) => expect(error).toBeInstanceOf(BerthError));
});

describe("a netlify.toml", () => {
  test.each([
    ["keys", numbered(200_000, (index) => `k${index} = 1`)],
    ["keys of one line", `a = {${Array.from({ length: 200_000 }, (_, index) => `k${index}=1`).join(",")}}`],
    ["tables", numbered(200_000, (index) => `[t${index}]`)],
    ["keys between texts that look like tables", numbered(200_000, (index) => `k${index} = """\n[\n"""`)],
    ["folders of folders", `${many("a.", 1_000_000)}b = 1`],
  ])("of too many %s is not parsed", (_, text) => {
    expect(() => parseToml(text)).toThrow(/more than 5000 keys or tables/);
  });

  test("of many rules is", () => {
    const rules = numbered(20_000, (index) => `[[redirects]]\nfrom = "/a${index}"\nto = "/b?c=${index}"\nstatus = 301`);
    expect(parseToml(rules)).toMatchObject({ redirects: { length: 20_000 } });
  });

  test("whose rule is for an odd URL is read", () => {
    const from = `http://${many(":", 3000)}#\\n`;
    const text = `[[redirects]]\nfrom = "${from}"\nto = "/"`;
    const read = compileRules({ netlify: { file: "netlify.toml", text }, hasCloudflareMark: false }, () => false);
    expect(read).toMatchObject({ faults: [], routes: { rules: { length: 1 } } });
  });
});

test("links that lead to folders of links, which have no file to count", () => {
  const targets = new Map<string, string>();
  const link = (path: string, target: string) => {
    targets.set(path, target);
    return { path, mode: "120000", hash: sha256(target), size: target.length } as const;
  };
  const levels = Array.from({ length: 40 }, (_, level) =>
    ["a", "b"].map((name) => link(`${level}/${name}`, `../${level + 1}`)),
  );
  const page = { path: "index.html", mode: "100644", hash: sha256("x"), size: 1 } as const;
  const entries = [page, ...levels.flat(), link("40/end", "nowhere")];
  expect(() => filesBelow({ entries }, ".", targets)).toThrow(expect.objectContaining({ code: "output_refused" }));
});

test("a lockfile of empty lines", () => {
  expect(withoutHosts(many("\n", 400_000), "http://registry.example/")).toHaveLength(400_000);
});

test.each(["a", "a-", "@a/", "1.", " a"])("a failed build's log of lines without an end: %j", (text) => {
  const lastLines = Array<string>(200).fill(`Error: ${many(text, 16_000)}`);
  const limits = { wallMs: 1, memoryBytes: 1, processes: 1, diskBytes: 1, fileBytes: 1, logBytes: 1 };
  const context = { command: "x", lastLines, limits, egress: "registry", manager: "npm", node: "24.1.0" } as const;
  expect(failureOf("build", { cause: "exit", exit: 1, refusedHosts: [] }, context)?.code).toBe("build_failed");
});

test("a log's line of carriage returns, and one that a mask makes anew for ever", () => {
  const none = createMasker([]);
  for (let count = 0; count < 8; count += 1) {
    expect(new LineCutter(none).take(Buffer.from(`${many("\r", 65_535)}x\n`))).toEqual(["x"]);
  }
  const hidden = new LineCutter(createMasker(["a***"])).take(Buffer.from(`${many("a", 65_536)}***\n`));
  expect(hidden).toEqual(["***"]);
});

test("URLs of submodules and of sources without an end", () => {
  const url = `a${many(":", 400_000)} `;
  expect(resolveSubmoduleUrl(url, "https://host.example/a")).toHaveProperty("problem");
  expect(resolveSubmoduleUrl(`../${many("+:", 400_000)}//`, "https://host.example/a")).toHaveProperty("problem");
  expect(() => parseSource(url)).toThrow(expect.objectContaining({ code: "source_invalid" }));
});

test("what a remote says, full of colons", () => {
  expect(withoutCredentials(`://${many(":", 65_000)}`)).toHaveLength(65_003);
});
