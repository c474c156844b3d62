import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { removeDataDirectory, startPlatform, type TestPlatform } from "../support/platform.ts";
import { buildableSite, newRepository, type TestRepository, WRITES_DIST } from "../support/repositories.ts";

/** Debian's Chromium, kept from calling home. */
const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The website in a real browser, from the first start to a rollback. */
describe("website", () => {
  let platform: TestPlatform;
  let repository: TestRepository;
  let broken: TestRepository;
  let context: BrowserContext;
  let page: Page;
  let profile: string;
  const complaints: string[] = [];

  beforeAll(async () => {
    platform = await startPlatform();
    repository = await newRepository("lighthouse", buildableSite(WRITES_DIST, { "text.txt": "first light" }));
    broken = await newRepository("shipwreck", buildableSite("console.error('on the rocks'); process.exit(1);"));
    profile = await mkdtemp(join(tmpdir(), "berth-chromium-"));
    context = await chromium.launchPersistentContext(profile, {
      executablePath: "/usr/bin/chromium",
      headless: true,
      args: ARGS,
      viewport: { width: 1200, height: 900 },
    });
    page = await context.newPage();
    page.on("console", (message) => {
      if (message.type() === "error" && !message.text().includes("401")) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
  }, 120_000);

  afterAll(async () => {
    await context.close();
    await platform.stop();
    await repository.remove();
    await broken.remove();
    await rm(profile, { recursive: true, force: true });
    await removeDataDirectory(platform.dataDirectory);
  }, 60_000);

  const deploy = async (source: string) => {
    await page.goto(platform.baseUrl);
    await page.getByLabel("Repository").fill(source);
    await page.getByRole("button", { name: "Deploy" }).click();
    await page.waitForURL(/\/deployments\/[a-z0-9]{20}$/);
  };
  const siteText = async () => (await platform.site("lighthouse.localhost", "/")).text();

  test("signed out, there is nothing but the way in", async () => {
    await page.goto(`${platform.baseUrl}/projects`);
    await page.getByRole("heading", { name: "You are not signed in" }).waitFor();
    expect(await page.getByRole("navigation").count()).toBe(0);
  }, 60_000);

  test("the link signs in, a pasted repository becomes a live site, and its page shows how", async () => {
    await page.goto(platform.signInUrl);
    await page.getByRole("heading", { name: "Bring a repository into port" }).waitFor();
    await deploy(repository.path);
    await page.getByRole("status").getByText("Ready").waitFor({ timeout: 90_000 });
    const steps = page.getByRole("list", { name: "Steps" });
    for (const step of ["Clone", "Upload", "Queue", "Install", "Build", "Publish"])
      expect(await steps.getByText(step, { exact: true }).count()).toBe(1);
    await page.getByRole("log").getByText("built", { exact: true }).waitFor();
    await page.getByRole("table").getByText("index.html").waitFor();
    const link = page.getByRole("link", { name: `lighthouse.localhost:${platform.port}`, exact: true });
    const [site] = await Promise.all([context.waitForEvent("page"), link.click({ modifiers: ["Control"] })]);
    await site.getByRole("heading", { name: "first light" }).waitFor();
    await site.close();
  }, 120_000);

  test("a second deployment goes to production, a rollback brings the first one back, a promotion the second", async () => {
    await repository.commit({ "text.txt": "second light" });
    await deploy(repository.path);
    await page.getByRole("status").getByText("Ready").waitFor({ timeout: 60_000 });
    expect(await siteText()).toContain("second light");
    await page.goto(`${platform.baseUrl}/projects/lighthouse`);
    await page.getByRole("button", { name: "Roll back" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Roll back" }).click();
    const rows = page.getByRole("region", { name: "Deployments" }).getByRole("listitem");
    await rows.nth(1).getByText("Production").waitFor();
    expect(await siteText()).toContain("first light");
    await rows.nth(0).getByRole("button", { name: "Promote" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Promote" }).click();
    await rows.nth(0).getByText("Production").waitFor();
    expect(await siteText()).toContain("second light");
  }, 120_000);

  test("a failed build shows its error, its hint and its log", async () => {
    await deploy(broken.path);
    const alert = page.getByRole("alert");
    await alert.getByText("ended with status 1").waitFor({ timeout: 60_000 });
    await alert.getByText("build_failed").waitFor();
    await page.getByRole("log").getByText("on the rocks", { exact: true }).waitFor();
  }, 120_000);

  test("a wrong source is told at the form", async () => {
    await page.goto(platform.baseUrl);
    await page.getByLabel("Repository").fill("ftp://example.com/x");
    await page.getByRole("button", { name: "Deploy" }).click();
    await page.getByRole("alert").getByText("source_invalid").waitFor();
  }, 60_000);

  test("on a phone no page scrolls sideways", async () => {
    await page.setViewportSize({ width: 375, height: 800 });
    const { deployments } = (await (await platform.api("/deployments")).json()) as { deployments: { id: string }[] };
    for (const path of [
      "/",
      "/projects",
      "/projects/lighthouse",
      ...deployments.map(({ id }) => `/deployments/${id}`),
    ]) {
      await page.goto(platform.baseUrl + path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect([path, width]).toEqual([path, 375]);
    }
  }, 60_000);

  test("the browser had nothing to complain of, the refused form apart", () => {
    expect(complaints.filter((text) => !text.includes("400 (Bad Request)"))).toEqual([]);
  });
});
