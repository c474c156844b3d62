/**
 * Runs the checks and the test files, a process each so that none can hurt another, and counts. Files without builds run
 * two at a time.
 * The last line is `N passed, N failed`, with `, N skipped` behind it when files were left out by --quick.
 */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Glob } from "bun";

const quick = Bun.argv.includes("--quick");
const wanted = Bun.argv.slice(2).filter((argument) => !argument.startsWith("--"));

const CHECKS: [name: string, command: string[]][] = [
  ["types", ["node_modules/.bin/tsc", "--noEmit", "-p", "."]],
  ["format and lint", ["node_modules/.bin/biome", "check", "--error-on-warnings", "."]],
  ["unused code and dependencies", ["node_modules/.bin/knip", "--no-progress"]],
];

/** Builds, and fetches behind the wall, take idle time alone: beside other tests they would starve. */
const BUILDING = /^test\/(?:browser|e2e|hostile|sandbox)\//;
const OTHERS_AT_A_TIME = 2;

/** Longest that one file may take. */
const FILE_MS = 240_000;

let [passed, failed, skipped] = [0, 0, 0];

const files = [...new Glob("{src,test,script}/**/*.test.{ts,tsx}").scanSync(".")].sort();
const chosen = wanted.length > 0 ? files.filter((file) => wanted.some((part) => file.includes(part))) : files;

if (wanted.length === 0) for (const [name, command] of CHECKS) await check(name, command);
await runAll(
  chosen.filter((file) => !BUILDING.test(file)),
  OTHERS_AT_A_TIME,
);
await runAll(
  chosen.filter((file) => BUILDING.test(file)),
  1,
);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);

async function runAll(some: readonly string[], atATime: number): Promise<void> {
  const left = [...some];
  const worker = async () => {
    for (let file = left.shift(); file !== undefined; file = left.shift()) {
      if (quick && !file.startsWith("src/")) {
        console.log(`skip  ${file} (--quick: needs servers or a browser)`);
        skipped += 1;
      } else {
        await testFile(file);
      }
    }
  };
  await Promise.all(Array.from({ length: atATime }, worker));
}

async function check(name: string, command: string[]): Promise<void> {
  const { status, output, seconds } = await run(command);
  if (status === 0) passed += 1;
  else failed += 1;
  console.log(`${status === 0 ? "ok  " : "FAIL"}  ${name} (${seconds} s)`);
  if (status !== 0) console.log(output);
}

async function testFile(file: string): Promise<void> {
  const { status, output, seconds } = await run([process.execPath, "test", "--timeout", "30000", `./${file}`]);
  const count = (word: string) => Number(output.match(new RegExp(`^ *(\\d+) ${word}$`, "m"))?.[1] ?? 0);
  const filePassed = count("pass");
  // A file that dies before its end has failed, whatever it counted.
  const fileFailed = Math.max(count("fail"), status === 0 && filePassed > 0 ? 0 : 1);
  passed += filePassed;
  failed += fileFailed;
  skipped += count("skip");
  console.log(
    `${fileFailed === 0 ? "ok  " : "FAIL"}  ${file}: ${filePassed} passed, ${fileFailed} failed (${seconds} s)`,
  );
  if (fileFailed > 0) console.log(output);
}

/** The output goes to a file: a pipe is not at its end before the last process that a test has left behind. */
async function run(command: string[]): Promise<{ status: number | null; output: string; seconds: string }> {
  const start = performance.now();
  const folder = mkdtempSync(join(tmpdir(), "berth-test-output-"));
  const path = join(folder, "output");
  const file = openSync(path, "a");
  try {
    const options = { timeout: FILE_MS, killSignal: "SIGKILL" } as const;
    const child = Bun.spawn(command, { stdin: "ignore", stdout: file, stderr: file, ...options });
    await child.exited;
    const output = readFileSync(path, "utf8");
    return { status: child.exitCode, output, seconds: ((performance.now() - start) / 1000).toFixed(1) };
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true });
  }
}
