import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { requestDeployment, waitFor } from "../support/deploy.ts";
import { MIB, newFolder } from "../support/hostile.ts";
import { type HostilePlatform, startHostilePlatform, WRITES_PAGE } from "../support/hostile-platform.ts";
import { runToEnd } from "../support/process.ts";

let folder: Awaited<ReturnType<typeof newFolder>>;
let hostile: HostilePlatform;
beforeAll(async () => {
  folder = await newFolder();
  hostile = await startHostilePlatform("user");
}, 120_000);
afterAll(async () => {
  await hostile.close();
  await folder.remove();
}, 60_000);

const residentBytes = () =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${hostile.platform.pid}/status`, "utf8"))![1]) * 1024;
/** Of holes, and each another. */
const large = (name: string) => `truncate -s 160M ${name}; printf ${name} | dd of=${name} conv=notrunc status=none`;

test("large files of a source and of an output are not held in memory, however little they cost a build", async () => {
  const source = join(folder.path, "large");
  const host = {
    installCommand: "",
    buildCommand: `${WRITES_PAGE}; cd dist; ${["5", "6", "7", "8"].map(large).join("; ")}`,
    outputDirectory: "dist",
  };
  await mkdir(source);
  await writeFile(join(source, "package.json"), "{}");
  await writeFile(join(source, "vercel.json"), JSON.stringify(host));
  await runToEnd(["sh", "-c", `cd ${source}; ${["1", "2", "3", "4"].map(large).join("; ")}`]);
  const before = residentBytes();
  let most = before;
  const { id } = await requestDeployment(hostile.platform, { source });
  const done = await waitFor(hostile.platform, id, ({ status }) => {
    most = Math.max(most, residentBytes());
    return ["ready", "failed"].includes(status);
  });
  expect(done.error).toBeNull();
  // The collector lets the heap grow by up to some 300 MiB, however large the files are; the source alone has 640.
  expect(most - before).toBeLessThan(450 * MIB);
}, 200_000);
