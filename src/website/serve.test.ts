import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { createWebsite } from "./serve.ts";

describe("createWebsite", () => {
  let directory: string;
  let website: ReturnType<typeof createWebsite>;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "berth-website-"));
    await writeFile(join(directory, "index.html"), "<title>Berth</title>");
    await writeFile(join(directory, "index-1a2b3c.js"), "script");
    await writeFile(join(directory, "index-1a2b3c.js.gz"), gzipSync("script"));
    await writeFile(join(directory, "index-1a2b3c.js.br"), "as brotli");
    website = createWebsite(directory);
  });
  afterAll(() => rm(directory, { recursive: true }));
  const get = (path: string, init?: RequestInit) => website.fetch(new Request(`http://localhost${path}`, init));

  test("the page answers every route of the client, and is asked for anew each time", async () => {
    for (const path of ["/", "/projects", "/projects/a.b", "/deployments/abc?x=1"]) {
      const page = get(path);
      expect([path, page.status, page.headers.get("cache-control")]).toEqual([path, 200, "no-cache"]);
      expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
      expect(await page.text()).toBe("<title>Berth</title>");
    }
  });

  test("files are kept for ever; one that is missing is not the page", async () => {
    const script = get("/index-1a2b3c.js");
    expect(script.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(script.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    expect([await script.text(), script.headers.get("content-encoding")]).toEqual(["script", null]);
    for (const path of ["/index-000000.js", "/favicon.ico", "/index-1a2b3c.js.br"]) expect(get(path).status).toBe(404);
  });

  test("the best copy that the browser takes is sent", async () => {
    const encodingOf = (accepted: string) =>
      get("/index-1a2b3c.js", { headers: { "accept-encoding": accepted } }).headers.get("content-encoding");
    expect(encodingOf("gzip, deflate, br, zstd")).toBe("br");
    expect(encodingOf("gzip;q=1.0, br;q=0")).toBe("gzip");
    expect(encodingOf("GZIP")).toBe("gzip");
    expect(encodingOf("identity")).toBeNull();
    expect(encodingOf("xbr")).toBeNull();
  });

  test("every answer is strict about what a page may load and who may frame it", () => {
    for (const path of ["/", "/index-1a2b3c.js", "/missing.js"]) {
      const policy = get(path).headers.get("content-security-policy")!;
      for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"]) {
        expect(policy).toContain(part);
      }
      expect(policy).not.toContain("unsafe");
      expect(get(path).headers.get("x-content-type-options")).toBe("nosniff");
    }
  });

  test("it is read only", async () => {
    const refused = get("/", { method: "POST" });
    expect([refused.status, refused.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    const head = get("/", { method: "HEAD" });
    expect(await head.text()).toBe("");
    expect(head.headers.get("content-length")).toBe(String((await get("/").arrayBuffer()).byteLength));
  });

  test("a folder without the page says what to do", () => {
    expect(() => createWebsite(join(directory, "nowhere"))).toThrow("has not been built");
  });
});
