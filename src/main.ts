import { runCommandLine } from "./cli/command-line.ts";
import { failWith } from "./cli/failure.ts";
import { flush } from "./cli/output.ts";

const argv = Bun.argv.slice(2);

// What nobody caught is shown like any other failure: users see no stack trace.
const lastResort = (thrown: unknown): void => {
  process.exitCode = failWith(thrown, argv);
  void flush().finally(() => process.exit());
};
process.on("uncaughtException", lastResort);
process.on("unhandledRejection", lastResort);
// The reader of a pipe may leave early (`berth logs ID | head`).
process.stdout.on("error", () => process.exit());

process.exitCode = await runCommandLine(argv).catch((thrown: unknown) => failWith(thrown, argv));
await flush();
process.exit();
