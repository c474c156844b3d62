import { type CSSProperties, memo } from "react";
import type { LogLine } from "../../model/deployment.ts";
import { parseAnsi, type Run } from "./ansi.ts";

const TONES: Record<LogLine["stream"], string> = {
  system: "text-[#7fd6ca]",
  stdout: "",
  stderr: "text-[#f3dfc0]",
};

/** One line; the first of each step names it. What a build prints becomes text nodes, never markup. */
export const LogRow = memo(function LogRow({ line, isFirst }: { line: LogLine; isFirst: boolean }) {
  return (
    <div className="flex h-[21px] leading-[21px] whitespace-pre hover:bg-white/5">
      <span className="sticky left-0 w-24 shrink-0 bg-deep pl-5 text-foam-soft select-none">
        {isFirst ? line.step : ""}
      </span>
      <span className={`pr-5 ${TONES[line.stream]}`}>
        {parseAnsi(line.text).map((run, index) => (
          <span
            // biome-ignore lint/suspicious/noArrayIndexKey: the runs of a line never change their order
            key={index}
            className={`${run.isBold ? "font-bold" : ""} ${run.isDim ? "opacity-70" : ""}`}
            style={styleOf(run)}
          >
            {run.text}
          </span>
        ))}
      </span>
    </div>
  );
});

function styleOf({ color, background }: Run): CSSProperties {
  return { ...(color && { color }), ...(background && { background }) };
}
