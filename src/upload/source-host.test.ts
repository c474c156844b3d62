import { expect, test } from "bun:test";
import { pinHost, remoteHost } from "./source-host.ts";

test("where a URL leads", () => {
  const cases: [string, string | undefined][] = [
    ["https://Example.com/a.git", "https - example.com -"],
    ["http://127.0.0.1:8080/a", "http - 127.0.0.1 8080"],
    ["https://2130706433/a", "https - 127.0.0.1 -"],
    ["http://0x7f.1/a", "http - 127.0.0.1 -"],
    ["https://[::1]:3000/a", "https - ::1 3000"],
    ["ssh://git@host.example:2222/a", "ssh git host.example 2222"],
    ["git@host.example:a/b.git", "ssh git host.example -"],
    ["host.example:a", "ssh - host.example -"],
    ["git@[::1]:a", "ssh git ::1 -"],
    ["/srv/site", undefined],
  ];
  for (const [url, expected] of cases) {
    const found = remoteHost(url);
    const shown = found && `${found.protocol} ${found.user ?? "-"} ${found.host} ${found.port ?? "-"}`;
    expect(shown).toBe(expected as string);
  }
});

test("one address that is not public condemns the name, unless such are allowed", async () => {
  const target = { host: "host.example", port: 443 };
  const ownAddresses = () => ["9.9.9.9"];
  const resolve =
    (...addresses: string[]) =>
    async () =>
      addresses;
  const strict = (...addresses: string[]) =>
    pinHost(target, { privateAddresses: false, ownAddresses, resolve: resolve(...addresses) });
  expect((await strict("93.184.216.34")).addresses).toEqual(["93.184.216.34"]);
  for (const bad of [
    "127.0.0.1",
    "10.0.0.1",
    "169.254.169.254",
    "::1",
    "::ffff:127.0.0.1",
    "fd00::1",
    "0.0.0.0",
    "9.9.9.9",
  ]) {
    await expect(strict("93.184.216.34", bad)).rejects.toMatchObject({ code: "source_private" });
  }
  const open = await pinHost(target, {
    privateAddresses: true,
    ownAddresses,
    resolve: resolve("127.0.0.1", "9.9.9.9"),
  });
  expect(open.addresses).toEqual(["127.0.0.1", "9.9.9.9"]);
  const unknown = pinHost(target, {
    privateAddresses: true,
    ownAddresses,
    resolve: () => Promise.reject(new Error("ENOTFOUND")),
  });
  await expect(unknown).rejects.toMatchObject({ code: "source_unreachable" });
});
