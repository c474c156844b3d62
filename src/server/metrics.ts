import { timingSafeEqual } from "node:crypto";
import {
  AggregatorRegistry,
  Counter,
  collectDefaultMetrics,
  Gauge,
  type Metric,
  type MetricObject,
  Registry,
} from "prom-client";
import { JOB_KINDS, type JobQueue } from "../queue/job-queue.ts";
import { BOUNDS_SECONDS, type ClassDurations } from "../serve/durations.ts";
import type { Listeners } from "./listeners.ts";

/** Of a handler's numbers, those that are one series with a label; the others become gauges by their own names. */
const LABELLED = [
  {
    name: "berth_requests_total",
    help: "Answered requests of sites.",
    label: "class",
    values: { status2xx: "2xx", status3xx: "3xx", status4xx: "4xx", status5xx: "5xx" },
  },
  {
    name: "berth_cache_total",
    help: "Bodies of files, by where they came from.",
    label: "tier",
    values: { tierMemory: "memory", tierDisk: "disk", tierStore: "store" },
  },
  {
    name: "berth_responses_encoded_total",
    help: "Bodies of files, by the encoding that they went out in.",
    label: "encoding",
    values: { encodingBr: "br", encodingZstd: "zstd", encodingGzip: "gzip", encodingIdentity: "identity" },
  },
] as const;

const ANSWER_MS = 1_000;

/** @returns undefined when the work fails or takes too long */
function soon<T>(work: Promise<T>): Promise<T | undefined> {
  return Promise.race([work.catch(() => undefined), Bun.sleep(ANSWER_MS).then(() => undefined)]);
}

/** Gauges of the library that are named as counters, which Prometheus' own check (`promtool`) complains of. */
const MISNAMED = ["nodejs_active_handles_total", "nodejs_active_requests_total", "nodejs_active_resources_total"];

/** What `GET /metrics` shows, in Prometheus' text format. */
export class Metrics {
  private readonly registry = new Registry();
  private others: () => Promise<MetricObject[][]> = async () => [];
  readonly faults = new Counter({
    name: "berth_faults_total",
    help: "Faults of the platform itself; each is in platform.log.",
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    for (const name of MISNAMED) this.registry.removeSingleMetric(name);
  }

  watchQueue(queue: JobQueue): void {
    new Gauge({
      name: "berth_queue_depth",
      help: "Jobs that wait or run.",
      labelNames: ["kind"],
      registers: [this.registry],
      async collect() {
        const depths = await Promise.all(JOB_KINDS.map((kind) => soon(queue.depth(kind))));
        // What is not known is left out: the other numbers are wanted most while the queue is down.
        this.reset();
        for (const [at, kind] of JOB_KINDS.entries()) if (depths[at] !== undefined) this.set({ kind }, depths[at]);
      },
    });
  }

  /** A request handler's numbers, which it keeps itself; read when asked. */
  watchHandler(read: () => Record<string, number>): void {
    const labelled = new Set<string>();
    for (const { name, help, label, values } of LABELLED) {
      for (const field of Object.keys(values)) labelled.add(field);
      this.count(name, help, label, () =>
        Object.entries(values).map(([field, value]) => [value, read()[field] ?? 0] as const),
      );
    }
    for (const name of Object.keys(read()).filter((field) => !labelled.has(field))) {
      new Gauge({
        name: `berth_edge_${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
        help: `edge: ${name}`,
        registers: [this.registry],
        collect() {
          this.set(read()[name] ?? 0);
        },
      });
    }
  }

  /** A request handler keeps these buckets itself as well; a Histogram of the library would have to be told each time. */
  watchDurations(read: () => ClassDurations[]): void {
    const name = "berth_request_duration_seconds";
    const help = "Time until the answer to a request of a site began.";
    const get = async () => ({ name, help, type: "histogram", aggregator: "sum", values: read().flatMap(valuesOf) });
    const valuesOf = ({ class: label, counts, sumSeconds }: ClassDurations) => [
      ...counts.map((value, index) => ({
        metricName: `${name}_bucket`,
        labels: { class: label, le: BOUNDS_SECONDS[index] ?? "+Inf" },
        value,
      })),
      { metricName: `${name}_sum`, labels: { class: label }, value: sumSeconds },
      { metricName: `${name}_count`, labels: { class: label }, value: counts.at(-1)! },
    ];
    this.registry.registerMetric({ name, get, reset() {} } as unknown as Metric);
  }

  watchListeners(listeners: Listeners): void {
    const { accessLog } = listeners;
    if (accessLog !== undefined) {
      this.count("berth_access_log_lines_total", "Lines of the access log, by what became of them.", "outcome", () => [
        ["written", accessLog.written],
        ["dropped", accessLog.dropped],
      ]);
    }
    new Gauge({
      name: "berth_certificate_expiry_seconds",
      help: "When a certificate expires, in seconds since 1970.",
      labelNames: ["file"],
      aggregator: "min",
      registers: [this.registry],
      collect() {
        this.reset();
        for (const { file, expiresAt } of listeners.certificates()?.all ?? []) {
          this.set({ file }, expiresAt.getTime() / 1000);
        }
      },
    });
  }

  /** Other processes whose numbers are added to these. */
  watchWorkers(workers: { health(): { ready: number; wanted: number }; metrics(): Promise<MetricObject[][]> }): void {
    this.others = () => workers.metrics();
    new Gauge({
      name: "berth_edge_workers",
      help: "Edge workers that serve.",
      registers: [this.registry],
      collect() {
        this.set(workers.health().ready);
      },
    });
  }

  private count(name: string, help: string, label: string, read: () => (readonly [string, number])[]): void {
    new Counter({
      name,
      help,
      labelNames: [label],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [value, count] of read()) this.inc({ [label]: value }, count);
      },
    });
  }

  /** This process's own, in a form that goes from one process to another. */
  series(): Promise<MetricObject[]> {
    return this.registry.getMetricsAsJSON();
  }

  async response(): Promise<Response> {
    const others = await this.others();
    const registry =
      others.length === 0 ? this.registry : AggregatorRegistry.aggregate([await this.series(), ...others]);
    return new Response(await registry.metrics(), { headers: { "content-type": this.registry.contentType } });
  }
}

/** Whether a request carries one of the tokens as its bearer's. */
export function bearerCheck(tokens: readonly string[]): (request: Request) => boolean {
  const wanted = tokens.map((token) => Buffer.from(`Bearer ${token}`));
  return (request) => {
    const given = Buffer.from(request.headers.get("authorization") ?? "");
    return wanted.some((token) => given.length === token.length && timingSafeEqual(given, token));
  };
}
