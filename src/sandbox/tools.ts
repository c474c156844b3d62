import { BerthError } from "../model/errors.ts";
import { TOOL_ENVIRONMENT } from "./launch.ts";

/** Tools of the system, which walk by descriptors and so go to any depth. @throws BerthError with the tool's words */
export async function runTool(command: readonly string[]): Promise<string> {
  const child = Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "pipe", env: TOOL_ENVIRONMENT });
  const read = (stream: ReadableStream<Uint8Array>) => new Response(stream).text();
  const [exit, out, text] = await Promise.all([child.exited, read(child.stdout), read(child.stderr)]);
  if (exit === 0) return out;
  throw new BerthError(
    "data_directory_unusable",
    `'${command[0]}' failed in the build folders: ${text.trim().slice(0, 300)}`,
    { hint: "Look at the rights and the free space of the data directory." },
  );
}

/**
 * Lets this process into all of a tree whose owner it is itself: a build that shares the platform's user can take the
 * rights from it. chmod(1) follows no link that it meets. What it can't open is met by whoever needs it.
 */
export async function openToOwner(path: string): Promise<void> {
  if (process.getuid?.() !== 0) await runTool(["chmod", "-R", "u+rwX", "--", path]).catch(() => undefined);
}

/** Removes a tree whatever rights it was left with; nothing that is mounted in it. */
export async function removeTree(path: string): Promise<void> {
  const remove = () => runTool(["rm", "-rf", "--one-file-system", "--", path]);
  await remove().catch(async () => {
    await openToOwner(path);
    await remove();
  });
}
