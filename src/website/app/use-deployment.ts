import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { type Deployment, isFinal, type LogLine } from "../../model/deployment.ts";

/** Longer logs keep their end: the page stays quick, and `berth logs` has the whole. */
const LINES_MAX = 5_000;

/** Follows a deployment by its event stream; the browser reconnects by itself where it left off. */
export function useDeploymentStream(id: string): { lines: LogLine[]; isLive: boolean } {
  const queries = useQueryClient();
  const [lines, setLines] = useState<LogLine[]>([]);
  const [isLive, setLive] = useState(true);
  useEffect(() => {
    setLines([]);
    setLive(true);
    let waiting: LogLine[] = [];
    let frame = 0;
    const events = new EventSource(`/api/v1/deployments/${encodeURIComponent(id)}/log`);
    const show = () => {
      frame = 0;
      const fresh = waiting;
      waiting = [];
      setLines((before) => [...before, ...fresh].slice(-LINES_MAX));
    };
    events.addEventListener("line", ({ data }) => {
      waiting.push(JSON.parse(data) as LogLine);
      frame ||= requestAnimationFrame(show);
    });
    events.addEventListener("deployment", ({ data }) => {
      const deployment = JSON.parse(data) as Deployment;
      queries.setQueryData(["deployment", id], deployment);
      if (isFinal(deployment.status)) void queries.invalidateQueries({ queryKey: ["files", id] });
    });
    events.addEventListener("end", () => {
      events.close();
      setLive(false);
    });
    return () => {
      events.close();
      cancelAnimationFrame(frame);
    };
  }, [id, queries]);
  return { lines, isLive };
}
