import { expect, test } from "bun:test";
import { join } from "node:path";
import { conformancePage, errorsPage, frameworksPage, settingsPage } from "./reference.ts";

const docs = join(import.meta.dir, "../docs");

test.each([
  ["settings.md", settingsPage],
  ["errors.md", errorsPage],
  ["frameworks.md", frameworksPage],
  ["conformance.md", conformancePage],
])("docs/%s is what the code says (bun script/reference.ts writes it)", async (file, page) => {
  expect(await Bun.file(join(docs, file)).text()).toBe(await page());
});
