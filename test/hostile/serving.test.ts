import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type DeploymentId, newDeploymentId, type Sha256, sha256 } from "../../src/model/ids.ts";
import type { ManifestEntry } from "../../src/model/manifest.ts";
import { ManifestFiles } from "../../src/model/manifest-files.ts";
import { blobKey } from "../../src/store/blobs.ts";
import { putManifest } from "../../src/store/deployments.ts";
import { openFileStore } from "../../src/store/file.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { newDataDirectory, removeDataDirectory, startPlatform, type TestPlatform } from "../support/platform.ts";
import { askHead, openSocket, statusOf } from "../support/sockets.ts";

const PAGE = "<h1>Unharmed</h1>";
const TEXT = "0123456789".repeat(1_000);
const HUGE_BYTES = 2 * 1024 ** 3;
const FILES = 100_000;
/** The caches' 64 MiB, the runtime, what it has not collected yet, and what is on its way on open connections. */
const MEMORY_MAX_BYTES = 320 * 1024 ** 2;

/** An edge alone with its store, under what a hostile crowd does to it; another site answers all the while. */
describe("serving under attack", () => {
  let edge: TestPlatform;
  let data: string;
  let probe: { end(): Promise<{ answers: number; bad: string[]; mostBytes: number }> };

  beforeAll(async () => {
    data = await newDataDirectory({ withDatabase: false });
    const objects = join(data, "objects");
    await mkdir(objects, { recursive: true });
    const store = openFileStore(objects);
    const put = async (text: string): Promise<ManifestEntry> => {
      const hash = sha256(text);
      await store.put(blobKey(hash), new TextEncoder().encode(text));
      return { hash, size: text.length };
    };
    const page = await put(PAGE);
    await publish(store, "probe", [["index.html", page]]);
    const huge = { hash: await putHuge(objects), size: HUGE_BYTES };
    await publish(store, "huge", [
      ["huge.bin", huge],
      ["text.txt", await put(TEXT)],
    ]);
    const many = Array.from({ length: FILES }, (_, n): [string, ManifestEntry] => [`docs/${n % 97}/${n}.html`, page]);
    await publish(store, "many", many);
    await store.close();
    edge = await startPlatform({ dataDirectory: data, args: ["--role", "edge"] });
  }, 60_000);
  afterAll(async () => {
    await edge.stop();
    await removeDataDirectory(data);
  }, 30_000);
  beforeEach(() => {
    probe = startProbe(edge);
  });
  afterEach(async () => {
    const { answers, bad, mostBytes } = await probe.end();
    expect(bad).toEqual([]);
    expect(answers).toBeGreaterThan(0);
    expect(mostBytes).toBeLessThan(MEMORY_MAX_BYTES);
  });

  const range = async (path: string, value: string) =>
    await edge.site("huge.localhost", path, { headers: { range: value } });

  test("a file of 2 GB comes whole, byte for byte", async () => {
    const answer = await edge.site("huge.localhost", "/huge.bin");
    expect([answer.status, answer.headers.get("content-length")]).toEqual([200, String(HUGE_BYTES)]);
    const hasher = new Bun.CryptoHasher("sha256");
    let bytes = 0;
    for await (const chunk of answer.body!) {
      hasher.update(chunk);
      bytes += chunk.byteLength;
    }
    expect(bytes).toBe(HUGE_BYTES);
    expect(`"${hasher.digest("hex").slice(0, 32)}"`).toBe(answer.headers.get("etag")!);
  }, 60_000);

  test("ranges of it come from every part of it, also with others on their way", async () => {
    const places = [0, 2 ** 30 - 3, 2 ** 30, HUGE_BYTES - MARK.length];
    const wanted = Array.from({ length: 400 }, (_, n) => places[n % places.length]!);
    const bodies = await Promise.all(
      wanted.map(async (first) => {
        const answer = await range("/huge.bin", `bytes=${first}-${first + MARK.length - 1}`);
        expect(answer.status).toBe(206);
        expect(answer.headers.get("content-range")).toBe(`bytes ${first}-${first + MARK.length - 1}/${HUGE_BYTES}`);
        return await answer.text();
      }),
    );
    const near = `\0\0\0${MARK.slice(0, -3)}`;
    expect(bodies).toEqual(wanted.map((first) => (first === 2 ** 30 - 3 ? near : MARK)));
  }, 30_000);

  test("readers who ask for 2 GB and take nothing cost no memory to speak of", async () => {
    const readers = await Promise.all(Array.from({ length: 1_000 }, () => openSocket(edge.port)));
    for (const reader of readers) {
      reader.pause();
      reader.write("GET /huge.bin HTTP/1.1\r\nHost: huge.localhost\r\n\r\n");
    }
    await sleep(3_000);
    for (const reader of readers) reader.destroy();
  }, 30_000);

  test("a request for a thousand ranges is answered with no more than the file", async () => {
    const one = Array.from({ length: 1_000 }, () => "0-");
    const scattered = Array.from({ length: 1_000 }, (_, n) => `${n * 2}-${n * 2}`);
    for (const ranges of [one, scattered]) {
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => range("/text.txt", `bytes=${ranges.join(",")}`)),
      );
      for (const answer of answers) {
        expect([200, 206, 416, 431]).toContain(answer.status);
        expect((await answer.text()).length).toBeLessThan(20 * TEXT.length);
      }
    }
  }, 30_000);

  test("headers that come a byte at a time keep nobody waiting, and are answered when they are whole", async () => {
    const slow = await Promise.all(Array.from({ length: 200 }, () => openSocket(edge.port)));
    const answers = slow.map(async (socket) => {
      for await (const chunk of socket) return statusOf(String(chunk));
      return undefined;
    });
    for (const byte of "GET / HTTP/1.1\r\nHost: probe.localhost\r\n\r\n") {
      for (const socket of slow) socket.write(byte);
      await sleep(20);
    }
    expect(await Promise.all(answers)).toEqual(slow.map(() => 200));
    for (const socket of slow) socket.destroy();
  }, 30_000);

  test("10,000 connections that say nothing leave room for those that do", async () => {
    const idle = [];
    for (let opened = 0; opened < 10_000; opened += 500) {
      idle.push(...(await Promise.all(Array.from({ length: 500 }, () => openSocket(edge.port)))));
    }
    const answers = await Promise.all(idle.slice(-100).map((socket) => askHead(socket, "probe.localhost")));
    expect(answers.map(statusOf)).toEqual(answers.map(() => 200));
    for (const socket of idle) socket.destroy();
  }, 60_000);

  test("100,000 unknown hosts are told so, and none of the known ones is forgotten", async () => {
    const sockets = await Promise.all(Array.from({ length: 64 }, () => openSocket(edge.port)));
    const seen = new Map<number, number>();
    let next = 0;
    await Promise.all(
      sockets.map(async (socket) => {
        while (next < 100_000) {
          next += 1;
          const status = statusOf(await askHead(socket, `unknown-${next}.localhost`));
          seen.set(status, (seen.get(status) ?? 0) + 1);
        }
        socket.destroy();
      }),
    );
    expect([...seen]).toEqual([[404, 100_000]]);
  }, 60_000);

  test("a site of 100,000 files has all of them, and no others", async () => {
    for (let n = 0; n < FILES; n += 4_999) {
      const answer = await edge.site("many.localhost", `/docs/${n % 97}/${n}`);
      expect([answer.status, await answer.text()]).toEqual([200, PAGE]);
      expect((await edge.site("many.localhost", `/docs/${n % 97}/${n + 1}`)).status).toBe(404);
    }
  }, 30_000);
});

const MARK = "a mark among zeros";

/** 2 GB of nothing with marks in it, which takes no room on the disk. */
async function putHuge(objects: string): Promise<Sha256> {
  const temporary = join(objects, "huge");
  const file = await open(temporary, "w");
  for (const place of [0, 2 ** 30, HUGE_BYTES - MARK.length]) await file.write(MARK, place);
  await file.close();
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of Bun.file(temporary).stream()) hasher.update(chunk);
  const hash = hasher.digest("hex") as Sha256;
  const path = join(objects, blobKey(hash));
  await mkdir(dirname(path), { recursive: true });
  await rename(temporary, path);
  return hash;
}

async function publish(store: ObjectStore, project: string, entries: [string, ManifestEntry][]): Promise<void> {
  const deployment: DeploymentId = newDeploymentId();
  const createdAt = "2026-01-02T03:04:05.678Z";
  await putManifest(store, {
    ...{ deployment, project, createdAt, compression: "strong" },
    ...{ htmlHandling: "auto-trailing-slash", notFoundHandling: "none", files: ManifestFiles.of(entries) },
  });
  const pointer = {
    version: 1,
    deployment,
    project,
    branch: null,
    state: "ready",
    generation: 1,
    updatedAt: createdAt,
  };
  await store.put(`hosts/${project}.localhost`, new TextEncoder().encode(JSON.stringify(pointer)));
}

/** Asks another site for its page all the time, and looks at the memory of the edge. */
function startProbe(edge: TestPlatform) {
  let isOn = true;
  const found = { answers: 0, bad: [] as string[], mostBytes: 0 };
  const running = (async () => {
    do {
      try {
        const answer = await edge.site("probe.localhost", "/");
        const text = await answer.text();
        if (answer.status === 200 && text === PAGE) found.answers += 1;
        else found.bad.push(`${answer.status} ${text}`);
      } catch (error) {
        found.bad.push(String(error));
      }
      found.mostBytes = Math.max(found.mostBytes, await residentBytes(edge.pid));
      await sleep(50);
    } while (isOn);
  })();
  return {
    async end() {
      isOn = false;
      await running;
      return found;
    },
  };
}

/** Resident memory of a process, by proc(5). */
async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1]) * 1024;
}
