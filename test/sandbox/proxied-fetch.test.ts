import { expect, test } from "bun:test";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSandbox } from "../../src/sandbox/bubblewrap.ts";

test("Node's fetch goes by the proxy, which keeps the names that it refuses; loopback stays inside", async () => {
  const root = await mkdtemp(join(tmpdir(), "berth-fetch-"));
  await chmod(root, 0o711);
  const sandbox = await openSandbox({
    slotsDirectory: root,
    uidBase: 830_000,
    selfUid: process.getuid!(),
    registries: { registry: "https://registry.example/", hosts: [], npmrcLines: [] },
    diskBytes: 64 * 1024 ** 2,
  });
  try {
    await sandbox.prepareSlot(0);
    const script = `
      const tell = (name) => (value) => console.log(name, value.status ?? "failed");
      const server = require("node:http").createServer((_, answer) => answer.end("here")).listen(0, async () => {
        await fetch("https://fonts.example/css").then(tell("outside"), tell("outside"));
        await fetch("http://localhost:" + server.address().port).then(tell("inside"), tell("inside"));
        process.exit();
      });`;
    let text = "";
    const result = await sandbox.run([Bun.which("node")!, "-e", script], {
      ...{ slot: 0, cwd: "/work", readOnly: [], path: [], egress: "registry" },
      // Every Node from 18 on takes what this one gets.
      ...{ env: {}, node: "22.0.0" },
      limits: {
        ...{ wallMs: 20_000, memoryBytes: 1024 ** 3, processes: 128, diskBytes: 64 * 1024 ** 2 },
        ...{ fileBytes: 1024 ** 2, logBytes: 64 * 1024 },
      },
      signal: new AbortController().signal,
      onOutput: (_, bytes) => {
        text += Buffer.from(bytes).toString("utf8");
      },
    });
    expect([result.exit, text]).toEqual([0, "outside failed\ninside 200\n"]);
    expect(result.refusedHosts).toEqual(["fonts.example"]);
  } finally {
    await sandbox.close();
    await rm(root, { recursive: true, force: true });
  }
});
