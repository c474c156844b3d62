import { expect, test } from "bun:test";
import fc from "fast-check";
import { type DeploymentId, type Sha256, sha256 } from "./ids.ts";
import { type BlobRef, ENCODINGS, type Manifest, type ManifestEntry } from "./manifest.ts";
import { ManifestFiles } from "./manifest-files.ts";
import { decodeManifest, encodeManifest } from "./manifest-json.ts";

const ID = "a0000000000000000001" as DeploymentId;

function manifestOf(entries: Iterable<[string, ManifestEntry]>): Manifest {
  return {
    deployment: ID,
    project: "site",
    createdAt: "2026-01-02T03:04:05.678Z",
    htmlHandling: "auto-trailing-slash",
    notFoundHandling: "none",
    compression: "quick",
    files: ManifestFiles.of(entries),
  };
}

const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const blob = fc.record({
  hash: fc.stringMatching(/^[0-9a-f]{64}$/).map((hash) => hash as Sha256),
  size: fc.oneof(fc.nat(), fc.maxSafeNat()),
});
const encoded = fc.option(fc.record({ br: blob, zstd: blob, gzip: blob }, { requiredKeys: [] }), { nil: undefined });
const part = fc
  .oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 8 }),
    fc.constantFrom("__proto__", "constructor", "toString", "a", "b.html", "...", " "),
  )
  .filter((text) => !text.includes("/") && text !== "." && text !== "..");
const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));

function plain(entry: ManifestEntry): ManifestEntry {
  const { hash, size, encoded: copies } = entry;
  return copies && Object.keys(copies).length > 0 ? { hash, size, encoded: copies } : { hash, size };
}

test("every file of a manifest is found again with its own entry, and no other is", () => {
  fc.assert(
    fc.property(fc.dictionary(path, fc.tuple(blob, encoded), { maxKeys: 40 }), path, (wanted, other) => {
      const entries = Object.entries(wanted).map(([name, [own, copies]]): [string, ManifestEntry] => [
        name,
        copies === undefined ? own : { ...own, encoded: copies },
      ]);
      const read = decodeManifest(encodeManifest(manifestOf(entries)), ID)!;
      expect(read.files.count).toBe(entries.length);
      for (const [name, entry] of entries) {
        const number = read.files.find(`/${name}`);
        expect(read.files.pathAt(number)).toBe(name);
        expect(read.files.entryAt(number)).toEqual(plain(entry));
      }
      expect(read.files.find(`/${other}`) >= 0).toBe(Object.hasOwn(wanted, other));
      expect(read.files.find(other)).toBe(-1);
    }),
    { numRuns: 200 },
  );
});

test("100,000 files are found, none of them in the place of another", () => {
  const entries = Array.from({ length: 100_000 }, (_, n): [string, ManifestEntry] => [
    `docs/${n % 300}/page-${n}.html`,
    { hash: sha256(String(n)), size: n },
  ]);
  const { files } = decodeManifest(encodeManifest(manifestOf(entries)), ID)!;
  for (const [name, entry] of entries) {
    const number = files.find(`/${name}`);
    if (number < 0 || files.entryAt(number).hash !== entry.hash) throw new Error(`${name} is not found`);
  }
  expect(files.find("/docs/0/page-1.html")).toBe(-1);
});

test("the other fields come back as they were, and new ones are let through", () => {
  const manifest = { ...manifestOf([]), later: { any: ["value", "é"] } };
  const { files, ...rest } = decodeManifest(encodeManifest(manifest), ID)!;
  const { files: _, ...wanted } = manifest;
  expect(rest).toEqual(wanted);
  expect(files.count).toBe(0);
});

const ref: BlobRef = { hash: sha256("x"), size: 1 };
const first = {
  version: 1,
  deployment: ID,
  project: "site",
  createdAt: "2026-01-02T03:04:05.678Z",
  htmlHandling: "none",
  notFoundHandling: "404-page",
};

test("a manifest of version 1 is read", () => {
  const files = { "b.html": { ...ref, encoded: { gzip: { hash: sha256("z"), size: 7 } } }, a: ref };
  const read = decodeManifest(bytesOf({ ...first, files }), ID)!;
  expect([...read.files.entries()]).toEqual([
    ["a", ref],
    ["b.html", files["b.html"]],
  ]);
  expect(read).toMatchObject({ compression: "quick", notFoundHandling: "404-page" });
});

test("__proto__ is a name like others in version 1 too", () => {
  const text = JSON.stringify({ ...first, files: {} }).replace("{}", `{"__proto__":${JSON.stringify(ref)}}`);
  const { files } = decodeManifest(new TextEncoder().encode(text), ID)!;
  expect([...files.paths()]).toEqual(["__proto__"]);
  expect(files.find("/constructor")).toBe(-1);
});

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const hash = Buffer.from(ref.hash, "hex").toBase64();
const second = {
  ...{ ...first, version: 2, compression: "strong" },
  files: {
    ...{ paths: ["a", "b.html"], hashes: Buffer.alloc(64, 7).toBase64(), sizes: [1, 2 ** 40] },
    encoded: { gzip: { at: [1], hashes: hash, sizes: [1] } },
  },
};

test("a manifest of version 2 is read", () => {
  const { files, compression } = decodeManifest(bytesOf(second), ID)!;
  const own = "07".repeat(32);
  expect([...files.entries()] as unknown[]).toEqual([
    ["a", { hash: own, size: 1 }],
    ["b.html", { hash: own, size: 2 ** 40, encoded: { gzip: ref } }],
  ]);
  expect(compression).toBe("strong");
});

const good = JSON.parse(text(encodeManifest(manifestOf([["a", { ...ref, encoded: { br: ref } }]]))));
const [copies] = [good.files.encoded.br];
/** Two files without copies. */
const pair = { count: 2, sizeBytes: 4, encoded: {} };
const dataOf = (bytes: number) => ({ data: Buffer.alloc(bytes).toBase64() });

const oddPaths = ["..", "a/../b", "../a", "/a", "a/", "a//b", "", ".", "a/./b"];

test.each<[string, unknown]>([
  ["another deployment's", { ...good, deployment: "b0000000000000000002" }],
  ["a version to come", { ...good, version: 4 }],
  ["version as text", { ...good, version: "3" }],
  ["no date", { ...good, createdAt: "yesterday or so" }],
  ["an unknown HTML handling", { ...good, htmlHandling: "constructor" }],
  ["an unknown not-found handling", { ...good, notFoundHandling: null }],
  ["an unknown compression", { ...good, compression: "best" }],
  ["files as a list", { ...good, files: [] }],
  ["files of version 1 under version 3", { ...good, files: { a: ref } }],
  ["files of version 2 under version 3", { ...good, files: second.files }],
  ["no data", { ...good, data: undefined }],
  ["data that is no base64", { ...good, data: `!${good.data.slice(1)}` }],
  ["data elsewhere", { version: 3, ...good }],
  ["data too short", { ...good, data: good.data.slice(4) }],
  ["data too long", { ...good, data: `AAAA${good.data}` }],
  ...oddPaths.map((odd): [string, unknown] => [
    `the path '${odd}'`,
    { ...good, files: { ...good.files, paths: `/${odd}/` } },
  ]),
  ["a path without its slashes", { ...good, files: { ...good.files, paths: "a" } }],
  ["paths as a list", { ...good, files: { ...good.files, paths: ["a"] } }],
  ["a path twice", { ...good, ...dataOf(72), files: { ...pair, paths: "/a//a/" } }],
  ["paths out of order", { ...good, ...dataOf(72), files: { ...pair, paths: "/b//a/" } }],
  ["a path before its own beginning", { ...good, ...dataOf(72), files: { ...pair, paths: "/ab//a/" } }],
  ["fewer paths than files", { ...good, ...dataOf(72), files: { ...pair, paths: "/a/" } }],
  ["more paths than files", { ...good, ...dataOf(72), files: { ...pair, paths: "/a//b//c/" } }],
  ["a count that is none", { ...good, files: { ...good.files, count: -1 } }],
  ["very many files of few bytes", { ...good, files: { ...good.files, count: 2 ** 50 } }],
  ["sizes of no known form", { ...good, files: { ...good.files, sizeBytes: 2 } }],
  ["copies as null", { ...good, files: { ...good.files, encoded: { br: null } } }],
  ["more copies than files", { ...good, files: { ...good.files, encoded: { br: { ...copies, count: 2 } } } }],
  ["a copy of no file", { ...good, data: Buffer.from(Uint8Array.fromBase64(good.data)).fill(1, 36, 40).toBase64() }],
  ["a size that is no whole number", wideSize(0.5)],
  ["a negative size", wideSize(-1)],
])("refused: %s", (_, value) => {
  expect(decodeManifest(bytesOf(good), ID)).toBeDefined();
  expect(decodeManifest(bytesOf({ ...good, ...dataOf(72), files: { ...pair, paths: "/a//b/" } }), ID)).toBeDefined();
  expect(decodeManifest(bytesOf(wideSize(7)), ID)?.files.totalBytes).toBe(7);
  expect(decodeManifest(bytesOf(value), ID)).toBeUndefined();
});

function wideSize(size: number) {
  const data = Buffer.concat([Buffer.alloc(32), Buffer.from(Float64Array.of(size).buffer)]).toBase64();
  return { ...good, data, files: { count: 1, sizeBytes: 8, paths: "/a/", encoded: {} } };
}

const two = { ...second.files, encoded: {} };

test.each<[string, unknown]>([
  ...oddPaths.flatMap((odd): [string, unknown][] => [
    [`the path '${odd}' in version 2`, { ...second, files: { ...two, paths: ["0", odd].sort() } }],
    [`the path '${odd}' in version 1`, { ...first, files: { [odd]: ref } }],
  ]),
  ["files of version 1 under version 2", { ...second, files: { a: ref } }],
  ["a path that is none", { ...second, files: { ...two, paths: ["a", 7] } }],
  ["a path twice", { ...second, files: { ...two, paths: ["a", "a"] } }],
  ["paths out of order", { ...second, files: { ...two, paths: ["b", "a"] } }],
  ["fewer sizes than files", { ...second, files: { ...two, sizes: [1] } }],
  ["a negative size", { ...second, files: { ...two, sizes: [1, -1] } }],
  ["a size that is no whole number", { ...second, files: { ...two, sizes: [1, 0.5] } }],
  ["hashes too short", { ...second, files: { ...two, hashes: hash } }],
  ["hashes that are not base64", { ...second, files: { ...two, hashes: `!${two.hashes.slice(1)}` } }],
  ["a copy of no file", { ...second, files: { ...two, encoded: { br: { at: [2], hashes: hash, sizes: [1] } } } }],
  ["a copy of text", { ...second, files: { ...two, encoded: { br: { at: ["0"], hashes: hash, sizes: [1] } } } }],
  ["copies as null", { ...second, files: { ...two, encoded: { br: null } } }],
  ["a hash that is a path, in version 1", { ...first, files: { a: { ...ref, hash: "../../hosts/x" } } }],
  ["a copy that is none, in version 1", { ...first, files: { a: { ...ref, encoded: { br: {} } } } }],
])("refused of earlier versions: %s", (_, value) => {
  expect(decodeManifest(bytesOf(second), ID)).toBeDefined();
  expect(decodeManifest(bytesOf(value), ID)).toBeUndefined();
});

test("any JSON, and any bytes, give a sound manifest or none", () => {
  const anything = fc.anything({ withObjectString: false }).map((value) => JSON.stringify(value) ?? "");
  const mended = fc
    .tuple(
      fc.constantFrom(good, second),
      fc.constantFrom("data", "count", "paths", "hashes", "sizes", "sizeBytes", "encoded", ...ENCODINGS),
      fc.oneof(
        fc.jsonValue(),
        fc.nat(3),
        fc.string().map((paths) => `/${paths}/`),
      ),
      fc.boolean(),
    )
    .map(([whole, name, value, outside]) =>
      JSON.stringify(outside ? { ...whole, [name]: value } : { ...whole, files: { ...whole.files, [name]: value } }),
    );
  const cut = fc.nat(500).map((length) => JSON.stringify(good).slice(0, length));
  fc.assert(
    fc.property(fc.oneof(anything, mended, cut, fc.string({ unit: "binary" })), (text) => {
      const read = decodeManifest(new TextEncoder().encode(text), ID);
      if (read !== undefined) {
        const names = [...read.files.entries()].map(([name]) => name);
        expect(names.length).toBe(read.files.count);
        for (const [number, name] of names.entries()) expect(read.files.find(`/${name}`)).toBe(number);
      }
    }),
    { numRuns: 500 },
  );
  expect(decodeManifest(new Uint8Array([0xff, 0xfe]), ID)).toBeUndefined();
  expect(decodeManifest(new TextEncoder().encode("[".repeat(1_000_000)), ID)).toBeUndefined();
});
