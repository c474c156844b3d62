import { afterEach, expect, test } from "bun:test";
import { BerthError } from "../model/errors.ts";
import { createClient } from "./client.ts";
import type { DeploymentEvent } from "./follow-events.ts";
import { aDeployment, aLine } from "./test-support.ts";

type Handler = (request: Request, url: URL) => Response | Promise<Response>;
const servers: ReturnType<typeof Bun.serve>[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop(true))));

function clientOf(handler: Handler) {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => handler(request, new URL(request.url)),
  });
  servers.push(server);
  return createClient({ url: server.url.origin, token: "secret", reconnectDelayMs: () => 0 });
}

const failure = async (promise: Promise<unknown>): Promise<BerthError> => {
  const thrown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof BerthError) return thrown;
  throw new Error(`expected a BerthError, got ${thrown}`);
};

const event = (name: string, data: unknown, id?: number): string =>
  `${id === undefined ? "" : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
const stream = (...events: string[]): Response =>
  new Response(events.join(""), { headers: { "content-type": "text/event-stream; charset=utf-8" } });

test("a deployment is asked for by the documented request", async () => {
  const deployment = aDeployment();
  const client = clientOf(async (request, url) => {
    expect(`${request.method} ${url.pathname}`).toBe("POST /api/v1/deployments");
    expect(request.headers.get("authorization")).toBe("Bearer secret");
    expect(await request.json()).toEqual({ source: "/srv/blog", production: true });
    return Response.json(deployment, { status: 201 });
  });
  expect(await client.deploy({ source: "/srv/blog", branch: undefined, production: true })).toEqual(deployment);
});

test("names and pages are put into the address safely", async () => {
  const asked: string[] = [];
  const client = clientOf((request, url) => {
    asked.push(`${request.method} ${url.pathname}${url.search}`);
    return request.method === "DELETE"
      ? new Response(null, { status: 204 })
      : Response.json({ deployments: [], next: null });
  });
  await client.deployments({ project: "a&b", limit: 5 });
  await client.removeProject("../x");
  expect(asked).toEqual(["GET /api/v1/deployments?project=a%26b&limit=5", "DELETE /api/v1/projects/..%2Fx"]);
});

test("the API's errors keep their code, message and hint", async () => {
  const error = { code: "deployment_not_found", message: "No deployment 'x'.", hint: "See berth ls." };
  const client = clientOf(() => Response.json({ error }, { status: 404 }));
  expect((await failure(client.deployment("x"))).toBody()).toEqual(error as never);
});

test("an answer that is not the API's, and a redirect, are told as such", async () => {
  const html = clientOf(() => new Response("<h1>Bad gateway</h1>", { status: 502 }));
  expect((await failure(html.projects())).code).toBe("api_unreachable");
  const page = clientOf(() => new Response("<h1>Hello</h1>"));
  expect((await failure(page.projects())).code).toBe("api_unreachable");
  const elsewhere = clientOf(() => Response.redirect("http://127.0.0.1:1/", 302));
  expect((await failure(elsewhere.me())).message).toContain("status 302");
});

test("nobody listening is api_unreachable, with the way out", async () => {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const url = server.url.origin;
  await server.stop(true);
  const error = await failure(createClient({ url, token: "t" }).me());
  expect(error.code).toBe("api_unreachable");
  expect(error.hint).toContain("berth up");
});

test("a broken log stream is taken up behind the last line, without a line lost or doubled", async () => {
  const building = aDeployment({ status: "building" });
  const ready = aDeployment({ id: building.id });
  const seen: (string | null)[] = [];
  const client = clientOf((request, url) => {
    seen.push(`${url.searchParams.get("after")} ${request.headers.get("last-event-id")}`);
    if (seen.length === 1)
      return stream(
        event("deployment", building),
        event("line", aLine(1), 1),
        event("line", aLine(2), 2),
        "id: 3\nevent: li",
      );
    if (seen.length === 2)
      return Response.json({ error: { code: "internal", message: "x", hint: "" } }, { status: 500 });
    return stream(event("line", aLine(2), 2), event("line", aLine(3), 3), event("deployment", ready), event("end", {}));
  });
  const events: DeploymentEvent[] = await Array.fromAsync(client.follow(building.id));
  expect(seen).toEqual(["0 null", "2 2", "2 2"]);
  expect(events.map((each) => (each.kind === "line" ? each.line.seq : each.deployment.status))).toEqual([
    "building",
    1,
    2,
    3,
    "ready",
  ]);
});

test("following ends at once for what trying again can't mend, and at last for what it could", async () => {
  let asked = 0;
  const gone = clientOf(() => {
    asked += 1;
    return Response.json({ error: { code: "deployment_not_found", message: "x", hint: "" } }, { status: 404 });
  });
  expect((await failure(Array.fromAsync(gone.follow("x")))).code).toBe("deployment_not_found");
  expect(asked).toBe(1);
  asked = 0;
  const silent = clientOf(() => {
    asked += 1;
    return stream();
  });
  expect((await failure(Array.fromAsync(silent.follow("x")))).code).toBe("api_unreachable");
  expect(asked).toBe(12);
});
