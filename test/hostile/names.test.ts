import { expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IS_ROOT } from "../support/hostile.ts";
import { runToEnd } from "../support/process.ts";

/**
 * Names that a build asks for, or a rewrite leads to, are a stranger's choice, and so is how long their servers are silent.
 * It is tried in namespaces of its own, whose name server never answers.
 */
const SCRIPT = `mount --bind "$0/resolv.conf" /etc/resolv.conf && ip link set lo up && exec "$@"`;

async function whatComesFirst(resolver: "system" | "own"): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "berth-names-"));
  try {
    await writeFile(join(folder, "resolv.conf"), "nameserver 127.0.0.1\noptions timeout:2 attempts:1\n");
    const names = join(import.meta.dir, "../support/silent-names.ts");
    return await runToEnd(["unshare", "-mn", "sh", "-c", SCRIPT, folder, process.execPath, names, resolver]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test.if(IS_ROOT)("names whose servers are silent keep no file of any site waiting", async () => {
  expect(await whatComesFirst("own")).toBe("file");
});

test.if(IS_ROOT)("with the system's resolver they do", async () => {
  expect(await whatComesFirst("system")).toBe("name");
});
