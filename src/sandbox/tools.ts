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
