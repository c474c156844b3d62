import type { ContactedHost } from "./contacted-host.ts";
import type { ErrorBody } from "./errors.ts";
import type { DeploymentId } from "./ids.ts";
import type { Source } from "./source.ts";
import type { Trust } from "./trust.ts";

/**
 * pending -> uploading -> queued -> building -> publishing -> ready, and from each of the first five
 * failed | canceled | superseded. The last four are final.
 *
 * A worker that takes a deployment up again after a crash starts its room anew: `uploading -> uploading` and
 * `queued | building | publishing -> queued | building` are moves of the same kind.
 */
export const STATUSES = [
  "pending",
  "uploading",
  "queued",
  "building",
  "publishing",
  "ready",
  "failed",
  "canceled",
  "superseded",
] as const;
export type Status = (typeof STATUSES)[number];

export const FINAL_STATUSES = ["ready", "failed", "canceled", "superseded"] as const satisfies readonly Status[];
export type FinalStatus = (typeof FINAL_STATUSES)[number];

const MOVES: Record<Status, readonly Status[]> = {
  pending: ["uploading", "failed", "canceled", "superseded"],
  uploading: ["uploading", "queued", "failed", "canceled", "superseded"],
  queued: ["queued", "building", "failed", "canceled", "superseded"],
  building: ["queued", "building", "publishing", "failed", "canceled", "superseded"],
  publishing: ["queued", "building", "publishing", "ready", "failed", "canceled", "superseded"],
  ready: [],
  failed: [],
  canceled: [],
  superseded: [],
};

export function canMove(from: Status, to: Status): boolean {
  return MOVES[from].includes(to);
}

/** All states from which `to` may be reached: the condition of the one UPDATE that makes the move. */
export function statesBefore(to: Status): Status[] {
  return STATUSES.filter((from) => canMove(from, to));
}

/** States that a worker may be in when it works on a deployment and has found out nothing yet. */
export type FirstStatus = Extract<Status, "uploading" | "queued" | "building">;

/** All states in which a worker may take a deployment up. What is still being uploaded is nobody's to plan. */
export function statesToTakeUp(to: FirstStatus): Status[] {
  return to === "queued" ? statesBefore("building") : statesBefore(to);
}

export function isFinal(status: Status): status is FinalStatus {
  return (FINAL_STATUSES as readonly Status[]).includes(status);
}

/** Of a deployment. People read some of them; a repository can make one for each of its files. */
export const WARNINGS_MAX = 200;

/** Milliseconds of each step and of the whole; 0 while it has not ended, and of a step that was not needed. */
export interface Timings {
  cloneMs: number;
  uploadMs: number;
  queueMs: number;
  installMs: number;
  buildMs: number;
  publishMs: number;
  totalMs: number;
}

export const NO_TIMINGS: Readonly<Timings> = {
  cloneMs: 0,
  uploadMs: 0,
  queueMs: 0,
  installMs: 0,
  buildMs: 0,
  publishMs: 0,
  totalMs: 0,
};

/** The time of a step that has ended, which is never 0. */
export const stepMs = (ms: number): number => Math.max(1, Math.round(ms));

/** Where a value of the build plan came from, for `inspect`: "project settings", "netlify.toml", "detected", … */
export interface Resolved {
  value: string | null;
  from: string;
}

/** A deployment as the API and `--json` show it; the contract's document and, behind it, what the website needs. */
export interface Deployment {
  id: DeploymentId;
  project: string;
  status: Status;
  url: string;
  /** URLs of the hosts that point to this deployment now. */
  aliases: string[];
  source: Source;
  framework: string | null;
  packageManager: string | null;
  node: string | null;
  files: number;
  bytes: number;
  /** Bytes that the store did not hold before, source and output together. */
  newBytes: number;
  reused: boolean;
  timings: Timings;
  error: ErrorBody | null;
  /** Meant for production, by branch or by `--prod`. */
  production: boolean;
  trust: Trust;
  /** ISO 8601, UTC. */
  createdAt: string;
  finishedAt: string | null;
  /** Build settings by name: root, install_command, build_command, output_directory, node_version, … */
  resolved: Record<string, Resolved>;
  warnings: string[];
  /** Hosts that its install and its build asked for. */
  contacted: ContactedHost[];
}

/** Whether production shows it now: it has the host of its project. */
export function isInProduction({ aliases, project }: Pick<Deployment, "aliases" | "project">): boolean {
  return aliases.some((alias) => new URL(alias).host.startsWith(`${project}.`));
}

export const LOG_STEPS = ["clone", "upload", "queue", "install", "build", "publish"] as const;
export type LogStep = (typeof LOG_STEPS)[number];

/** One line of a deployment's log; in the store's `log.jsonl` one JSON document a line. */
export interface LogLine {
  /** Counts from 1 within the deployment, without gaps. */
  seq: number;
  /** ISO 8601, UTC. */
  at: string;
  step: LogStep;
  /** `system` is the platform speaking, the others are what commands printed. */
  stream: "system" | "stdout" | "stderr";
  /** One line without its end; may hold ANSI colour sequences. */
  text: string;
}
