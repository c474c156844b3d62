import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { Glob } from "bun";

/** What review forgets, held by a test: see ARCHITECTURE.md, "Rooms". */
const root = join(import.meta.dir, "..");
const sources = [...new Glob("src/**/*.{ts,tsx}").scanSync(root)].filter((file) => !file.includes(".test.")).sort();
const textOf = (file: string) => readFileSync(join(root, file), "utf8");

/** Each room with the rooms that it may import; every room may import itself and the model. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  model: [],
  store: ["libc.ts"],
  queue: [],
  database: [],
  sandbox: ["resolve-name.ts"],
  packages: [],
  http: ["libc.ts"],
  work: ["store", "queue", "database"],
  serve: ["http", "store", "resolve-name.ts"],
  upload: ["work", "sandbox", "store", "queue", "database"],
  build: ["work", "sandbox", "store", "queue", "database", "libc.ts"],
  api: ["work", "store", "queue", "database"],
  website: [],
  server: [
    "http",
    "upload",
    "build",
    "serve",
    "api",
    "website",
    "work",
    "sandbox",
    "packages",
    "store",
    "queue",
    "database",
    "resolve-name.ts",
  ],
  cli: ["server", "build", "sandbox", "environment.ts"],
  "main.ts": ["cli"],
  "environment.ts": [],
  "libc.ts": [],
  "resolve-name.ts": [],
};

const roomOf = (path: string): string => path.split("/")[1]!;

function importsOf(file: string): string[] {
  const specifiers = [...textOf(file).matchAll(/(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"]+)"/g)].map(
    (match) => match[1]!,
  );
  return specifiers.map((specifier) => normalize(join(dirname(file), specifier)));
}

test("there are sources to look at", () => {
  expect(sources.length).toBeGreaterThan(50);
});

test("imports run downward only", () => {
  const wrong: string[] = [];
  for (const file of sources) {
    const room = roomOf(file);
    const allowed = MAY_IMPORT[room];
    if (allowed === undefined) wrong.push(`${file}: the room '${room}' is not in the plan`);
    for (const target of importsOf(file)) {
      if (!target.startsWith("src/")) continue;
      const other = roomOf(target);
      if (other !== room && other !== "model" && !allowed?.includes(other)) wrong.push(`${file} -> ${target}`);
    }
  }
  expect(wrong).toEqual([]);
});

test("the process's environment is read in one file", () => {
  const readers = sources.filter((file) => /(?<!")\b(process|Bun)\.env\b/.test(textOf(file)));
  expect(readers).toEqual(["src/environment.ts"]);
});

test("no file is too long to read", () => {
  const long = sources
    .map((file) => [file, textOf(file).split("\n").length] as const)
    .filter(([, lines]) => lines > 320);
  expect(long).toEqual([]);
});

test("no command is a shell string", () => {
  const shells = sources.filter((file) =>
    /(?<![.\w])exec(Sync)?\(|shell:\s*true|\bBun\.\$|import \{ \$ \}/.test(textOf(file)),
  );
  expect(shells).toEqual([]);
});

test("nothing is left for later", () => {
  const left = sources.filter((file) => /\b(TODO|FIXME|XXX|HACK)\b|@ts-(ignore|nocheck)|\bas any\b/.test(textOf(file)));
  expect(left).toEqual([]);
});

test("every test file can be told apart from sources and runs whole", () => {
  const tests = [...new Glob("{src,test}/**/*.test.{ts,tsx}").scanSync(root)];
  const narrowed = tests.filter((file) => /\.(only|skip|todo)\(/.test(textOf(file)));
  expect(narrowed).toEqual(["test/tidy.test.ts"].filter((file) => narrowed.includes(file)));
});
