/**
 * The kinds of work, each a line of its own; `compress` is for a deployment that is live already. The payload of a job
 * is a deployment's id and nothing else: the database knows the rest.
 */
export const JOB_KINDS = ["upload", "plan", "build", "compress"] as const;
export type JobKind = (typeof JOB_KINDS)[number];

/**
 * Who is next, and a lease on it: of a kind, whoever came first. Delivery is at least once: a worker that dies loses its lease and the job is given
 * to another. What a job may still do is decided by the database's state, so a second delivery does no harm.
 */
export interface JobQueue {
  /** Puts an id in line. Idempotent: an id of this kind that waits or runs already is not added again. */
  add(kind: JobKind, id: string): Promise<void>;

  /** Whether the id waits, runs, or is to be tried again. */
  has(kind: JobKind, id: string): Promise<boolean>;

  /**
   * Takes jobs until closed; leases are renewed while `handle` runs. A rejected `handle` is tried again, five times
   * in all with growing pauses. `signal` aborts when the lease is lost or the worker closes.
   */
  work(kind: JobKind, options: WorkOptions): Promise<JobWorker>;

  /** Jobs that wait or run, for metrics. */
  depth(kind: JobKind): Promise<number>;

  /** Resolves when the queue answers; otherwise throws. */
  check(): Promise<void>;

  close(): Promise<void>;
}

export interface WorkOptions {
  concurrency: number;
  handle(id: string, signal: AbortSignal): Promise<void>;
  /** Told of faults of the queue itself, such as a lost connection; work goes on by itself. */
  onFault(error: Error): void;
}

export interface JobWorker {
  /** Stops taking jobs, aborts the running ones and waits for them. Aborted jobs are delivered again. */
  close(): Promise<void>;
}
