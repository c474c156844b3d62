import type { WallMode } from "../../src/sandbox/profile.ts";
import { LIMITS, openTestSandbox, SLOT } from "./hostile.ts";

/** Starts a command in a wall and says so on standard output before; whoever started it kills it. */
const [slotsDirectory, mode, uidBase] = process.argv.slice(2);
const sandbox = await openTestSandbox(slotsDirectory!, mode as WallMode, { uidBase: Number(uidBase) });
await sandbox.prepareSlot(SLOT);
process.stdout.write("now\n");
await sandbox.run(["sleep", "300"], {
  slot: SLOT,
  cwd: "/work",
  env: {},
  readOnly: [],
  path: [],
  egress: "none",
  limits: { ...LIMITS, wallMs: 300_000 },
  signal: new AbortController().signal,
  onOutput() {},
});
