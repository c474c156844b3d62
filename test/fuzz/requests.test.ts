import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { deployAndWait } from "../support/deploy.ts";
import { removeDataDirectory, startPlatform, type TestPlatform } from "../support/platform.ts";
import { ask, exchange, parseResponse } from "../support/raw-http.ts";

/** Whatever comes in on the port, the platform goes on answering, and a site shows its own files alone. */

const FILES = { "index.html": "the first page\n", "about.html": "about\n", "ü b.txt": "odd\n", "404.html": "none\n" };
const SECRET = "what the other site keeps";

let platform: TestPlatform;
let folder: string;
let host: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-fuzz-"));
  platform = await startPlatform();
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(folder, name), text);
  const { aliases } = await deployAndWait(platform, { source: folder, project: "fuzzed" });
  host = new URL(aliases[0]!).hostname;
  await writeFile(join(folder, "about.html"), SECRET);
  await deployAndWait(platform, { source: folder, project: "other" });
}, 120_000);
afterAll(async () => {
  await platform.stop();
  await removeDataDirectory(platform.dataDirectory);
  await rm(folder, { recursive: true });
}, 30_000);

const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;

async function expectAlive(): Promise<void> {
  const { status, body } = await ask(platform.port, get("/"));
  expect([status, Buffer.from(body).toString()]).toEqual([200, FILES["index.html"]]);
}

describe("raw bytes", () => {
  const word = fc.constantFrom(
    ..."GET|POST|HEAD|TRACE|CONNECT|*|/|/about|http://x/|//|?|#|HTTP/1.1|HTTP/1.0|HTTP/2.0|Host|Host:|fuzzed.localhost|:".split(
      "|",
    ),
    ..."Content-Length: 5|Content-Length: -1|Transfer-Encoding: chunked|Connection: close|Range: bytes=0-1,2-|0|5|ffffffff".split(
      "|",
    ),
    ...[" ", "\t", "\r", "\n", "\r\n", "\r\n\r\n", "\0", "\u00ff", "%", "%00", "..", "\\", '"', ",", ";", "=", "W/"],
  );
  const soup = fc.array(word, { maxLength: 40 }).map((words) => Buffer.from(words.join(""), "latin1"));
  const noise = fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes));
  /** A request that is right but for a few bytes. */
  const damaged = fc
    .tuple(
      fc.constantFrom(
        () => get("/about"),
        () => `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 5\r\n\r\nhello`,
        () => `POST / HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
        () => `GET / HTTP/1.1\r\nHost: ${host}\r\nIf-None-Match: "a", W/"b"\r\nRange: bytes=0-1\r\n\r\n`,
      ),
      fc.array(fc.tuple(fc.nat(160), fc.nat(255), fc.constantFrom("put", "insert", "cut")), {
        minLength: 1,
        maxLength: 6,
      }),
    )
    .map(([request, changes]) => {
      let bytes = [...Buffer.from(request())];
      for (const [place, value, kind] of changes) {
        const at = place % Math.max(1, bytes.length);
        if (kind === "cut") bytes = bytes.slice(0, at);
        else bytes.splice(at, kind === "put" ? 1 : 0, value);
      }
      return Buffer.from(bytes);
    });

  test("get an HTTP answer or an end, and the next visitor is served", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(soup, noise, damaged), { minLength: 30, maxLength: 60 }), async (requests) => {
        const answers = await Promise.all(requests.map((bytes) => exchange(platform.port, bytes, { timeoutMs: 200 })));
        for (const answer of answers) {
          if (answer.length === 0) continue;
          expect(Buffer.from(answer).subarray(0, 9).toString()).toMatch(/^HTTP\/1\.[01] /);
          const status = parseResponse(answer, false, true)?.status;
          if (status !== undefined) expect([500, 502, 504]).not.toContain(status);
        }
        await expectAlive();
      }),
      { numRuns: 16, seed: 9112, endOnFailure: true },
    );
  });

  test("two requests in one packet get two answers, in their order", async () => {
    const first = get("/about").replace("Connection: close\r\n", "");
    const received = await exchange(platform.port, first + get("/missing"));
    const one = parseResponse(received, false)!;
    const two = parseResponse(one.rest, false, true)!;
    expect([one, two].map(({ status, body }) => [status, Buffer.from(body).toString()])).toEqual([
      [200, FILES["about.html"]],
      [404, FILES["404.html"]],
    ]);
  });
});

describe("paths", () => {
  const piece = fc.constantFrom(
    ..."/|//|.|..|%2e|%2E%2e|%2f|%5c|\\|%00|%0d%0a|%25|%252e|%|%4|%zz|%ff|%c0%ae|%ed%a0%80|?|#|;|:|@|&|=|+|~|*|!".split(
      "|",
    ),
    ..."about|about.html|index|index.html|404|%C3%BC%20b.txt|ü|etc/passwd|hosts/other.localhost|manifest.json".split(
      "|",
    ),
    ..."deployments|blobs|_redirects|_headers|.git/config|__proto__|constructor|toString|example.com".split("|"),
  );
  const target = fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join("")}`);

  test("show the site's own files or are refused, and lead to no other host", async () => {
    await fc.assert(
      fc.asyncProperty(target, async (path) => {
        const { status, headers, body } = await ask(platform.port, Buffer.from(get(path)));
        expect([200, 307, 400, 404]).toContain(status);
        const text = Buffer.from(body).toString();
        expect(text).not.toContain(SECRET);
        if (status === 200) expect(Object.values(FILES)).toContain(text);
        if (status === 307) expect(headers.get("location")).toMatch(/^\/(?![/\\])[\x21-\x7e]*$/);
      }),
      { numRuns: 1500, seed: 3986 },
    );
    await expectAlive();
  });
});

describe("header values", () => {
  const value = fc.array(
    fc.constantFrom(
      ...'bytes=|0-|-1|0-0|,|, |5-2|99999999999999999999-|"a"|W/|*|"|gzip|br|;q=|0|1|0.0001|identity|Mon|GMT|en|de-DE|='.split(
        "|",
      ),
      ...["application/json", "text/html", "*/*", "Thu, 01 Jan 1970 00:00:00 GMT", "-", " ", "\t", "\u00ff"],
    ),
    { maxLength: 30 },
  );
  const name = fc.constantFrom(
    ..."range if-range if-match if-none-match if-modified-since if-unmodified-since accept-encoding accept".split(" "),
    ..."accept-language cookie sec-fetch-mode x-forwarded-for x-forwarded-host x-forwarded-proto referer".split(" "),
  );

  test("never break an answer", async () => {
    const headers = fc.array(fc.tuple(name, value), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(headers, fc.constantFrom("/", "/about", "/missing", "/about.html"), async (lines, path) => {
        const text = lines.map(([key, parts]) => `${key}: ${parts.join("")}\r\n`).join("");
        const request = get(path).replace("Connection", `${text}Connection`);
        const { status } = await ask(platform.port, Buffer.from(request, "latin1"));
        expect([200, 206, 304, 307, 400, 404, 406, 412, 416]).toContain(status);
      }),
      { numRuns: 1000, seed: 9110 },
    );
    await expectAlive();
  });
});
