import { type Deployment, type LogLine, NO_TIMINGS } from "../model/deployment.ts";
import { newDeploymentId } from "../model/ids.ts";

/** A deployment that is ready, with what a test wants changed. */
export function aDeployment(changes: Partial<Deployment> = {}): Deployment {
  const id = changes.id ?? newDeploymentId();
  return {
    id,
    project: "blog",
    status: "ready",
    url: `http://${id}.localhost:3000`,
    aliases: ["http://blog.localhost:3000"],
    source: { kind: "git", url: "https://git.example/me/blog.git", branch: "main", commit: "0123456".padEnd(40, "0") },
    framework: "vite",
    packageManager: "npm",
    node: "24.x",
    files: 12,
    bytes: 345_678,
    newBytes: 901,
    reused: false,
    timings: { ...NO_TIMINGS, cloneMs: 120, installMs: 2400, totalMs: 4321 },
    error: null,
    production: true,
    trust: "production",
    createdAt: "2026-01-02T03:04:05.000Z",
    finishedAt: "2026-01-02T03:04:09.321Z",
    resolved: { build_command: { value: "vite build", from: "detected" } },
    warnings: [],
    contacted: [],
    ...changes,
  };
}

export function aLine(seq: number, changes: Partial<LogLine> = {}): LogLine {
  const at = new Date(Date.UTC(2026, 0, 2, 3, 4, seq)).toISOString();
  return { seq, at, step: "build", stream: "stdout", text: `line ${seq}`, ...changes };
}
