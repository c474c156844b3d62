import { afterAll, beforeAll, expect, test } from "bun:test";
import { cp, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deployAndWait } from "../support/deploy.ts";
import { startPlatform, type TestPlatform } from "../support/platform.ts";
import { freePort, runToEnd } from "../support/process.ts";
import { ask } from "../support/raw-http.ts";
import { newRepository, type TestRepository } from "../support/repositories.ts";

/** One platform with certificates, two edge workers, an access log and a token for metrics. */
const METRICS_TOKEN = "a-token-for-metrics-alone";
const BIG_BYTES = 40_000_000;
let folder: string;
let httpsPort: number;
let repository: TestRepository;
let platform: TestPlatform;
const accessLog = () => join(folder, "access.jsonl");

/** A certificate for these names in place of the one that is there. */
async function newCertificate(name: string, hosts: readonly string[]): Promise<void> {
  const draft = await mkdtemp(join(tmpdir(), "berth-certificate-"));
  const names = hosts.map((host) => `DNS:${host}`).join(",");
  await runToEnd([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-days", "2", "-subj", `/CN=${name}`, "-addext", `subjectAltName=${names}`],
    ...["-keyout", join(draft, "key"), "-out", join(draft, "crt")],
  ]);
  for (const end of ["key", "crt"]) {
    await cp(join(draft, end), join(folder, "certificates", `${name}.${end}.new`));
    await rename(join(folder, "certificates", `${name}.${end}.new`), join(folder, "certificates", `${name}.${end}`));
  }
  await rm(draft, { recursive: true });
}

/** SHA-256 fingerprint of the certificate that a client with this SNI is shown. */
async function shownTo(serverName: string): Promise<string> {
  const client = Bun.spawn(["openssl", "s_client", "-connect", `127.0.0.1:${httpsPort}`, "-servername", serverName], {
    stdin: new Blob([]),
    stdout: "pipe",
    stderr: "ignore",
  });
  const x509 = Bun.spawn(["openssl", "x509", "-noout", "-fingerprint", "-sha256"], {
    stdin: new Blob([await new Response(client.stdout).arrayBuffer()]),
    stdout: "pipe",
  });
  return (await new Response(x509.stdout).text()).trim();
}

async function fingerprint(name: string): Promise<string> {
  const file = join(folder, "certificates", `${name}.crt`);
  return (await runToEnd(["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", file])).trim();
}

const overHttps = (host: string, path: string, init: RequestInit & { protocol?: string } = {}) =>
  fetch(`https://127.0.0.1:${httpsPort}${path}`, {
    redirect: "manual",
    tls: { rejectUnauthorized: false },
    ...init,
    headers: { host: `${host}:${httpsPort}`, ...init.headers },
  } as RequestInit);

const metrics = async () => {
  const headers = { authorization: `Bearer ${METRICS_TOKEN}` };
  return (await fetch(`http://127.0.0.1:${platform.port}/metrics`, { headers })).text();
};

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await Bun.sleep(100);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-https-"));
  await mkdir(join(folder, "certificates"));
  await newCertificate("sites", ["*.sites.test"]);
  await newCertificate("custom", ["www.custom.test"]);
  httpsPort = await freePort();
  platform = await startPlatform({
    args: ["--edge-workers", "2"],
    env: {
      BERTH_SITES_DOMAIN: "sites.test",
      BERTH_TLS_CERTIFICATES: join(folder, "certificates"),
      BERTH_HTTPS_PORT: `${httpsPort}`,
      BERTH_HSTS: "max-age=600; includeSubDomains",
      BERTH_ACCESS_LOG: accessLog(),
      BERTH_TRUSTED_PROXIES: "127.0.0.0/8",
      BERTH_METRICS_TOKEN: METRICS_TOKEN,
    },
  });
  repository = await newRepository("secure", {
    "index.html": "<h1>over TLS</h1>",
    "big.bin": "x".repeat(BIG_BYTES),
    ".well-known/acme-challenge/x": "answer to a challenge",
  });
}, 120_000);

afterAll(async () => {
  await platform?.stop();
  await repository?.remove();
  if (folder) await rm(folder, { recursive: true, force: true });
}, 60_000);

test("a deployment through workers gives HTTPS URLs, and its site is there at once over each protocol", async () => {
  const done = await deployAndWait(platform, { source: repository.path });
  expect([done.status, done.error]).toEqual(["ready", null]);
  expect(done.aliases).toContain(`https://secure.sites.test:${httpsPort}`);
  for (const protocol of ["http1.1", "http2", "http3"]) {
    const page = await overHttps("secure.sites.test", "/", { protocol });
    expect([protocol, page.status, await page.text()]).toEqual([protocol, 200, "<h1>over TLS</h1>"]);
    expect(page.headers.get("strict-transport-security")).toBe("max-age=600; includeSubDomains");
  }
  const curl = ["curl", "-sk", "--http2", "--resolve", `secure.sites.test:${httpsPort}:127.0.0.1`];
  const url = `https://secure.sites.test:${httpsPort}/`;
  expect(await runToEnd([...curl, "-o", "/dev/null", "-w", "%{http_version}", url])).toBe("2");
}, 120_000);

test("HEAD of the website through a worker tells the length that GET has, or none, never another", async () => {
  const at = async (path: string, method: string) => {
    const headers = { host: "localhost", "accept-encoding": "identity", authorization: `Bearer ${platform.token}` };
    const response = await fetch(`http://127.0.0.1:${platform.port}${path}`, { method, headers });
    return { status: response.status, told: response.headers.get("content-length"), body: await response.text() };
  };
  for (const path of ["/", "/api/v1/projects", "/api/v1/nothing"]) {
    const [got, head] = [await at(path, "GET"), await at(path, "HEAD")];
    expect([path, head.status, head.body]).toEqual([path, got.status, ""]);
    expect([null, `${got.body.length}`]).toContain(head.told);
  }
});

test("the website and the API are there over HTTPS through a worker", async () => {
  const link = new URL(platform.signInUrl);
  const signedIn = await overHttps("localhost", link.pathname + link.search);
  expect(signedIn.status).toBe(303);
  const cookie = signedIn.headers.get("set-cookie")!.split(";")[0]!;
  for (const protocol of ["http1.1", "http2"]) {
    expect((await overHttps("localhost", "/api/v1/me", { headers: { cookie }, protocol })).status).toBe(200);
  }
  const signOut = { method: "POST", headers: { cookie, origin: `https://localhost:${httpsPort}` }, body: "{}" };
  expect((await overHttps("localhost", "/api/v1/sign-out", signOut)).status).toBe(204);
});

test("the workers' runtime is told of little memory, the platform's own process is not", async () => {
  const setting = /(?:^|\0)BUN_JSC_forceRAMSize=(\d+)/;
  const told = async (pid: string | number) => setting.exec(await Bun.file(`/proc/${pid}/environ`).text())?.[1];
  const children = await Bun.file(`/proc/${platform.pid}/task/${platform.pid}/children`).text();
  const workers: string[] = [];
  for (const pid of children.trim().split(" ")) {
    if ((await Bun.file(`/proc/${pid}/cmdline`).text()).includes("edge-worker.ts")) workers.push(pid);
  }
  expect(await Promise.all(workers.map(told))).toEqual(["167772160", "167772160"]);
  expect(await told(platform.pid)).toBeUndefined();
});

test("each name is shown its own certificate, an unknown one the first", async () => {
  expect(await shownTo("www.custom.test")).toBe(await fingerprint("custom"));
  expect(await shownTo("any.sites.test")).toBe(await fingerprint("sites"));
  expect(await shownTo("other.test")).toBe(await fingerprint("custom"));
}, 30_000);

test("plain HTTP is sent on where a certificate is valid, and nowhere else", async () => {
  const moved = await platform.site("secure.sites.test", "/a?b=c", { method: "POST" });
  expect([moved.status, moved.headers.get("location")]).toEqual([308, `https://secure.sites.test:${httpsPort}/a?b=c`]);
  expect((await platform.site("secure.sites.test", "/.well-known/acme-challenge/x")).status).toBe(200);
  expect((await platform.site("unknown.test", "/")).status).toBe(404);
  const byProxy = await platform.site("secure.sites.test", "/", { headers: { "x-forwarded-proto": "https" } });
  expect(byProxy.status).toBe(200);
  expect((await platform.site("localhost", "/healthz")).status).toBe(200);
});

test("a method that nobody knows is no GET of the platform's process", async () => {
  const brew = `BREW /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
  const { status, headers } = await ask(platform.port, Buffer.from(brew));
  expect([status, headers.get("allow")]).toEqual([405, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"]);
});

test("certificates are replaced without a failed request", async () => {
  const before = await shownTo("secure.sites.test");
  const failed: unknown[] = [];
  let isOver = false;
  const load = Array.from({ length: 4 }, async () => {
    while (!isOver) {
      const status = await overHttps("secure.sites.test", "/").then(
        async (page) => (await page.arrayBuffer()) && page.status,
        (error) => error,
      );
      if (status !== 200) failed.push(status);
    }
  });
  await newCertificate("sites", ["*.sites.test"]);
  const wanted = await fingerprint("sites");
  expect(wanted).not.toBe(before);
  // Both workers look for themselves: several connections in a row find them both.
  await until(async () => {
    const shown = await Promise.all(Array.from({ length: 8 }, () => shownTo("secure.sites.test")));
    return shown.every((one) => one === wanted);
  });
  isOver = true;
  await Promise.all(load);
  expect(failed).toEqual([]);
}, 60_000);

test("a worker that dies is started anew, and SIGHUP puts new ones in their places without a failed request", async () => {
  const workers = async () => (await runToEnd(["ps", "-o", "pid=", "--ppid", await edgeParent()])).match(/\d+/g)!;
  const edgeParent = async () => `${platform.pid}`;
  const edgeWorkers = async () => {
    const found: number[] = [];
    for (const pid of await workers()) {
      const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      if (command.includes("edge-worker.ts")) found.push(Number(pid));
    }
    return found;
  };
  const first = await edgeWorkers();
  expect(first.length).toBe(2);
  process.kill(first[0]!, "SIGKILL");
  const health = async () =>
    ((await (await platform.site("localhost", "/healthz")).json()) as { edgeWorkers: { ready: number } }).edgeWorkers;
  await until(async () => (await edgeWorkers()).every((pid) => pid !== first[0]));
  await until(async () => (await health().catch(() => ({ ready: 0 }))).ready === 2);
  const second = await edgeWorkers();
  const failed: unknown[] = [];
  let isOver = false;
  const load = (async () => {
    while (!isOver) {
      const page = await overHttps("secure.sites.test", "/").catch((error) => error);
      if (page.status !== 200) failed.push(page);
      else await page.arrayBuffer();
    }
  })();
  process.kill(platform.pid, "SIGHUP");
  await until(async () => {
    const now = await edgeWorkers();
    return now.length === 2 && now.every((pid) => !second.includes(pid));
  });
  isOver = true;
  await load;
  expect(failed).toEqual([]);
}, 60_000);

test("the metrics of all workers are one, and their token opens nothing else", async () => {
  const text = await metrics();
  expect(text).toMatch(/berth_requests_total\{class="2xx"\} [1-9]/);
  expect(text).toMatch(/berth_request_duration_seconds_count\{class="2xx"\} [1-9]/);
  expect(text).toContain('berth_cache_total{tier="memory"}');
  expect(text).toContain('berth_responses_encoded_total{encoding="identity"}');
  expect(text).toContain("berth_edge_workers 2");
  expect(text).toContain(`berth_certificate_expiry_seconds{file="${join(folder, "certificates", "sites.crt")}"}`);
  const headers = { authorization: `Bearer ${METRICS_TOKEN}` };
  expect((await fetch(`http://127.0.0.1:${platform.port}/api/v1/me`, { headers })).status).toBe(401);
});

test("the access log has a line of each request, without its query", async () => {
  const headers = { "user-agent": 'a "test"', "x-forwarded-for": "198.51.100.1, 203.0.113.9" };
  await overHttps("secure.sites.test", "/?berth_token=very-secret", { headers });
  const lines = async () => (await readFile(accessLog(), "utf8")).trim().split("\n");
  await until(async () => (await lines()).some((line) => line.includes('test\\"')));
  const line = JSON.parse((await lines()).find((text) => text.includes('a \\"test\\"'))!);
  expect(line).toMatchObject({
    ...{ method: "GET", path: "/", status: 200, scheme: "https", bytes: "<h1>over TLS</h1>".length },
    remoteAddress: "203.0.113.9",
    host: `secure.sites.test:${httpsPort}`,
    deployment: expect.any(String),
  });
  expect(await readFile(accessLog(), "utf8")).not.toContain("very-secret");
  for (const [protocol, logged] of [
    ["http1.1", "http/1.1"],
    ["http2", "h2"],
    ["http3", "h3"],
  ]) {
    for (const path of ["/", "/nothing"]) {
      const agent = `by ${protocol} ${path}`;
      await overHttps("secure.sites.test", path, { protocol: protocol!, headers: { "user-agent": agent } });
      const own = async () => (await lines()).find((line) => line.includes(`"${agent}"`));
      await until(async () => (await own()) !== undefined);
      expect(JSON.parse((await own())!)).toMatchObject({ path, scheme: "https", protocol: logged });
    }
  }
}, 20_000);

test("SIGTERM lets a slow download end, takes nothing new, and exits with 0", async () => {
  const file = join(folder, "download");
  const url = `https://secure.sites.test:${httpsPort}/big.bin`;
  const curl = ["curl", "-sk", "--resolve", `secure.sites.test:${httpsPort}:127.0.0.1`, "--limit-rate", "15M"];
  const download = runToEnd([...curl, "-o", file, "-w", "%{size_download}", url]);
  await until(async () => (await Bun.file(file).exists()) && Bun.file(file).size > 0);
  const stopped = platform.stop();
  await until(async () => (await overHttps("secure.sites.test", "/").catch(() => undefined)) === undefined);
  expect(await download).toBe(`${BIG_BYTES}`);
  await stopped;
  expect(platform.exitStatus()).toBe(0);
}, 30_000);
