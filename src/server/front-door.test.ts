import { expect, test } from "bun:test";
import fc from "fast-check";
import { baseHosts, createFrontDoor, isBaseHost } from "./front-door.ts";

test("the base domain and the machine's own addresses are the website's", () => {
  const cases: [string, boolean][] = [
    ["berth.test", true],
    ["BERTH.test.:3000", true],
    ["localhost:3000", true],
    ["localhost:", true],
    ["127.0.0.1", true],
    ["[::1]:3000", true],
    ["site.berth.test", false],
    ["berth.test.evil", false],
    ["", false],
    ["berth.test@evil", false],
    ["256.1.1.1", false],
    ["1.2.3.4.5", false],
    [`127.0.0.1:${"0".repeat(300)}`, false],
  ];
  const isBase = baseHosts("berth.test");
  for (const [host, expected] of [...cases, ...cases]) expect([host, isBase(host)]).toEqual([host, expected]);
});

test.each(["localhost:99999", "127.0.0.1:70000", "[:::::]", "[::1]:99999", "[.]"])(
  "%s is no host, and no fault of the platform",
  async (host) => {
    const room = { fetch: () => new Response("room") };
    const { answer } = createFrontDoor({
      domain: "localhost",
      health: async () => new Response("healthy"),
      base: room,
      sites: { ...room, quick: () => undefined },
      metrics: async () => new Response("metrics"),
      isMetricsCaller: () => false,
    });
    // As the runtime makes it: an address of this form can't be given to `new Request`.
    const request = { url: `http://${host}/healthz`, headers: new Headers({ host }) } as Request;
    expect((await answer(request)).status).toBe(400);
  },
);

test("what is known of a header is what would be found anew", () => {
  const isBase = baseHosts("a.test");
  const label = fc.constantFrom("a", "b", "A", "localhost", "127", "0", "1", "test", "", "[::1]");
  const host = fc.array(label, { maxLength: 4 }).map((labels) => labels.join("."));
  fc.assert(fc.property(host, (header) => isBase(header) === isBaseHost(header, "a.test")));
});
