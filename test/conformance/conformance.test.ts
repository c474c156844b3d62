import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { certificate } from "../../src/http/testing/open-listener.ts";
import type { Deployment } from "../../src/model/deployment.ts";
import type { Explanation } from "../../src/model/explanation.ts";
import { requestDeployment, waitForEnd } from "../support/deploy.ts";
import { Http2Asker } from "../support/http2.ts";
import { removeDataDirectory, startPlatform, type TestPlatform } from "../support/platform.ts";
import { freePort } from "../support/process.ts";
import { ask, decoded, exchange, parseResponse, type RawResponse } from "../support/raw-http.ts";
import { type ExpectedHeader, filesOf, type More, type Row, readAnswer, readRequest, type Site } from "./case.ts";
import { TOPICS } from "./topics.ts";

/**
 * Every row of the tables, asked of sites that went through a real deployment; docs/conformance.md prints them. What is
 * no matter of one version of HTTP is asked over both, and the answers are the same.
 */

let platform: TestPlatform;
let folder: string;
let http2: Http2Asker;
/** By site: its deployment. Sites of equal content are one. */
const deployments = new Map<string, Promise<Deployment>>();
const keyOf = (site: Site) => Bun.hash(JSON.stringify(site)).toString(36);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-conformance-"));
  const certificates = join(folder, "certificates");
  const { cert, key } = certificate("*.localhost");
  await mkdir(certificates);
  await writeFile(join(certificates, "sites.crt"), cert);
  await writeFile(join(certificates, "sites.key"), key);
  const httpsPort = await freePort();
  platform = await startPlatform({
    env: {
      BERTH_TLS_CERTIFICATES: certificates,
      BERTH_HTTPS_PORT: `${httpsPort}`,
      BERTH_HTTPS_REDIRECT: "off",
      BERTH_HTTP3: "off",
    },
  });
  http2 = await Http2Asker.open(httpsPort);
  const sites = TOPICS.flatMap(({ groups, refusals = [] }) => [...groups, ...refusals].map(({ site }) => site));
  const queue = sites.map((site, index) => ({ site, project: `case-${index}` }));
  const deployNext = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const key = keyOf(next.site);
      if (deployments.has(key)) continue;
      const deployment = deploy(next.site, next.project);
      deployments.set(key, deployment);
      await deployment.catch(() => undefined);
    }
  };
  await Promise.all(Array.from({ length: 8 }, deployNext));
}, 200_000);

afterAll(async () => {
  http2.close();
  await platform.stop();
  await removeDataDirectory(platform.dataDirectory);
  await rm(folder, { recursive: true });
}, 30_000);

async function deploy(site: Site, project: string): Promise<Deployment> {
  const source = join(folder, project);
  for (const [path, content] of filesOf(site)) {
    await mkdir(dirname(join(source, path)), { recursive: true });
    await writeFile(join(source, path), content);
  }
  let wish = await requestDeployment(platform, { source, project });
  if (site.settings !== undefined) {
    const change = { method: "PATCH", body: JSON.stringify({ settings: site.settings }) };
    expect((await platform.api(`/projects/${project}`, change)).status).toBe(200);
    wish = await requestDeployment(platform, { source, project });
  }
  if (site.isProtected) {
    const wish = { method: "POST", body: JSON.stringify({ kind: "token", scope: "all" }) };
    expect((await platform.api(`/projects/${project}/protection`, wish)).status).toBe(201);
  }
  return await waitForEnd(platform, wish.id);
}

async function hostOf(site: Site, isOfDeployment = false): Promise<string> {
  const deployment = await deployments.get(keyOf(site))!;
  expect(deployment.error).toBeNull();
  return new URL(isOfDeployment ? deployment.url : deployment.aliases[0]!).hostname;
}

for (const { title, groups, refusals = [] } of TOPICS) {
  describe(title, () => {
    for (const { site, source, rows } of groups) {
      for (const row of rows) {
        const { send = {}, source: own = source } = row[2] ?? {};
        test(`${row[0].slice(0, 80)} ${JSON.stringify(send).slice(0, 120)} -> ${row[1]} (${own})`, async () => {
          const host = await hostOf(site, row[2]?.isOfDeployment);
          compare(await responseTo(row, host, site), row, site);
        });
      }
    }
    for (const { site, file, line } of refusals) {
      const text = filesOf(site).find(([path]) => path === file)![1];
      test(`${JSON.stringify(text).slice(0, 120)} is refused`, async () => {
        const { status, error } = await deployments.get(keyOf(site))!;
        expect(status).toBe("failed");
        const told = `${error?.message} ${error?.hint}`;
        expect(told).toContain(file);
        if (line !== undefined) expect(told).toMatch(new RegExp(`(?:line |:)${line}\\b`));
      });
    }
  });
}

async function responseTo([request, answer, more = {}]: Row, host: string, site: Site): Promise<RawResponse> {
  const { method, target } = readRequest(request);
  if (more.raw !== undefined) {
    const text = more.raw.replaceAll("{host}", host).replaceAll("{HOST}", host.toUpperCase());
    if (more.next !== undefined) return await firstOf(text, [answer, ...more.next], site);
    return await ask(platform.port, Buffer.from(text, "latin1"), text.startsWith("HEAD "));
  }
  const response = await ask(
    platform.port,
    await plainRequest(host, { method, target, send: more.send }),
    method === "HEAD",
  );
  await compareHttp2(response, { method, target, host }, more.send);
  await compareExplained(response, { method, target, host }, more.send);
  return response;
}

/** Sends several requests at once, and compares all answers but the first. @returns the first */
async function firstOf(text: string, answers: readonly string[], site: Site): Promise<RawResponse> {
  let left = await exchange(platform.port, Buffer.from(text, "latin1"));
  const responses = answers.map((answer) => {
    const response = parseResponse(left, answer.endsWith(" -"), true);
    expect(response).toBeDefined();
    left = response!.rest;
    return response!;
  });
  for (const [at, answer] of answers.entries()) if (at > 0) compare(responses[at]!, ["", answer], site);
  expect(Buffer.from(left).toString()).toBe("");
  return responses[0]!;
}

/** Fields that one version of HTTP has alone. */
const OWN_FIELDS = new Set(["connection", "keep-alive", "transfer-encoding", "te", "content-length"]);

async function compareHttp2(
  response: RawResponse,
  asked: { method: string; target: string; host: string },
  send: More["send"] = {},
): Promise<void> {
  const names = Object.keys(send).map((name) => name.toLowerCase());
  if (!/^\/[\x21-\x7e]*$/.test(asked.target) || names.some((name) => OWN_FIELDS.has(name))) return;
  const fields = await Promise.all(
    Object.entries(send).map(async ([name, value]) => [name.toLowerCase(), await filledIn(value, asked.host)] as const),
  );
  const other = await http2.ask(asked, fields);
  const shown = ({ status, headers, body }: RawResponse) => {
    const fields = [...headers].filter(([name]) => name !== "connection" && name !== "date").sort();
    const boundary = /boundary=(.*)/.exec(headers.get("content-type") ?? "")?.[1];
    const text = JSON.stringify({ status, fields, body: Buffer.from(body).toString("latin1") });
    return boundary === undefined ? text : text.replaceAll(boundary, "BOUNDARY");
  };
  expect(shown(other)).toEqual(shown(response));
}

/** What is the listener's own, or new with each answer. */
const NOT_EXPLAINED = new Set(["connection", "date", "keep-alive", "transfer-encoding"]);

/** `berth explain` tells of the same request what it was answered with, and names what answered it. */
async function compareExplained(
  response: RawResponse,
  { method, target, host }: { method: string; target: string; host: string },
  send: More["send"] = {},
): Promise<void> {
  const url = `http://${host}${target}`;
  if (!URL.canParse(url) || new URL(url).href !== url || !/^[A-Z]+$/.test(method)) return;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(send)) {
    if (!OWN_FIELDS.has(name.toLowerCase())) headers[name] = await filledIn(value, host);
  }
  const asked = new URLSearchParams({ url, method, headers: JSON.stringify(headers) });
  const explained = await platform.api(`/explain?${asked}`);
  const explanation = (await explained.json()) as Explanation;
  expect({ status: explained.status, explanation }).toMatchObject({ status: 200 });
  const { answer, entry, encoding, blob, proxy, rule, steps } = explanation;
  const told = steps.map(({ text }) => text).join(" ");
  expect(told).not.toContain("undefined");
  if (proxy !== null) {
    expect(answer.status).toBeNull();
    return;
  }
  const shown = (fields: Iterable<[string, string]>) => {
    const list = [...fields].filter(([name]) => !NOT_EXPLAINED.has(name)).sort();
    return JSON.stringify(list).replace(/boundary=[^"]*/, "boundary=");
  };
  expect({ status: answer.status, fields: shown(Object.entries(answer.headers)) }).toEqual({
    status: response.status,
    fields: shown(response.headers),
  });
  if (rule !== null) expect(told).toContain(`${rule.file}:${rule.line}`);
  const location = response.headers.get("location");
  if (location !== undefined) expect(told).toContain(`It is moved to ${location}.`);
  // A redirect without a rule is of HTML handling, with 307, or of a vercel.json's way with paths.
  if (location !== undefined && rule === null) expect(told.includes("No rule decides.")).toBe(response.status !== 308);
  if (location !== undefined || response.status === 405) expect([entry, encoding, blob]).toEqual([null, null, null]);
  const isOfFile = [200, 206, 304].includes(response.status) && method !== "OPTIONS";
  expect(isOfFile ? entry !== null && blob !== null : true).toBe(true);
  if (isOfFile) expect(told).toContain(`The file ${entry!.path} answers`);
  if (response.status === 200 || response.status === 206) {
    expect(encoding).toBe((response.headers.get("content-encoding") ?? "identity") as never);
  }
  if (response.status === 200) expect(`${blob!.sizeBytes}`).toBe(response.headers.get("content-length")!);
}

async function plainRequest(
  host: string,
  { method, target, send = {} }: { method: string; target: string; send?: More["send"] },
): Promise<string> {
  let lines = "";
  for (const [name, value] of Object.entries(send)) lines += `${name}: ${await filledIn(value, host)}\r\n`;
  return `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${lines}Connection: close\r\n\r\n`;
}

/** `{etag /path}`, `{etag br /path}` and `{date /path}` are what the site itself says. */
async function filledIn(value: string, host: string): Promise<string> {
  const found = /\{(etag|date) (?:(\w+) )?(\/[^}]*)\}/.exec(value);
  if (found === null) return value;
  const [whole, kind, coding, target = ""] = found;
  const send: Record<string, string> = coding === undefined ? {} : { "accept-encoding": coding };
  const { headers } = await ask(platform.port, await plainRequest(host, { method: "GET", target, send }));
  return value.replace(whole, headers.get(kind === "etag" ? "etag" : "last-modified")!);
}

function compare(response: RawResponse, [, answer, more = {}]: Row, site: Site): void {
  const wanted = more.differs?.answer ?? answer;
  const expected = readAnswer(wanted, site);
  const { status, headers } = response;
  const told = `${status} ${JSON.stringify(Object.fromEntries(headers))}`;
  if (!expected.statuses.includes(status)) expect(told).toBe(wanted);
  if (status === expected.statuses[0]) {
    if (expected.location !== undefined) expect(headers.get("location")).toBe(expected.location);
    if (expected.body !== undefined) {
      expect(Buffer.from(decoded(response)).toString()).toBe(Buffer.from(expected.body).toString());
    }
  }
  for (const [name, form] of Object.entries(more.headers ?? {})) expectHeader(name, headers.get(name), form);
}

function expectHeader(name: string, value: string | undefined, wanted: ExpectedHeader): void {
  if (wanted === null) expect({ [name]: value }).toEqual({ [name]: undefined });
  else if (typeof wanted === "string") expect({ [name]: value }).toEqual({ [name]: wanted });
  else if (!wanted.test(value ?? "")) expect({ [name]: value }).toEqual({ [name]: String(wanted) } as never);
}
