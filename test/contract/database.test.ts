import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  advance,
  claimDeployment,
  endDeployment,
  findDeployment,
  insertDeployment,
  lastPromoted,
  newestOfBranch,
  olderUnfinished,
  publishUnderLock,
} from "../../src/database/deployments.ts";
import { startEmbeddedPostgres } from "../../src/database/embedded.ts";
import { insertLogLines, readLogLines } from "../../src/database/log-lines.ts";
import { type Database, openDatabase } from "../../src/database/postgres.ts";
import { changeProjectSettings, deleteProject, findOrCreateProject } from "../../src/database/projects.ts";
import { checkToken, issueToken, spendToken } from "../../src/database/tokens.ts";
import { deleteVariables, keysInUse, listVariables, putVariables } from "../../src/database/variables.ts";
import { newDeploymentId } from "../../src/model/ids.ts";
import type { PostgresConnection } from "../../src/model/postgres.ts";
import type { Context } from "../../src/model/variables.ts";
import { getLog } from "../../src/store/deployments.ts";
import { openFileStore } from "../../src/store/file.ts";
import { archiveLog, DeploymentLog } from "../../src/work/log.ts";
import { newDataDirectory, removeDataDirectory } from "../support/platform.ts";
import { startPostgres } from "../support/postgres.ts";

const ignore = () => {};

function databaseContract(
  name: string,
  start: () => Promise<{ connection: PostgresConnection; stop(): Promise<void> }>,
): void {
  describe(`database: ${name}`, () => {
    let server: Awaited<ReturnType<typeof start>>;
    let database: Database;
    beforeAll(async () => {
      server = await start();
      // Several processes start at once on an empty database.
      const opened = await Promise.all(Array.from({ length: 4 }, () => openDatabase(server.connection, ignore)));
      database = opened[0]!;
      await Promise.all(opened.slice(1).map((other) => other.close()));
    }, 60_000);
    afterAll(async () => {
      await database.close();
      await server.stop();
    }, 30_000);

    let counter = 0;
    const newDeployment = async (branch: string | null = "main", projectId?: string) => {
      counter += 1;
      const wanted = { name: `p${counter}`, given: true, repository: `r${counter}` };
      const project_id = projectId ?? (await findOrCreateProject(database, wanted)).id;
      return await insertDeployment(database, {
        id: newDeploymentId(),
        project_id,
        status: "pending",
        source: JSON.stringify({ kind: "git", url: "https://example.com/x.git", branch, commit: null }),
        branch,
        production: true,
        production_asked: false,
        force: false,
        root: null,
      });
    };

    test("what jsonb does not take is kept as far as it can be, and of a flood of warnings the first", async () => {
      const { id } = await newDeployment();
      await claimDeployment(database, id, "uploading");
      const warnings = ["a\0b \ud800", ...Array.from({ length: 1000 }, (_, index) => `warning ${index}`)];
      const error = { code: "source_invalid" as const, message: "\0", hint: "\udc00" };
      expect(await advance(database, { id, attempt: 1 }, { to: "failed", error, findings: { warnings } })).toBe(true);
      const kept = await findDeployment(database, id);
      expect(kept).toMatchObject({ error: { message: "\ufffd", hint: "\ufffd" }, warnings: { length: 200 } });
      expect(kept.warnings[0]).toBe("a\ufffdb \ufffd");
    });

    test("of a flood of warnings the log keeps the first, and all else that is said", async () => {
      const { id } = await newDeployment();
      const log = await DeploymentLog.open(database, id);
      for (let index = 0; index < 1000; index += 1) log.say("upload", `Warning: ${index} is left out.`);
      log.say("upload", "Error: too many");
      await log.flush();
      const lines = (await readLogLines(database, id, { after: 0, limit: 2000 })).map(({ text }) => text);
      expect(lines).toHaveLength(202);
      expect(lines.slice(-2)).toEqual(["There are more than 200 warnings.", "Error: too many"]);
    });

    test("a long log is moved whole, by two that move it at once, and what comes late follows it", async () => {
      const { id } = await newDeployment();
      const folder = await mkdtemp(join(tmpdir(), "berth-logs-"));
      const parts = { database, store: openFileStore(folder) };
      const log = await DeploymentLog.open(database, id);
      for (let index = 1; index <= 5_000; index += 1) log.say("build", `line ${index}`);
      await log.flush();
      await Promise.all([archiveLog(parts, id), archiveLog(parts, id)]);
      log.say("build", "late");
      await log.flush();
      await archiveLog(parts, id);
      const kept = (await getLog(parts.store, id))!;
      expect(kept.map(({ seq }) => seq)).toEqual(Array.from({ length: 5_001 }, (_, index) => index + 1));
      expect(kept.map(({ text }) => text).slice(-2)).toEqual(["line 5000", "late"]);
      expect(await readLogLines(database, id, { after: 0, limit: 1 })).toEqual([]);
      await rm(folder, { recursive: true });
    });

    test("of many claims at once each gets an attempt of its own, and the last one alone may write", async () => {
      const { id } = await newDeployment();
      const claims = await Promise.all(Array.from({ length: 8 }, () => claimDeployment(database, id, "uploading")));
      const attempts = claims.map((claim) => claim!.attempt);
      expect(Math.max(...attempts)).toBe(8);
      for (const attempt of [1, 5, 7]) {
        expect(await advance(database, { id, attempt }, { to: "queued" })).toBe(false);
      }
      expect(await advance(database, { id, attempt: 8 }, { to: "queued" })).toBe(true);
    });

    test("a state is reached from its predecessors only, and a final one is left by nobody", async () => {
      const { id } = await newDeployment();
      expect(await claimDeployment(database, id, "building")).toBeUndefined();
      const held = { id, attempt: (await claimDeployment(database, id, "uploading"))!.attempt };
      expect(await advance(database, held, { to: "ready" })).toBe(false);
      const error = { code: "canceled", message: "m", hint: "h" } as const;
      expect(await endDeployment(database, id, { to: "canceled", error })).toBe(true);
      expect(await endDeployment(database, id, { to: "failed", error })).toBe(false);
      expect(await advance(database, held, { to: "queued" })).toBe(false);
      expect(await advance(database, held, { findings: { files: 3 } })).toBe(false);
      expect(await findDeployment(database, id)).toMatchObject({ status: "canceled", error, files: 0 });
    });

    test("what is uploaded is taken up to be planned, after a crash in a later state too", async () => {
      const { id } = await newDeployment();
      const upload = { id, attempt: (await claimDeployment(database, id, "uploading"))!.attempt };
      expect(await claimDeployment(database, id, "queued")).toBeUndefined();
      await advance(database, upload, { to: "queued" });
      for (const state of ["queued", "building", "publishing"] as const) {
        const planned = await claimDeployment(database, id, "queued");
        expect(planned).toMatchObject({ status: "queued" });
        if (state === "queued") continue;
        const built = { id, attempt: (await claimDeployment(database, id, "building"))!.attempt };
        expect(await advance(database, { id, attempt: planned!.attempt }, { to: "building" })).toBe(false);
        expect(await advance(database, built, { to: state })).toBe(true);
        expect(await claimDeployment(database, id, "queued")).toMatchObject({ status: "queued" });
      }
      expect(await advance(database, upload, { findings: { files: 1 } })).toBe(false);
    });

    test("publishing and canceling at once: exactly one of them happens", async () => {
      for (let round = 0; round < 10; round += 1) {
        const { id } = await newDeployment();
        await claimDeployment(database, id, "uploading");
        await advance(database, { id, attempt: 1 }, { to: "queued" });
        const held = { id, attempt: (await claimDeployment(database, id, "building"))!.attempt };
        await advance(database, held, { to: "publishing" });
        let pointed = false;
        const [published, canceled] = await Promise.all([
          publishUnderLock(database, held, async () => {
            pointed = true;
            return { findings: { files: 1 }, promoted: true };
          }),
          endDeployment(database, id, { to: "canceled", error: { code: "canceled", message: "m", hint: "h" } }),
        ]);
        expect([published, canceled].filter(Boolean)).toHaveLength(1);
        expect(pointed).toBe(published);
        expect((await findDeployment(database, id)).in_production).toBe(published);
      }
    });

    test("findings are added up: timings and new bytes of both services", async () => {
      const { id } = await newDeployment();
      const held = { id, attempt: (await claimDeployment(database, id, "uploading"))!.attempt };
      await advance(database, held, { findings: { timings: { cloneMs: 1 }, newBytes: 10 } });
      await advance(database, held, { findings: { timings: { uploadMs: 2 }, newBytes: 5, warnings: ["w"] } });
      const view = await findDeployment(database, id);
      expect([view.timings, Number(view.new_bytes), view.warnings]).toEqual([{ cloneMs: 1, uploadMs: 2 }, 15, ["w"]]);
    });

    test("older unfinished deployments are found by project and branch, a missing branch included", async () => {
      const first = await newDeployment("a");
      const project = first.project_id;
      const [other, folder, folder2, second] = [
        await newDeployment("b", project),
        await newDeployment(null, project),
        await newDeployment(null, project),
        await newDeployment("a", project),
      ];
      expect((await olderUnfinished(database, second)).map(({ id }) => id)).toEqual([first.id]);
      expect((await olderUnfinished(database, folder2)).map(({ id }) => id)).toEqual([folder.id]);
      expect(await olderUnfinished(database, other)).toEqual([]);
      expect(await lastPromoted(database, project)).toEqual([]);
    });

    test("whoever watches a deployment is told of its moves and its log lines", async () => {
      const { id } = await newDeployment();
      let change = Promise.withResolvers<void>();
      const unwatch = database.watch(id, () => change.resolve());
      await change.promise; // told once when the listening begins, for what was missed before
      for (const action of [
        () => claimDeployment(database, id, "uploading"),
        () =>
          insertLogLines(database, id, [
            { seq: 1, at: new Date().toISOString(), step: "clone", stream: "system", text: "a\u001b[31m \"'\\ {},\n" },
          ]),
      ]) {
        change = Promise.withResolvers<void>();
        await action();
        await change.promise;
      }
      unwatch();
      expect((await readLogLines(database, id, { after: 0, limit: 10 }))[0]?.text).toBe("a\u001b[31m \"'\\ {},\n");
      expect(await readLogLines(database, id, { after: 1, limit: 10 })).toEqual([]);
    });

    test("a repository keeps its project; another one of the same name gets the next number", async () => {
      const one = await findOrCreateProject(database, { name: "site", given: false, repository: "https://a/site" });
      const same = await findOrCreateProject(database, { name: "site", given: false, repository: "https://a/site" });
      const other = await findOrCreateProject(database, { name: "site", given: false, repository: "https://b/site" });
      expect([one.name, same.id, other.name]).toEqual(["site", one.id, "site-2"]);
      const many = await Promise.all(
        Array.from({ length: 6 }, (_, n) =>
          findOrCreateProject(database, { name: "rush", given: false, repository: `https://${n}/rush` }),
        ),
      );
      expect(new Set(many.map((project) => project.name)).size).toBe(6);
    });

    test("settings are set and taken back one by one", async () => {
      await findOrCreateProject(database, { name: "tuned", given: true, repository: "x" });
      await changeProjectSettings(database, "tuned", { set: { root: "web", node_version: "22" }, unset: [] });
      const row = await changeProjectSettings(database, "tuned", { set: { root: "app" }, unset: ["node_version"] });
      expect(row.settings).toEqual({ root: "app" });
    });

    test("variables are written all or none, up to a number, and go with their project", async () => {
      const project = await findOrCreateProject(database, { name: "told", given: true, repository: "x" });
      const row = (name: string, context: Context = "all", sealed = "s") => {
        return { project_id: project.id, name, context, secret: true, install: false, key_id: "k", sealed };
      };
      const names = async () => (await listVariables(database, project.id)).map(({ name, context }) => [name, context]);
      await putVariables(database, project.id, [row("B"), row("A", "production"), row("A"), row("B", "all", "new")]);
      const listed = await listVariables(database, project.id);
      expect(listed.map(({ name, context, sealed }) => [name, context, sealed])).toEqual([
        ["A", "all", "s"],
        ["A", "production", "s"],
        ["B", "all", "new"],
      ]);
      const rush = Array.from({ length: 4 }, (_, n) =>
        putVariables(
          database,
          project.id,
          Array.from({ length: 30 }, (_, m) => row(`R${n}_${m}`)),
        ),
      );
      const ended = await Promise.allSettled(rush);
      expect(
        ended.filter(({ status }) => status === "rejected").map((end) => "reason" in end && end.reason.code),
      ).toEqual(["variable_invalid"]);
      expect((await names()).length).toBe(93);
      const some = { names: ["A", "NONE"] };
      await expect(deleteVariables(database, project.id, some)).rejects.toMatchObject({ code: "variable_not_found" });
      await deleteVariables(database, project.id, { names: ["A"], context: "production" });
      expect((await names())[0]).toEqual(["A", "all"]);
      expect(await keysInUse(database)).toEqual(["k"]);
      await deleteProject(database, "told");
      expect([await names(), await keysInUse(database)]).toEqual([[], []]);
    });

    test("a fork's deployments are apart from the project's own of the same branch", async () => {
      const own = await newDeployment("main");
      const make = (url: string, fork = true) =>
        insertDeployment(database, {
          id: newDeploymentId(),
          project_id: own.project_id,
          status: "pending",
          source: JSON.stringify({ kind: "git", url, branch: "main", commit: null }),
          branch: "main",
          production: false,
          production_asked: false,
          fork,
          force: false,
          root: null,
        });
      const fork = await make("https://example.com/fork.git");
      const other = await make("https://example.com/other.git");
      const older = async (view: typeof own) => (await olderUnfinished(database, view)).map(({ id }) => id);
      expect([await older(fork), await older(other)]).toEqual([[], []]);
      expect(await older(await make("https://example.com/fork.git"))).toEqual([fork.id]);
      expect(await older(await make("https://example.com/x.git", false))).toEqual([own.id]);
      for (const { id } of [own, fork]) {
        await database.query.updateTable("deployments").set({ status: "ready" }).where("id", "=", id).execute();
      }
      expect((await findDeployment(database, fork.id)).heads_branch).toBe(false);
      expect((await findDeployment(database, own.id)).heads_branch).toBe(true);
      expect(await newestOfBranch(database, own)).toBeUndefined();
      expect((await newestOfBranch(database, other))?.id).toBe(own.id);
    });

    test("a sign-in token works once, however many come at once, and not as anything else", async () => {
      const secret = await issueToken(database, { kind: "sign-in", name: "owner", lifetimeMs: 60_000 });
      expect(await checkToken(database, "api", secret)).toBeUndefined();
      const uses = await Promise.all(Array.from({ length: 8 }, () => spendToken(database, "sign-in", secret)));
      expect(uses.filter(Boolean)).toHaveLength(1);
      const expired = await issueToken(database, { kind: "session", name: "owner", lifetimeMs: -1 });
      expect(await checkToken(database, "session", expired)).toBeUndefined();
    });
  });
}

databaseContract("PostgreSQL 15", async () => {
  const postgres = await startPostgres();
  return { connection: { connectionString: postgres.url }, stop: postgres.stop };
});

databaseContract("embedded PostgreSQL", async () => {
  const directory = await newDataDirectory({ withDatabase: false });
  const uid = process.getuid?.() === 0 ? 52000 : undefined;
  const embedded = await startEmbeddedPostgres({ directory: join(directory, "database"), uid, onFault: ignore });
  return {
    connection: embedded.connection,
    async stop() {
      await embedded.stop();
      await removeDataDirectory(directory);
    },
  };
});

test("a database that can't be reached is told by the name of its setting", async () => {
  const error = await openDatabase({ connectionString: "postgres://127.0.0.1:1/x" }, ignore).catch((thrown) => thrown);
  expect(error).toMatchObject({ code: "setting_invalid", message: expect.stringContaining("BERTH_DATABASE") });
});
