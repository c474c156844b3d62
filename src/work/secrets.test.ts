import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { createSecretBox } from "./secrets.ts";
import { secretsOf } from "./secrets-key.ts";

const place = { projectId: "7", name: "API_KEY", context: "production", secret: true } as const;

describe("a sealed value", () => {
  const key = randomBytes(32);
  const box = createSecretBox(key);

  test("opens in its place and in no other one", () => {
    const stored = box.seal("hunter2 é", place);
    expect(createSecretBox(key).open(stored, place)).toBe("hunter2 é");
    for (const other of [
      { ...place, projectId: "8" },
      { ...place, name: "API_KEX" },
      { ...place, context: "preview" as const },
      { ...place, secret: false },
    ]) {
      expect(() => box.open(stored, other)).toThrow(expect.objectContaining({ code: "corrupt_object" }));
    }
  });

  test("has one fingerprint, which another key does not have and which is no hash of the value alone", () => {
    const other = createSecretBox(randomBytes(32));
    expect(box.fingerprint("hunter2")).toBe(createSecretBox(key).fingerprint("hunter2"));
    const all = [box.fingerprint("hunter2"), box.fingerprint("hunter3"), other.fingerprint("hunter2")];
    expect(new Set(all).size).toBe(3);
    expect(all).not.toContain(new Bun.CryptoHasher("sha256").update("hunter2").digest("hex"));
  });

  test("is another one each time, has a version, and says nothing", () => {
    const stored = [1, 2, 3].map(() => box.seal("hunter2", place).sealed);
    expect(new Set(stored).size).toBe(3);
    for (const sealed of stored) {
      expect(sealed).toMatch(/^1\.[\w-]+$/);
      expect(Buffer.from(sealed.slice(2), "base64url").toString("latin1")).not.toContain("hunter2");
    }
  });

  test("whatever it is, it comes back; changed anywhere, it does not open", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, flip) => {
        const { keyId, sealed } = box.seal(value, place);
        expect(box.open({ keyId, sealed }, place)).toBe(value);
        const bytes = Buffer.from(sealed.slice(2), "base64url");
        bytes[at % bytes.byteLength]! ^= flip;
        const changed = { keyId, sealed: `1.${bytes.toString("base64url")}` };
        expect(() => box.open(changed, place)).toThrow(expect.objectContaining({ code: "corrupt_object" }));
      }),
    );
  });

  test("of another key is told apart from a damaged one", () => {
    const other = createSecretBox(randomBytes(32));
    expect(() => other.open(box.seal("x", place), place)).toThrow(
      expect.objectContaining({ code: "secrets_key_wrong" }),
    );
    for (const sealed of ["", "1.", "2.abc", "1.AAAA"]) {
      expect(() => box.open({ keyId: box.keyId, sealed }, place)).toThrow(
        expect.objectContaining({ code: "corrupt_object" }),
      );
    }
  });
});

describe("the key", () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "berth-key-"));
    file = join(folder, "secrets.key");
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const source = (changes: { given?: string; isInUse?: boolean } = {}) =>
    secretsOf({ file, given: changes.given ?? null, isInUse: async () => changes.isInUse ?? false });

  test("is made once, whole, for its owner alone, however many ask", async () => {
    const boxes = await Promise.all(Array.from({ length: 12 }, () => source()()));
    expect(new Set(boxes.map(({ keyId }) => keyId)).size).toBe(1);
    const info = await stat(file);
    expect([info.size, info.mode & 0o777]).toEqual([32, 0o600]);
    expect(await readdir(folder)).toEqual(["secrets.key"]);
    expect((await source({ isInUse: true })()).keyId).toBe(boxes[0]!.keyId);
  });

  test("is not made anew where values are stored; put back, it is found", async () => {
    const before = await source()();
    const key = await readFile(file);
    await rm(file);
    const secrets = source({ isInUse: true });
    await expect(secrets()).rejects.toMatchObject({ code: "secrets_key_wrong" });
    expect(await readdir(folder)).toEqual([]);
    await writeFile(file, key);
    expect((await secrets()).keyId).toBe(before.keyId);
  });

  test("that was cut short is refused and left as it is", async () => {
    await writeFile(file, "short");
    await expect(source()()).rejects.toMatchObject({
      code: "secrets_key_wrong",
      message: expect.stringContaining(file),
    });
    expect(await readFile(file, "utf8")).toBe("short");
  });

  test("may be given in place of the file", async () => {
    const given = randomBytes(32).toString("base64");
    const [one, two] = await Promise.all([source({ given })(), source({ given })()]);
    expect(one.keyId).toBe(two.keyId);
    expect(await readdir(folder)).toEqual([]);
  });
});
