import { access } from "node:fs/promises";
import { join } from "node:path";
import type { Output } from "./output.ts";
import { style } from "./output.ts";

/** What is deployed of a local repository is a commit: who has changes that are in none learns it before waiting. */
export async function warnOfUncommitted(output: Output, source: string): Promise<void> {
  if (!source.startsWith("/") || !(await hasUncommitted(source))) return;
  output.print(
    `${style(output.color).yellow("!")} Changes that are not committed are left out: the last commit is deployed.`,
  );
}

async function hasUncommitted(folder: string): Promise<boolean> {
  const program = Bun.which("git");
  const isTop = await access(join(folder, ".git")).then(
    () => true,
    () => false,
  );
  if (program === null || !isTop) return false;
  // Neither a lock in the repository nor a program of its configuration that watches files.
  const options = ["--no-optional-locks", "-c", "core.fsmonitor=false"];
  const child = Bun.spawn([program, "-C", folder, ...options, "status", "--porcelain"], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  const [text, exit] = await Promise.all([new Response(child.stdout).text(), child.exited]);
  return exit === 0 && text !== "";
}
