import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { SlotFolders } from "../sandbox/sandbox.ts";
import type { Tool } from "./toolchain.ts";

/** Fetched headers are taken as good from a number on that grows now and then. */
const INSTALL_VERSION = "99\n";
const KEPT = "xdg/node-gyp";

/**
 * Puts the headers of a build's Node where node-gyp keeps those that it fetches (lib/install.js of
 * https://github.com/nodejs/node-gyp; its versions before 5 look in the home): a native module that has no ready files for this
 * machine is compiled against them, and nobody is asked for them.
 * @param node its headers lie beside its programs
 * @param isWalled whether builds see the tool where it is inside
 */
export async function placeNodeHeaders(folders: SlotFolders, node: Tool, isWalled: boolean): Promise<void> {
  const { host, inside } = node.mounts[0]!;
  const headers = join(dirname(node.path[0]!), "include");
  const kept = join(folders.cache, KEPT, node.version);
  await mkdir(kept, { recursive: true });
  await symlink(isWalled ? headers : headers.replace(inside, host), join(kept, "include"));
  await writeFile(join(kept, "installVersion"), INSTALL_VERSION);
  await symlink(isWalled ? `/cache/${KEPT}` : join(folders.cache, KEPT), join(folders.home, ".node-gyp"));
}
