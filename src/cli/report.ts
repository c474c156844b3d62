import type { Deployment, LogLine } from "../model/deployment.ts";
import { createLiveReporter } from "./live-report.ts";
import type { Output } from "./output.ts";
import { renderLine, renderOutcome, renderStart } from "./render.ts";

/** Shows a deployment while it is made. `deployment` comes at every change of state, and last when it is final. */
export interface Reporter {
  deployment(deployment: Deployment): void;
  line(line: LogLine): void;
  /** Leaves the terminal clean; may be called at any time, and more than once. */
  close(): void;
}

/** A live display on a terminal, else plain lines; with `--json` the lines go to stderr. */
export function createReporter(output: Output): Reporter {
  return output.interactive ? createLiveReporter(output) : createPlainReporter(output);
}

function createPlainReporter(output: Output): Reporter {
  let started = false;
  return {
    deployment(deployment) {
      if (!started) output.print(renderStart(deployment, output.color));
      started = true;
      const outcome = renderOutcome(deployment, output.color);
      if (outcome !== undefined) output.print(outcome);
    },
    line: (line) => output.print(`${line.step.padEnd(7)} | ${renderLine(line, output.color)}`),
    close() {},
  };
}
