import { chown, mkdir, mkdtemp, readlink, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

const FAR_SOCKET = "berth-pg-";
const FAR_LINK = "socket-elsewhere";

/**
 * A socket's path holds at most 107 bytes; a longer data directory gets a private folder below the system's own, and a
 * link to it, by which the next start finds the one that a killed platform left.
 */
export async function socketFolder(
  directory: string,
  owner: { uid: number; gid: number } | undefined,
): Promise<string> {
  const near = join(directory, "socket");
  const isNear = near.length < 80;
  await removeFarSocket(directory);
  const folder = isNear ? near : await mkdtemp(join(tmpdir(), FAR_SOCKET));
  if (!isNear) await symlink(folder, join(directory, FAR_LINK));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (owner) await chown(folder, owner.uid, owner.gid);
  return folder;
}

/** Of a server that is stopped. */
export async function removeFarSocket(directory: string): Promise<void> {
  const link = join(directory, FAR_LINK);
  const target = await readlink(link).catch(() => undefined);
  if (target === undefined) return;
  if (basename(target).startsWith(FAR_SOCKET)) await rm(target, { recursive: true, force: true });
  await rm(link, { force: true });
}
