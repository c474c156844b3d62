import { type Deployment, isFinal, type LogStep } from "../model/deployment.ts";
import type { Output } from "./output.ts";
import { style } from "./output.ts";
import { plain, renderDuration, renderLine, renderOutcome, renderStart } from "./render.ts";
import type { Reporter } from "./report.ts";

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MS = 100;
const CLEAR_LINE = "\r\u001b[2K";

const DONE: Record<LogStep, string> = {
  clone: "Cloned",
  upload: "Uploaded",
  queue: "Queued",
  install: "Installed",
  build: "Built",
  publish: "Published",
};
const DOING: Record<LogStep, string> = {
  clone: "Cloning",
  upload: "Uploading",
  queue: "Waiting for a builder",
  install: "Installing",
  build: "Building",
  publish: "Publishing",
};

interface Step {
  name: LogStep;
  /** By the platform's clock, from the lines themselves: right for a log that is read afterwards, too. */
  startedAt: number;
  /** By this machine's clock, for the running display. */
  shownAt: number;
}

/**
 * A scrolling log with one line below it that says what is going on now and for how long. Only that line is ever
 * drawn over, so the log stays in the terminal's history as it was printed.
 */
export function createLiveReporter(output: Output, nowMs: () => number = Date.now): Reporter {
  const paint = style(output.color);
  const began = nowMs();
  let step: Step | undefined;
  let latest: Deployment | undefined;
  let frame = 0;
  let timer: Timer | undefined;

  const status = (): string => {
    const what = step === undefined ? plain(latest?.status ?? "") : DOING[step.name];
    const line = `${FRAMES[frame % FRAMES.length]} ${what} ${renderDuration(nowMs() - (step?.shownAt ?? began))}`;
    return paint.cyan(line.slice(0, output.columns() - 1));
  };
  const draw = (): void => output.write(`${CLEAR_LINE}${status()}`);
  const above = (text: string): void => {
    output.write(`${CLEAR_LINE}${text}\n`);
    if (timer !== undefined) output.write(status());
  };
  const endStep = (at: number, mark: string): void => {
    if (step === undefined) return;
    above(`${mark} ${DONE[step.name]} ${paint.dim(renderDuration(Math.max(0, at - step.startedAt)))}`);
    step = undefined;
  };
  const close = (): void => {
    if (timer === undefined) return;
    clearInterval(timer);
    timer = undefined;
    output.write(CLEAR_LINE);
  };

  return {
    deployment(deployment) {
      if (latest === undefined) above(renderStart(deployment, output.color));
      latest = deployment;
      const outcome = renderOutcome(deployment, output.color);
      if (outcome !== undefined) {
        close();
        // A step that did not come to its end has no time of its own: the outcome tells.
        if (deployment.status === "ready") endStep(Date.parse(deployment.finishedAt ?? ""), paint.green("✓"));
        output.write(`${outcome}\n`);
      } else if (timer === undefined) {
        timer = setInterval(() => {
          frame += 1;
          draw();
        }, FRAME_MS);
        draw();
      }
    },
    line(line) {
      if (latest !== undefined && isFinal(latest.status)) close();
      const at = Date.parse(line.at);
      if (line.step !== step?.name) {
        endStep(at, paint.green("✓"));
        step = { name: line.step, startedAt: at, shownAt: nowMs() };
      }
      above(`  ${renderLine(line, output.color)}`);
    },
    close,
  };
}
