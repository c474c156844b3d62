import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startEmbeddedPostgres } from "../../src/database/embedded.ts";
import { openPostgresQueue, openRedisQueue } from "../../src/queue/bullmq.ts";
import { JOB_KINDS, type JobQueue } from "../../src/queue/job-queue.ts";
import { newDataDirectory, removeDataDirectory } from "../support/platform.ts";
import { startPostgres } from "../support/postgres.ts";
import { startRedis } from "../support/redis.ts";

const ignore = () => {};
const WORKER = join(import.meta.dir, "../support/queue-worker.ts");

interface QueueServer {
  open(): Promise<JobQueue>;
  stop(): Promise<void>;
  /** For a worker process. */
  connection: ["redis" | "postgres", unknown];
}

const ENGINES = ["Redis", "PostgreSQL 15", "the embedded PostgreSQL"] as const;
type Engine = (typeof ENGINES)[number];
const opened = {} as Record<Engine, { server: QueueServer; queue: JobQueue }>;

beforeAll(async () => {
  const open = async (engine: Engine) => {
    const server = await START[engine]();
    opened[engine] = { server, queue: await server.open() };
  };
  await Promise.all(ENGINES.map(open));
}, 60_000);
afterAll(async () => {
  for (const { server, queue } of Object.values(opened)) {
    await queue.close();
    await server.stop();
  }
}, 60_000);

/** The promises of JobQueue, held against every implementation. */
for (const engine of ENGINES) {
  describe(`job queue: BullMQ on ${engine}`, () => {
    let queue: JobQueue;
    beforeAll(() => {
      queue = opened[engine].queue;
    });

    test("hands every id to a worker once, and only to workers of its kind", async () => {
      const ids = Array.from({ length: 50 }, (_, n) => `once-${n}`);
      const seen: string[] = [];
      const all = Promise.withResolvers<void>();
      const wrong = await Promise.all(
        JOB_KINDS.filter((kind) => kind !== "upload").map((kind) =>
          queue.work(kind, { concurrency: 1, onFault: ignore, handle: async (id) => void seen.push(`wrong ${id}`) }),
        ),
      );
      const worker = await queue.work("upload", {
        concurrency: 4,
        onFault: ignore,
        async handle(id) {
          seen.push(id);
          if (seen.length === ids.length) all.resolve();
        },
      });
      await Promise.all(ids.map((id) => queue.add("upload", id)));
      await all.promise;
      expect([...seen].sort()).toEqual([...ids].sort());
      await worker.close();
      for (const other of wrong) await other.close();
    }, 30_000);

    test("adding an id that waits or runs changes nothing; afterwards it may come again", async () => {
      await queue.add("build", "again");
      await queue.add("build", "again");
      expect(await queue.has("build", "again")).toBe(true);
      expect(await queue.depth("build")).toBe(1);
      let runs = 0;
      const ran = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const worker = await queue.work("build", {
        concurrency: 1,
        onFault: ignore,
        handle: async () => ran[runs++]!.resolve(),
      });
      await ran[0]!.promise;
      await until(async () => !(await queue.has("build", "again")));
      await queue.add("build", "again");
      await ran[1]!.promise;
      expect(runs).toBe(2);
      await worker.close();
    }, 30_000);

    test("whoever came first is taken first", async () => {
      const ids = Array.from({ length: 20 }, (_, n) => `in-order-${n}`);
      for (const id of ids) await queue.add("build", id);
      const seen: string[] = [];
      const all = Promise.withResolvers<void>();
      const handle = async (id: string) => {
        seen.push(id);
        if (seen.length === ids.length) all.resolve();
      };
      const worker = await queue.work("build", { concurrency: 1, onFault: ignore, handle });
      await all.promise;
      expect(seen).toEqual(ids);
      await worker.close();
    }, 30_000);

    test("a job may put its own id in another line, and is in both until it ends", async () => {
      const passed = Promise.withResolvers<boolean[]>();
      const inLines = () => Promise.all([queue.has("plan", "passed-on"), queue.has("build", "passed-on")]);
      const planner = await queue.work("plan", {
        concurrency: 1,
        onFault: ignore,
        async handle(id) {
          const before = await inLines();
          await queue.add("build", id);
          passed.resolve([...before, ...(await inLines())]);
        },
      });
      await queue.add("plan", "passed-on");
      expect(await passed.promise).toEqual([true, false, true, true]);
      await until(async () => !(await queue.has("plan", "passed-on")));
      await planner.close();
      expect(await inLines()).toEqual([false, true]);
      const taken = Promise.withResolvers<string>();
      const builder = await queue.work("build", {
        concurrency: 1,
        onFault: ignore,
        handle: async (id) => taken.resolve(id),
      });
      expect(await taken.promise).toBe("passed-on");
      await builder.close();
    }, 30_000);

    test("a rejected job is tried again", async () => {
      let runs = 0;
      const done = Promise.withResolvers<void>();
      const worker = await queue.work("build", {
        concurrency: 1,
        onFault: ignore,
        async handle() {
          runs += 1;
          if (runs < 3) throw new Error("not yet");
          done.resolve();
        },
      });
      await queue.add("build", "stubborn");
      await done.promise;
      expect(runs).toBe(3);
      await worker.close();
    }, 30_000);

    test("closing a worker aborts its job, which another worker then gets", async () => {
      const started = Promise.withResolvers<void>();
      const first = await queue.work("build", {
        concurrency: 1,
        onFault: ignore,
        async handle(_id, signal) {
          started.resolve();
          await new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("stopped"))));
        },
      });
      await queue.add("build", "handed-on");
      await started.promise;
      await first.close();
      const second = Promise.withResolvers<string>();
      const worker = await queue.work("build", {
        concurrency: 1,
        onFault: ignore,
        handle: async (id) => second.resolve(id),
      });
      expect(await second.promise).toBe("handed-on");
      await worker.close();
    }, 30_000);

    test("check answers", async () => {
      await queue.check();
    });
  });
}

// A killed worker's job is another one's when its lease has run out, which is all of what this waits for.
test.concurrent.each(ENGINES)(
  "a job of a killed worker process is given to another one: BullMQ on %s",
  async (engine) => {
    const { server, queue } = opened[engine];
    const child = Bun.spawn([process.execPath, WORKER, JSON.stringify(server.connection)], {
      stdout: "pipe",
      stderr: "inherit",
    });
    await queue.add("build", "orphan");
    await child.stdout.getReader().read();
    child.kill("SIGKILL");
    await child.exited;
    const taken = Promise.withResolvers<string>();
    const worker = await queue.work("build", {
      concurrency: 1,
      onFault: ignore,
      handle: async (id) => taken.resolve(id),
    });
    expect(await taken.promise).toBe("orphan");
    await worker.close();
  },
  40_000,
);

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20);
}

const START: Record<Engine, () => Promise<QueueServer>> = {
  async Redis() {
    const redis = await startRedis();
    return { open: () => openRedisQueue(redis.url, ignore), connection: ["redis", redis.url], stop: redis.stop };
  },
  async "PostgreSQL 15"() {
    const postgres = await startPostgres();
    const connection = { connectionString: postgres.url };
    return {
      open: () => openPostgresQueue(connection, ignore),
      connection: ["postgres", connection],
      stop: postgres.stop,
    };
  },
  async "the embedded PostgreSQL"() {
    const directory = await newDataDirectory({ withDatabase: false });
    const uid = process.getuid?.() === 0 ? 52000 : undefined;
    const embedded = await startEmbeddedPostgres({ directory: join(directory, "database"), uid, onFault: ignore });
    return {
      open: () => openPostgresQueue(embedded.connection, ignore),
      connection: ["postgres", embedded.connection],
      async stop() {
        await embedded.stop();
        await removeDataDirectory(directory);
      },
    };
  },
};

test("a queue that can't be reached is told by the name of its setting", async () => {
  const error = await openRedisQueue("redis://127.0.0.1:1", ignore).catch((thrown) => thrown);
  expect(error).toMatchObject({ code: "setting_invalid", message: expect.stringContaining("BERTH_QUEUE") });
});
