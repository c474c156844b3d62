import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { deployAndWait } from "../support/deploy.ts";
import { removeDataDirectory, startPlatform, type TestPlatform } from "../support/platform.ts";
import { ask } from "../support/raw-http.ts";

/** Rule files of any content either go live or fail their own deployment with a reason; the service goes on. */

let platform: TestPlatform;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-fuzz-rules-"));
  platform = await startPlatform();
}, 120_000);
afterAll(async () => {
  await platform.stop();
  await removeDataDirectory(platform.dataDirectory);
  await rm(folder, { recursive: true });
}, 30_000);

const glue = (pieces: readonly string[]) =>
  fc.array(fc.constantFrom(...pieces), { maxLength: 60 }).map((all) => all.join(""));
const BLANKS = [" ", "  ", "\t", "\n", "\n", "\r\n", "#", "\0", "\u2028", "\uFEFF"];
const PATHS = [
  "/",
  "/*",
  "/a",
  "/:x",
  "/:x/*",
  ":splat",
  ":",
  "*",
  "//",
  "/%",
  "/%2e%2e",
  "/ü",
  "https://",
  "http://e.x/",
  "!",
];
const redirects = glue([
  ...BLANKS,
  ...PATHS,
  "200",
  "301",
  "302!",
  "404",
  "9",
  "id=:id",
  "=",
  "Language=de",
  "Cookie=a",
  "Country=de",
  "Role=x",
]);
const headers = glue([
  ...BLANKS,
  ...PATHS,
  "X-A: b",
  "X-A:",
  ": b",
  "! X-A",
  "Set-Cookie: a=b",
  "Content-Length: 1",
  "\u0001",
  "ETag: x",
]);
const toml = glue([
  "[[redirects]]\n",
  "[[headers]]\n",
  "[headers.values]\n",
  'from = "/a"\n',
  'from = "/*"\n',
  'to = "/:splat"\n',
  "status = 200\n",
  'status = "x"\n',
  "force = true\n",
  'for = "/*"\n',
  'X-A = "b"\n',
  "X-A = 1\n",
  'query = {a = ":a"}\n',
  'conditions = {Language = ["de"]}\n',
  "conditions = 1\n",
  "=",
  '"',
  "[",
  "\0",
]);
const pattern = fc.constantFrom(
  "/",
  "/a",
  "/:x",
  "/:x*",
  "/:x+",
  "/:x?",
  "/(.*)",
  "/((a+)+)$",
  "/:x(\\d+)",
  "/:x(",
  "/[",
  "/a)",
  "/:x(?=a)",
  "a",
  "",
  "/:x*/:y*",
  "/\\",
  "/{a}?",
  "/:x:y",
  "/(?<n>a)",
  "/:x((?!u).*)",
);
const junk = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constant([]),
  fc.constant({}),
);
const condition = fc.record(
  {
    type: fc.constantFrom("header", "cookie", "query", "host", "weather"),
    key: fc.oneof(fc.constant("x-a"), junk),
    value: fc.oneof(fc.constantFrom("(?<n>.*)", "(", "a+"), junk),
  },
  { requiredKeys: [] },
);
const route = fc.record(
  {
    source: fc.oneof(pattern, junk),
    destination: fc.oneof(pattern, junk),
    permanent: junk,
    statusCode: fc.oneof(fc.constantFrom(301, 308, 200, 999), junk),
    has: fc.oneof(fc.array(condition, { maxLength: 2 }), junk),
    missing: fc.array(condition, { maxLength: 2 }),
    headers: fc.oneof(
      fc.array(fc.record({ key: fc.oneof(fc.constant("x-b"), junk), value: junk }), { maxLength: 2 }),
      junk,
    ),
  },
  { requiredKeys: [] },
);
const vercel = fc.oneof(
  fc
    .record(
      {
        redirects: fc.array(route, { maxLength: 4 }),
        rewrites: fc.array(route, { maxLength: 4 }),
        headers: fc.oneof(fc.array(route, { maxLength: 3 }), junk),
        cleanUrls: junk,
        trailingSlash: junk,
      },
      { requiredKeys: [] },
    )
    .map((value) => JSON.stringify(value)),
  glue(["{", "}", '"redirects"', ":", "[", "]", ",", '"source"', '"/a"', "null", "1e999", "\n"]),
);
const ruleFile = fc.oneof(
  fc.tuple(fc.constant("_redirects"), redirects),
  fc.tuple(fc.constant("_headers"), headers),
  fc.tuple(fc.constant("netlify.toml"), toml),
  fc.tuple(fc.constant("vercel.json"), vercel),
);

test("any rule file is compiled or refused, and what is live answers", async () => {
  let sites = 0;
  const goLive = async ([name, text]: [string, string]) => {
    const project = `rules-${sites++}`;
    const source = join(folder, project);
    await mkdir(source);
    await writeFile(join(source, "index.html"), "first\n");
    await writeFile(join(source, name), text);
    const { status, error, aliases } = await deployAndWait(platform, { source, project });
    if (status !== "ready") {
      expect({ text, status, code: error?.code }).toEqual({
        text,
        status: "failed",
        code: expect.not.stringMatching(/^internal/) as never,
      });
      expect(`${error?.message} ${error?.hint}`).toContain(name);
      return;
    }
    const host = new URL(aliases[0]!).hostname;
    for (const path of ["/", "/a", "/a/b?id=1", "/%C3%BC", "/x".repeat(200)]) {
      const answer = await ask(
        platform.port,
        `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nCookie: a=1\r\nConnection: close\r\n\r\n`,
      );
      expect({ name, text, path, status: answer.status }).not.toMatchObject({ status: 500 });
      expect(answer.headers.get("set-cookie") ?? "a=b").toMatch(/^a=b(, ?a=b)*$/);
    }
  };
  await fc.assert(
    fc.asyncProperty(fc.array(ruleFile, { minLength: 8, maxLength: 8 }), async (files) => {
      await Promise.all(files.map(goLive));
    }),
    { numRuns: 12, seed: 404, endOnFailure: true },
  );
  expect(sites).toBe(96);
}, 60_000);
