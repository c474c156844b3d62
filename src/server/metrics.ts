import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { JOB_KINDS, type JobQueue } from "../queue/job-queue.ts";

/** What `GET /metrics` shows, in Prometheus' text format. */
export class Metrics {
  private readonly registry = new Registry();
  readonly faults = new Counter({
    name: "berth_faults_total",
    help: "Faults of the platform itself; each is in platform.log.",
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  watchQueue(queue: JobQueue): void {
    new Gauge({
      name: "berth_queue_depth",
      help: "Jobs that wait or run.",
      labelNames: ["kind"],
      registers: [this.registry],
      async collect() {
        for (const kind of JOB_KINDS) this.set({ kind }, await queue.depth(kind));
      },
    });
  }

  /** Counters that a part keeps itself, read when asked. */
  watchCounters(prefix: string, read: () => Record<string, number>): void {
    for (const name of Object.keys(read())) {
      new Gauge({
        name: `berth_${prefix}_${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
        help: `${prefix}: ${name}`,
        registers: [this.registry],
        collect() {
          this.set(read()[name] ?? 0);
        },
      });
    }
  }

  async response(): Promise<Response> {
    return new Response(await this.registry.metrics(), { headers: { "content-type": this.registry.contentType } });
  }
}
