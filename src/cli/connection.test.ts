import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findConnection, findDataDirectory, loginFile, parseApiUrl, writeLogin } from "./connection.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "berth-connection-"));
});
afterEach(() => rm(home, { recursive: true }));

const user = () => ({ home, isRoot: false });
const local = { url: "http://localhost:3000", token: "local" };
const remote = { url: "https://berth.example", token: "remote" };

async function writeLocal(content: unknown): Promise<void> {
  const folder = findDataDirectory(undefined, user());
  await mkdir(folder, { recursive: true });
  await Bun.write(join(folder, "api.json"), typeof content === "string" ? content : JSON.stringify(content));
}

test("the data directory is the flag, else the variable, else the place of the user", () => {
  expect(findDataDirectory("/a", { ...user(), dataDirectory: "/b" })).toBe("/a");
  expect(findDataDirectory(undefined, { ...user(), dataDirectory: "/b" })).toBe("/b");
  expect(findDataDirectory(undefined, { home: "/root", isRoot: true })).toBe("/var/lib/berth");
  expect(findDataDirectory(undefined, { home: "/home/a", isRoot: false, xdgDataHome: "/x" })).toBe("/x/berth");
  expect(findDataDirectory(undefined, { home: "/home/a", isRoot: false })).toBe("/home/a/.local/share/berth");
});

test("a platform on this machine comes before a login", async () => {
  await writeLogin(remote, user());
  expect(await findConnection({}, user())).toEqual(remote);
  await writeLocal(local);
  expect(await findConnection({}, user())).toEqual(local);
});

test("a token is used only with the address that it was stored for", async () => {
  await writeLocal(local);
  await writeLogin(remote, user());
  expect(await findConnection({ api: "https://berth.example/" }, user())).toEqual(remote);
  await expect(findConnection({ api: "https://other.example" }, user())).rejects.toMatchObject({
    code: "unauthorized",
  });
  expect(await findConnection({ api: "https://other.example", token: "t" }, user())).toEqual({
    url: "https://other.example",
    token: "t",
  });
});

test("the address that a platform on this machine gives to people means that platform", async () => {
  await writeLocal({ url: "http://127.0.0.1:3000", token: "local", website: "https://berth.example" });
  const own = { url: "http://127.0.0.1:3000", token: "local" };
  expect(await findConnection({ api: "https://berth.example/" }, user())).toEqual(own);
  expect(await findConnection({ api: "http://127.0.0.1:3000" }, user())).toEqual(own);
  const given = { api: "https://berth.example", token: "t" };
  expect(await findConnection(given, user())).toEqual({ url: given.api, token: "t" });
  await expect(findConnection({ api: "http://localhost:3000" }, user())).rejects.toMatchObject({
    code: "unauthorized",
  });
});

test("a data directory that was named is not replaced by a login", async () => {
  await writeLogin(remote, user());
  await expect(findConnection({ data: join(home, "none") }, user())).rejects.toMatchObject({ code: "api_unreachable" });
});

test("nothing known, and a file that is none, are told", async () => {
  await expect(findConnection({}, user())).rejects.toMatchObject({ code: "api_unreachable" });
  await writeLocal("{");
  await expect(findConnection({}, user())).rejects.toMatchObject({ code: "data_directory_unusable" });
  await writeLocal({ url: 1 });
  await expect(findConnection({}, user())).rejects.toMatchObject({ code: "data_directory_unusable" });
});

test("a login is readable by its owner alone", async () => {
  await writeLogin(remote, user());
  await writeLogin(local, user());
  expect((await stat(loginFile(user()))).mode & 0o777).toBe(0o600);
});

test("addresses lose their tail; others than http and https are refused", () => {
  expect(parseApiUrl("http://localhost:3000/")).toBe("http://localhost:3000");
  expect(parseApiUrl("https://a.example/berth/api/v1/")).toBe("https://a.example/berth");
  for (const bad of ["localhost:3000", "ftp://a", "http://u:p@a", ""])
    expect(() => parseApiUrl(bad)).toThrow("address");
});
