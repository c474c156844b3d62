/** Makes docs/images/website.png from the running product: a deployment that has just gone live. */
import { chromium } from "playwright-core";
import { deployAndWait } from "../test/support/deploy.ts";
import { removeDataDirectory, startPlatform } from "../test/support/platform.ts";
import { buildableSite, newRepository, WRITES_DIST } from "../test/support/repositories.ts";

const platform = await startPlatform();
const repository = await newRepository("harbour-lights", buildableSite(WRITES_DIST, { "text.txt": "Harbour lights" }));
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
try {
  const { id } = await deployAndWait(platform, { source: repository.path });
  const folder = Bun.argv[2] ?? "docs/images";
  const looks =
    Bun.argv[2] === undefined
      ? [["website", "light", 1200]]
      : [
          ["light", "light", 1200],
          ["dark", "dark", 1200],
          ["phone", "light", 390],
        ];
  let cookies: Awaited<ReturnType<typeof signIn>> | undefined;
  for (const [name, colorScheme, width] of looks as [string, "light" | "dark", number][]) {
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 820 } });
    const page = await context.newPage();
    cookies ??= await signIn(page);
    await context.addCookies(cookies);
    const paths =
      Bun.argv[2] === undefined ? [`/deployments/${id}`] : ["/", "/projects/harbour-lights", `/deployments/${id}`];
    for (const path of paths) {
      await page.goto(platform.baseUrl + path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.waitForTimeout(500);
      const suffix = paths.length === 1 ? "" : `-${paths.indexOf(path)}`;
      await page.screenshot({ path: `${folder}/${name}${suffix}.png` });
    }
    await context.close();
  }
} finally {
  await browser.close();
  await platform.stop();
  await repository.remove();
  await removeDataDirectory(platform.dataDirectory);
}

async function signIn(page: import("playwright-core").Page) {
  await page.goto(platform.signInUrl);
  return await page.context().cookies();
}
