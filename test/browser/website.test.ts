import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { deployAndWait } from "../support/deploy.ts";
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

const LOUD = `for (let n = 1; n <= 12000; n += 1) console.log("\\u001b[32mline\\u001b[0m <b>" + n + "</b>");
${WRITES_DIST}`;

/** The website in a real browser, from the first start to a rollback. */
describe("website", () => {
  let platform: TestPlatform;
  let lighthouse: TestRepository;
  let shipwreck: TestRepository;
  let foghorn: TestRepository;
  let endless: TestRepository;
  let context: BrowserContext;
  let page: Page;
  let profile: string;
  const complaints: string[] = [];

  beforeAll(async () => {
    platform = await startPlatform();
    lighthouse = await newRepository("lighthouse", buildableSite(WRITES_DIST, { "text.txt": "first light" }));
    shipwreck = await newRepository("shipwreck", buildableSite("console.error('on the rocks'); process.exit(1);"));
    foghorn = await newRepository("foghorn", buildableSite(LOUD, { "text.txt": "loud" }));
    endless = await newRepository("endless", buildableSite("console.log('at sea'); setInterval(() => {}, 1000);"));
    profile = await mkdtemp(join(tmpdir(), "berth-chromium-"));
    context = await chromium.launchPersistentContext(profile, {
      executablePath: "/usr/bin/chromium",
      headless: true,
      args: ARGS,
      viewport: { width: 1200, height: 900 },
    });
    page = await context.newPage();
    // A breach of the content security policy is an error on the console, too.
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
  }, 120_000);

  afterAll(async () => {
    await context?.close();
    await platform?.stop();
    for (const repository of [lighthouse, shipwreck, foghorn, endless]) await repository?.remove();
    await rm(profile, { recursive: true, force: true });
    await removeDataDirectory(platform.dataDirectory);
  }, 60_000);

  const deploy = async (source: string) => {
    await page.goto(platform.baseUrl);
    await page.getByLabel("Repository").fill(source);
    await page.getByRole("button", { name: "Deploy" }).click();
    await page.waitForURL(/\/deployments\/[a-z0-9]{20}$/);
  };
  const status = (text: string) => page.getByRole("heading", { level: 1 }).getByRole("status").getByText(text);
  const logLines = () => page.getByRole("region", { name: "Lines of the log" });
  const siteText = async () => (await platform.site("lighthouse.localhost", "/")).text();
  const confirm = async (action: string) => {
    await page.getByRole("alertdialog").getByRole("button", { name: action }).click();
    await page.getByRole("alertdialog").waitFor({ state: "detached" });
  };
  /** What was expected is taken out, so that the last test sees the rest. */
  const forgive = (pattern: RegExp) => {
    const kept = complaints.filter((text) => !pattern.test(text));
    complaints.splice(0, complaints.length, ...kept);
  };

  test("signed out, there is nothing but the way in", async () => {
    for (const path of ["/", "/projects", "/deployments/abcdefghijklmnopqrst"]) {
      await page.goto(platform.baseUrl + path);
      await page.getByRole("heading", { name: "Sign in with a link" }).waitFor();
      expect(await page.getByRole("navigation").count()).toBe(0);
      expect(await page.getByRole("textbox").count()).toBe(0);
    }
    forgive(/status of 401/);
  }, 60_000);

  test("the link signs in, a pasted repository becomes a live site, and its page shows how", async () => {
    await page.goto(platform.signInUrl);
    await page.getByRole("heading", { name: "Bring a repository into port" }).waitFor();
    await page.getByText("The quay is empty").waitFor();
    await deploy(lighthouse.path);
    await status("Ready").waitFor({ timeout: 90_000 });
    await status("Production").waitFor();
    const steps = page.getByRole("list", { name: "Steps" }).getByRole("listitem");
    expect(await steps.allTextContents()).toEqual(
      ["Clone", "Upload", "Queue", "Install", "Build", "Publish"].map((name) =>
        expect.stringMatching(new RegExp(`^${name}[\\d.]+ (ms|s)$`)),
      ),
    );
    await logLines().getByText("built", { exact: true }).waitFor();
    await page.getByRole("table").getByText("index.html").waitFor();
    const link = page.getByRole("link", { name: `lighthouse.localhost:${platform.port} opens in a new tab` });
    const [site] = await Promise.all([context.waitForEvent("page"), link.click()]);
    await site.getByRole("heading", { name: "first light" }).waitFor();
    await site.close();
  }, 120_000);

  test("a second deployment goes to production, a rollback brings the first one back, a promotion the second", async () => {
    await lighthouse.commit({ "text.txt": "second light" });
    await deploy(lighthouse.path);
    await status("Ready").waitFor({ timeout: 60_000 });
    expect(await siteText()).toContain("second light");
    await page.getByRole("link", { name: "lighthouse", exact: true }).click();
    const rows = page.getByRole("region", { name: "Deployments" }).getByRole("listitem");
    await page.getByRole("button", { name: "Roll back" }).click();
    await confirm("Roll back");
    await page
      .getByText(/^Rolled back to main · [0-9a-f]{7}\.$/)
      .first()
      .waitFor();
    await rows.nth(1).getByText("Production", { exact: true }).waitFor();
    expect(await siteText()).toContain("first light");
    await rows.nth(0).getByRole("button", { name: "Promote" }).click();
    await confirm("Promote");
    await rows.nth(0).getByText("Production", { exact: true }).waitFor();
    expect(await siteText()).toContain("second light");
  }, 120_000);

  test("a branch is a preview; it is deployed again, and deleted", async () => {
    await lighthouse.commit({ "text.txt": "northern light" }, { branch: "north" });
    await page.goto(platform.baseUrl);
    await page.getByLabel("Repository").fill(lighthouse.path);
    await page.getByLabel("Branch").fill("north");
    await page.keyboard.press("Enter");
    await status("Ready").waitFor({ timeout: 60_000 });
    expect(await status("Production").count()).toBe(0);
    const first = page.url();
    await page.getByRole("button", { name: "Redeploy" }).click();
    await confirm("Redeploy");
    await page.waitForURL((url) => url.href !== first);
    await status("Ready").waitFor({ timeout: 60_000 });
    await page.getByRole("button", { name: "Delete" }).click();
    await confirm("Delete");
    await page.waitForURL(`${platform.baseUrl}/projects/lighthouse`);
    const deployments = page.getByRole("region", { name: "Deployments" });
    await deployments.getByText(/^north · /).waitFor();
    expect(await deployments.getByText(/^north · /).count()).toBe(1);
    expect(await siteText()).toContain("second light");
  }, 120_000);

  test("the keyboard alone opens a dialog, leaves it, and finds itself where it was", async () => {
    await page.goto(`${platform.baseUrl}/projects/lighthouse`);
    const button = page.getByRole("button", { name: "Roll back" });
    await button.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("alertdialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("alertdialog").waitFor({ state: "detached" });
    await page.waitForFunction(() => document.activeElement?.textContent?.includes("Roll back"));
    expect(await siteText()).toContain("second light");
  }, 60_000);

  test("settings are kept, and a refused one is told with its reason", async () => {
    await page.goto(`${platform.baseUrl}/projects/lighthouse`);
    await page.getByLabel("Node version").fill("newest");
    await page.getByRole("button", { name: "Save settings" }).click();
    await page.getByRole("alert").getByText("project_setting_invalid").waitFor();
    await page.getByLabel("Node version").fill("24");
    expect(await page.getByLabel("Network of builds").getByRole("option").allTextContents()).toEqual([
      "registry (default)",
      "none",
      "registry",
      "public",
    ]);
    await page.getByLabel("Missing pages").selectOption("none");
    await page.getByRole("button", { name: "Save settings" }).click();
    await page.getByText("Saved.").waitFor();
    const project = (await (await platform.api("/projects/lighthouse")).json()) as { settings: unknown };
    expect(project.settings).toEqual({ node_version: "24", not_found_handling: "none" });
    forgive(/status of 400/);
  }, 60_000);

  test("variables are set, a secret is never shown again, and they are removed", async () => {
    await page.goto(`${platform.baseUrl}/projects/lighthouse`);
    const form = page.getByRole("form", { name: "Add a variable" });
    const rows = page.getByRole("list", { name: "Variables" }).getByRole("listitem");
    const save = async (name: string, value: string) => {
      await form.getByLabel("Name").fill(name);
      await form.getByLabel("Value").fill(value);
      await form.getByRole("button", { name: "Save variable" }).click();
    };
    await save("PATH", "value-of-the-lamp");
    await form.getByRole("alert").getByText("variable_invalid").waitFor();
    await form.getByLabel("Used by").selectOption("Production");
    await form.getByLabel("Install step too").check();
    await save("LAMP_TOKEN", "value-of-the-lamp");
    await form.getByText("Variable saved.").waitFor();
    await form.getByLabel("Secret").uncheck();
    await save("SITE_TITLE", "Northern light");
    await rows.nth(1).getByText("Northern light").waitFor();
    expect(await rows.nth(0).textContent()).toMatch(/LAMP_TOKEN\s*Secret\s*Production, install too/);
    await page.reload();
    await rows.nth(1).waitFor();
    expect(await page.content()).not.toContain("value-of-the-lamp");
    await rows.nth(0).getByRole("button", { name: "Remove LAMP_TOKEN" }).click();
    await confirm("Remove");
    await rows.nth(1).waitFor({ state: "detached" });
    const left = await (await platform.api("/projects/lighthouse/variables")).json();
    expect(left).toMatchObject({ variables: [{ name: "SITE_TITLE", context: "all", value: "Northern light" }] });
    forgive(/status of 400/);
  }, 60_000);

  test("previews get a password that holds at once, and a visitor signs in with it", async () => {
    await page.goto(`${platform.baseUrl}/projects/lighthouse`);
    const form = page.getByRole("form", { name: "Add a protection" });
    const rows = page.getByRole("list", { name: "Protection" }).getByRole("listitem");
    await form.getByLabel("Password", { exact: true }).fill("short");
    await form.getByRole("button", { name: "Protect" }).click();
    await form.getByRole("alert").getByText("protection_invalid").waitFor();
    await form.getByLabel("Protects").selectOption("Every host");
    await form.getByLabel("Password", { exact: true }).fill("keeper of the lamp");
    await form.getByRole("button", { name: "Protect" }).click();
    await form.getByText("It is protected now.").waitFor();
    const explain = page.getByRole("region", { name: "Explain an address" });
    await explain.getByRole("button", { name: "Explain" }).click();
    await explain.getByText("With a password or token: status 200.").waitFor();

    const visitor = await context.newPage();
    await visitor.goto(`http://lighthouse.localhost:${platform.port}/?from=mail`);
    await visitor.getByLabel("Password").fill("keeper of the ramp");
    await visitor.getByRole("button", { name: "Sign in" }).click();
    await visitor.getByRole("heading", { name: "That is not the password." }).waitFor();
    await visitor.getByLabel("Password").fill("keeper of the lamp");
    await visitor.getByRole("button", { name: "Sign in" }).click();
    await visitor.getByRole("heading", { name: "light" }).waitFor();
    expect(new URL(visitor.url()).search).toBe("?from=mail");
    await visitor.close();

    await rows.getByRole("button", { name: "Remove Password" }).click();
    await confirm("Remove");
    await rows.first().waitFor({ state: "detached" });
    expect((await platform.site("lighthouse.localhost", "/")).status).toBe(200);
    forgive(/status of 40[01]/);
  }, 60_000);

  test("a failed build shows its error, its hint and its log", async () => {
    await deploy(shipwreck.path);
    const alert = page.getByRole("alert");
    await alert.getByText("ended with status 1").waitFor({ timeout: 60_000 });
    await alert.getByText("build_failed").waitFor();
    await logLines().getByText("on the rocks", { exact: true }).first().waitFor();
    await page.getByRole("listitem").filter({ hasText: "Build" }).getByText("stopped here").waitFor();
    await page.getByRole("listitem").filter({ hasText: "Publish" }).getByText("not reached").waitFor();
  }, 120_000);

  test("a running build is watched and canceled", async () => {
    await deploy(endless.path);
    await logLines().getByText("at sea", { exact: true }).waitFor({ timeout: 60_000 });
    await page.getByRole("button", { name: "Cancel" }).click();
    await status("Canceled").waitFor();
    await page.getByRole("button", { name: "Redeploy" }).waitFor();
  }, 120_000);

  test("a log of many lines keeps to its end, the document small, and markup is text", async () => {
    await deploy(foghorn.path);
    await status("Ready").waitFor({ timeout: 90_000 });
    await logLines().getByText("<b>12000</b>").waitFor();
    expect(await logLines().locator("span").count()).toBeLessThan(1_000);
    await logLines().evaluate((box) => box.scrollTo(0, 0));
    await logLines()
      .getByText(/^Fetching /)
      .waitFor();
    await page.getByRole("button", { name: "To the end" }).click();
    await logLines().getByText("<b>12000</b>").waitFor();
  }, 120_000);

  test("a wrong source is told at the form", async () => {
    await page.goto(platform.baseUrl);
    await page.getByLabel("Repository").fill("ftp://example.com/x");
    await page.getByRole("button", { name: "Deploy" }).click();
    await page.getByRole("alert").getByText("source_invalid").waitFor();
    forgive(/status of 400/);
  }, 60_000);

  test("on a phone no page scrolls sideways", async () => {
    await page.setViewportSize({ width: 375, height: 800 });
    const longest = "w".repeat(40);
    await deployAndWait(platform, { source: lighthouse.path, project: longest });
    const { deployments } = (await (await platform.api("/deployments")).json()) as { deployments: { id: string }[] };
    const projects = ["lighthouse", longest].map((name) => `/projects/${name}`);
    const paths = ["/", "/projects", ...projects, ...deployments.map(({ id }) => `/deployments/${id}`)];
    for (const path of paths) {
      await page.goto(platform.baseUrl + path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.getByRole("status", { name: "Loading" }).first().waitFor({ state: "detached" });
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect([path, width]).toEqual([path, 375]);
    }
  }, 60_000);

  test("signing out closes the door", async () => {
    await page.goto(`${platform.baseUrl}/projects`);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in with a link" }).waitFor();
    await page.goto(platform.baseUrl);
    await page.getByRole("heading", { name: "Sign in with a link" }).waitFor();
    expect(await page.getByText("lighthouse").count()).toBe(0);
    forgive(/status of 401/);
  }, 60_000);

  test("the browser had nothing else to complain of", () => {
    expect(complaints).toEqual([]);
  });
});
