import { chmod, mkdir, mkdtemp, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * In Corepack's place: it would fetch package managers by itself and link them beside Node, which is read-only here.
 * The platform has chosen them already, so setting up is done, and running one goes to the one on PATH.
 * https://github.com/nodejs/corepack#utility-commands
 */
const COREPACK = `#!/bin/sh
case "\${1:-}" in
  pnpm|pnpx|yarn|yarnpkg|npm|npx|bun)
    program=$1
    shift
    exec "$program" "$@" ;;
  pnpm@*|yarn@*|npm@*)
    program=\${1%%@*}
    shift
    exec "$program" "$@" ;;
  -v|--version) echo 0.34.0 ;;
  *) echo "corepack: package managers are set up already" >&2 ;;
esac
`;

/** Changes with what is in it, since a kept folder is never written again. */
const FOLDER = "stand-ins-1";

/** Makes the folder of programs that stand in for others; whole or not at all. @returns its path */
export async function keepStandIns(directory: string): Promise<string> {
  const kept = join(directory, FOLDER);
  if (await isThere(kept)) return kept;
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const draft = await mkdtemp(join(directory, "making-"));
  try {
    await writeFile(join(draft, "corepack"), COREPACK);
    await chmod(join(draft, "corepack"), 0o755);
    await chmod(draft, 0o755);
    await rename(draft, kept);
  } catch (error) {
    if (!(await isThere(kept))) throw error;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return kept;
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
