import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { type Deployment, isFinal, type LogLine } from "../../model/deployment.ts";

/** Of a longer log the end is kept; `berth logs` has the whole. */
const LINES_MAX = 100_000;

export type StreamState = "live" | "reconnecting" | "lost" | "ended";

/** `lines` is one array that grows; `version` tells its states apart. */
export interface DeploymentStream {
  lines: readonly LogLine[];
  version: number;
  state: StreamState;
}

/** Follows a deployment by its event stream; the browser reconnects by itself where it left off. */
export function useDeploymentStream(id: string): DeploymentStream {
  const queries = useQueryClient();
  const [stream, setStream] = useState<DeploymentStream>({ lines: [], version: 0, state: "live" });
  useEffect(() => {
    const lines: LogLine[] = [];
    let version = 0;
    let state: StreamState = "live";
    let frame = 0;
    const show = () => {
      frame = 0;
      version += 1;
      if (lines.length > LINES_MAX) lines.splice(0, lines.length - LINES_MAX);
      setStream({ lines, version, state });
    };
    const showSoon = () => {
      frame ||= requestAnimationFrame(show);
    };
    const become = (next: StreamState) => {
      state = next;
      showSoon();
    };
    showSoon();
    const events = new EventSource(`/api/v1/deployments/${encodeURIComponent(id)}/log`);
    events.addEventListener("open", () => become("live"));
    events.addEventListener("line", ({ data }) => {
      const line = JSON.parse(data) as LogLine;
      if (line.seq <= (lines.at(-1)?.seq ?? 0)) return;
      lines.push(line);
      showSoon();
    });
    events.addEventListener("deployment", ({ data }) => {
      const deployment = JSON.parse(data) as Deployment;
      queries.setQueryData(["deployment", id], deployment);
      if (isFinal(deployment.status)) {
        for (const key of ["files", "project", "projects", "deployments"]) {
          void queries.invalidateQueries({ queryKey: [key] });
        }
      }
    });
    events.addEventListener("end", () => {
      events.close();
      become("ended");
    });
    // A refusal ends the stream for good; the session may be over.
    events.addEventListener("error", () => {
      const isLost = events.readyState === EventSource.CLOSED;
      if (isLost) void queries.invalidateQueries({ queryKey: ["me"] });
      become(isLost ? "lost" : "reconnecting");
    });
    return () => {
      events.close();
      cancelAnimationFrame(frame);
    };
  }, [id, queries]);
  return stream;
}
