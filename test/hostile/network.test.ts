import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { NetworkReport } from "../support/canary-network.ts";
import { evaluate, IS_ROOT, MODES, newFolder, openWall, SELF_UID, SLOT } from "../support/hostile.ts";
import { runToEnd } from "../support/process.ts";

/** Whom a build reaches: nobody but what its policy names, whatever it calls the others. */
let root: Awaited<ReturnType<typeof newFolder>>;
beforeAll(async () => {
  root = await newFolder();
});
afterAll(() => root.remove());

/** In namespaces of its own, that nobody has to clear away. */
async function attackNetwork(mode: string, policy: string): Promise<NetworkReport> {
  const namespaces = ["unshare", ...(IS_ROOT ? [] : ["--user", "--map-root-user"]), "--net", "--mount"];
  const program = join(import.meta.dir, "../support/canary-network.ts");
  const output = await runToEnd([...namespaces, process.execPath, program, root.path, mode, policy, `${SELF_UID}`]);
  return JSON.parse(output) as NetworkReport;
}

const FORBIDDEN = ["abstract", "lan", "loopback", "loopback6", "metadata", "own", "path"];

describe.each(MODES)("behind the wall, mode %s", (mode) => {
  test.each(["none", "registry"])("with egress %s no canary is hit", async (policy) => {
    const { hits, text } = await attackNetwork(mode, policy);
    expect(text).toContain("localhost 443: ");
    expect(text).not.toContain("CANARY");
    expect(hits).toEqual([]);
  });

  test("with egress public the public address alone is hit, also by a name that changes its answer", async () => {
    const { hits, text, refusedHosts } = await attackNetwork(mode, "public");
    expect(text).toContain("public: CANARY");
    expect(hits).toEqual(["public"]);
    for (const line of text.split("\n").filter((line) => line.includes("CANARY"))) {
      expect(line).toMatch(/^(public|CONNECT rebinding\.example:443): /);
    }
    const refused = [
      "127.0.0.1",
      "::1",
      "169.254.169.254",
      "2130706433",
      "both.example",
      "metadata.example",
      "own.example",
    ];
    expect(refusedHosts).toEqual(expect.arrayContaining([...refused, "rebinding.example"]));
  });
});

test("without the wall every canary is hit", async () => {
  const { hits, text } = await attackNetwork("none", "none");
  expect(hits).toEqual(expect.arrayContaining(FORBIDDEN));
  for (const host of ["2130706433", "rebinding.example", "metadata.example"])
    expect(text).toContain(`${host} 80: CANARY`);
});

test("the one way out leads to the registry alone, also when that is on the host's loopback", async () => {
  const hits: string[] = [];
  const serve = (name: string) =>
    Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response(`${hits.push(name)}`) });
  const [registry, other] = [serve("registry"), serve("other")];
  const hosts = [{ host: "localhost", port: registry.port!, plain: true }];
  const registries = { registry: `http://localhost:${registry.port}/`, hosts, npmrcLines: [] };
  const wall = await openWall({ directory: join(root.path), mode: "user", registries });
  try {
    const get = (url: string) => evaluate(`console.log((await fetch("${url}")).status)`);
    const toRegistry = get(`http://localhost:${registry.port}/`);
    const byTunnel = await wall.attempt(toRegistry, { egress: "registry" });
    expect(byTunnel).toMatchObject({ exit: 0, text: "200\n", refusedHosts: [] });
    const direct = await wall.attempt(get(`http://localhost:${other.port}/`), { egress: "public" });
    expect(direct.exit).not.toBe(0);
    const refused = await wall.attempt(get(`http://elsewhere.example:${other.port}/`), { egress: "public" });
    expect(refused).toMatchObject({ text: "403\n", refusedHosts: ["elsewhere.example"] });
    expect((await wall.attempt(toRegistry, { egress: "none" })).exit).not.toBe(0);
    expect(hits).toEqual(["registry"]);
    // What a build may have left in its slot's name is nothing to the next one.
    expect(wall.left(SLOT)).toEqual([]);
  } finally {
    await wall.close();
    await Promise.all([registry.stop(true), other.stop(true)]);
  }
});
