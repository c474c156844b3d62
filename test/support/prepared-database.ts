import { chmod, mkdir, mkdtemp, readdir, rename, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { startEmbeddedPostgres } from "../../src/database/embedded.ts";
import { runToEnd } from "./process.ts";

/** Any user but root: the platform gives the cluster to its own one. */
const UID = 1_999_000;
const SOURCE = join(import.meta.dir, "../../src/database/embedded.ts");

/**
 * Puts the database as the first start makes it into a data directory. It is made once for all tests: a cluster anew
 * takes two seconds of a core, the copy of one a twentieth of that.
 */
export async function putPreparedDatabase(dataDirectory: string): Promise<void> {
  const prepared = await preparedDatabase();
  const database = join(dataDirectory, "database");
  await mkdir(database, { mode: 0o711 });
  for (const name of await readdir(prepared)) {
    // Its programs are read alone.
    if (name.startsWith("postgres-")) await symlink(join(prepared, name), join(database, name));
    else await runToEnd(["cp", "-a", "--", join(prepared, name), database]);
  }
}

async function preparedDatabase(): Promise<string> {
  const madeBy = (await Bun.file(SOURCE).text()) + JSON.stringify(packageJson.optionalDependencies);
  const place = join(tmpdir(), `berth-test-database-${process.getuid?.()}-${Bun.hash(madeBy).toString(16)}`);
  if ((await readdir(place).catch(() => [])).length > 0) return place;
  const draft = await mkdtemp(`${place}-draft-`);
  await chmod(draft, 0o711);
  const uid = process.getuid?.() === 0 ? UID : undefined;
  const server = await startEmbeddedPostgres({ directory: draft, uid, onFault: () => undefined });
  await server.stop();
  await rename(draft, place).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOTEMPTY") throw error;
    // Another test was quicker.
    await rm(draft, { recursive: true });
  });
  return place;
}
