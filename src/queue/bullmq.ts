import {
  type BackendFactory,
  createPostgresBackend,
  type Job,
  Queue,
  runMigrations,
  UnrecoverableError,
  Worker,
} from "bullmq";
import pg from "pg";
import { BerthError } from "../model/errors.ts";
import type { PostgresConnection } from "../model/postgres.ts";
import { JOB_KINDS, type JobKind, type JobQueue, type JobWorker, type WorkOptions } from "./job-queue.ts";

/** A worker that is killed loses its jobs to another one after at most the sum of these two. */
const LEASE_MS = 6_000;
const STALLED_CHECK_MS = 4_000;
const ATTEMPTS = 5;
const CHECK_MS = 2_000;

/** The schema that the library keeps its tables in. */
const SCHEMA = "bullmq";

/** @throws BerthError `setting_invalid` naming BERTH_QUEUE */
export async function openRedisQueue(url: string, onFault: (error: Error) => void): Promise<JobQueue> {
  const { Redis } = await import("ioredis");
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    lazyConnect: true,
    connectTimeout: 5_000,
    retryStrategy: () => null,
  });
  redis.on("error", onFault);
  // What the rejected connection tells is only that it was closed.
  let reason: Error | undefined;
  redis.once("error", (error: Error) => {
    reason = error;
  });
  try {
    await redis.connect();
  } catch (cause) {
    redis.disconnect();
    throw unreachable(reason ?? cause);
  }
  redis.options.retryStrategy = (times) => Math.min(times * 200, 2_000);
  return new BullMqQueue({
    connection: redis,
    ping: async () => void (await redis.ping()),
    release: async () => redis.disconnect(),
    onFault,
  });
}

/** On the database's own server: the embedded default. */
export async function openPostgresQueue(
  connection: PostgresConnection,
  onFault: (error: Error) => void,
): Promise<JobQueue> {
  const pool = new pg.Pool({ ...connection, max: 9, idleTimeoutMillis: 10_000, options: `-c search_path=${SCHEMA}` });
  pool.on("error", onFault);
  // As in the database's pool.
  pool.on("connect", (client) => client.on("error", () => undefined));
  // Every queue and worker listens for itself: a few for each kind of job. A worker keeps a connection to be woken by.
  pool.setMaxListeners(32);
  try {
    const client = await pool.connect();
    try {
      await runMigrations(client, SCHEMA);
    } finally {
      client.release();
    }
  } catch (cause) {
    await pool.end();
    throw unreachable(cause);
  }
  return new BullMqQueue({
    connection: pool,
    backend: createPostgresBackend as unknown as BackendFactory,
    ping: async () => void (await pool.query("select 1")),
    release: () => pool.end(),
    onFault,
  });
}

interface Engine {
  /** A Redis client or a pool: the library takes either, by its back end. */
  connection: unknown;
  backend?: BackendFactory;
  ping(): Promise<void>;
  release(): Promise<void>;
  onFault(error: Error): void;
}

class BullMqQueue implements JobQueue {
  private readonly queues: Record<JobKind, Queue>;

  constructor(private readonly engine: Engine) {
    const open = (kind: JobKind) => {
      const queue = new Queue(queueName(kind), { connection: engine.connection as never }, engine.backend as never);
      queue.on("error", engine.onFault);
      return queue;
    };
    this.queues = { upload: open("upload"), plan: open("plan"), build: open("build"), compress: open("compress") };
  }

  async add(kind: JobKind, id: string): Promise<void> {
    await this.queues[kind].add(
      kind,
      {},
      {
        // The job's id is the deployment's: the library keeps one job of an id, which makes adding idempotent.
        jobId: id,
        attempts: ATTEMPTS,
        backoff: { type: "exponential", delay: 500 },
        removeOnComplete: true,
        removeOnFail: true,
      },
    );
  }

  async has(kind: JobKind, id: string): Promise<boolean> {
    return (await this.queues[kind].getJob(id)) !== undefined;
  }

  async depth(kind: JobKind): Promise<number> {
    const counts = await this.queues[kind].getJobCounts("wait", "active", "delayed", "prioritized");
    return Object.values(counts).reduce((sum, count) => sum + count, 0);
  }

  async work(kind: JobKind, options: WorkOptions): Promise<JobWorker> {
    const process = async (job: Job, _token?: string, signal?: AbortSignal) => {
      if (job.id === undefined) throw new UnrecoverableError("a job without an id");
      await options.handle(job.id, signal ?? new AbortController().signal);
    };
    const worker = new Worker(
      queueName(kind),
      process,
      {
        connection: this.workerConnection(),
        concurrency: options.concurrency,
        lockDuration: LEASE_MS,
        stalledInterval: STALLED_CHECK_MS,
        maxStalledCount: ATTEMPTS,
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
      },
      this.engine.backend as never,
    );
    worker.on("error", options.onFault);
    worker.on("lockRenewalFailed", (ids: string[]) => {
      for (const id of ids) worker.cancelJob(id, "the lease was lost");
    });
    await worker.waitUntilReady();
    return {
      async close() {
        await worker.pause(true);
        worker.cancelAllJobs("the worker stops");
        await worker.close();
      },
    };
  }

  async check(): Promise<void> {
    // A client of Redis waits for its server to come back, without an end.
    const silence = Bun.sleep(CHECK_MS).then(() => Promise.reject(new Error(`no answer within ${CHECK_MS} ms`)));
    try {
      await Promise.race([this.engine.ping(), silence]);
    } catch (cause) {
      throw new BerthError("queue_unavailable", "The queue does not answer.", {
        hint: "Look whether the server of BERTH_QUEUE runs, then try again; sites are served meanwhile.",
        cause,
      });
    }
  }

  async close(): Promise<void> {
    await Promise.all(JOB_KINDS.map((kind) => this.queues[kind].close()));
    await this.engine.release();
  }

  private workerConnection(): never {
    return this.engine.connection as never;
  }
}

function queueName(kind: JobKind): string {
  return `berth-${kind}`;
}

function unreachable(cause: unknown): BerthError {
  const reason =
    cause instanceof Error && cause.message !== "" ? cause.message : String((cause as { code?: string }).code ?? cause);
  return new BerthError("setting_invalid", `BERTH_QUEUE: the queue can't be used: ${reason.replace(/\.$/, "")}.`, {
    hint: "Check that the server runs and that the URL names its host, port and password.",
    cause,
  });
}
