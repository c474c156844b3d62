import { ArrowDown, Check, Copy } from "lucide-react";
import { type ReactNode, useLayoutEffect, useRef, useState } from "react";
import type { LogLine } from "../../model/deployment.ts";
import { parseAnsi } from "./ansi.ts";
import { LogRow } from "./log-row.tsx";
import type { DeploymentStream, StreamState } from "./use-deployment.ts";

const ROW_PX = 21;
const MARGIN_ROWS = 30;

const WORDS: Record<StreamState, string> = {
  live: "live",
  reconnecting: "reconnecting …",
  lost: "connection lost, reload the page",
  ended: "",
};

/**
 * The live log in colour. It follows its end until somebody scrolls up. Rows have one height, and only those in view
 * are in the document, so a log of any length stays quick.
 */
export function LogView({ stream: { lines, version, state } }: { stream: DeploymentStream }) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 480 });
  const [follows, setFollows] = useState(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is the new lines that move the end
  useLayoutEffect(() => {
    const element = box.current;
    if (element && follows) element.scrollTop = element.scrollHeight;
  }, [version, follows]);
  const look = ({ scrollTop, scrollHeight, clientHeight }: HTMLElement) => {
    setView({ top: scrollTop, height: clientHeight });
    setFollows(scrollHeight - scrollTop - clientHeight < ROW_PX * 2);
  };
  const first = Math.max(0, Math.floor(view.top / ROW_PX) - MARGIN_ROWS);
  const shown = lines.slice(first, Math.ceil((view.top + view.height) / ROW_PX) + MARGIN_ROWS);
  return (
    <section
      aria-labelledby="log"
      className="overflow-hidden rounded-[0.875rem] border border-deep-line bg-deep text-foam"
    >
      <div className="flex min-h-12 items-center gap-3 border-b border-deep-line py-1.5 pr-2 pl-5">
        <h2 id="log" className="heading">
          Log
        </h2>
        <span className="text-xs text-foam-soft tabular-nums">{lines.length.toLocaleString("en")} lines</span>
        <span role="status" className="text-xs text-[#f2c26b]">
          {WORDS[state]}
        </span>
        <CopyButton lines={lines} />
      </div>
      <div className="relative">
        {/* biome-ignore lint/a11y/useSemanticElements: a box that scrolls, named for the keyboard's sake */}
        <div
          ref={box}
          role="region"
          aria-label="Lines of the log"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
          tabIndex={0}
          onScroll={(event) => look(event.currentTarget)}
          className="h-[min(30rem,62vh)] overflow-auto overscroll-contain py-3 font-mono text-[13px] -outline-offset-2"
        >
          <div className="relative min-w-max" style={{ height: lines.length * ROW_PX }}>
            <div style={{ transform: `translateY(${first * ROW_PX}px)` }}>
              {shown.map((line, index) => (
                <LogRow key={line.seq} line={line} isFirst={line.step !== lines[first + index - 1]?.step} />
              ))}
            </div>
          </div>
          {lines.length === 0 && (
            <p className="px-5 text-foam-soft">
              {state === "ended" ? "Nothing was logged." : "Waiting for the first line …"}
            </p>
          )}
        </div>
        {!follows && (
          <LogButton className="absolute right-4 bottom-4 bg-deep shadow-lg" onClick={() => setFollows(true)}>
            <ArrowDown size={14} aria-hidden /> To the end
          </LogButton>
        )}
      </div>
    </section>
  );
}

function CopyButton({ lines }: { lines: readonly LogLine[] }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    const textOf = ({ text }: LogLine) =>
      parseAnsi(text)
        .map((run) => run.text)
        .join("");
    await navigator.clipboard.writeText(lines.map(textOf).join("\n"));
    setCopied(true);
    setTimeout(() => setCopied(false), 2_000);
  };
  return (
    <LogButton className="ml-auto" onClick={() => void copy()}>
      {isCopied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
      <span aria-live="polite">{isCopied ? "Copied" : "Copy"}</span>
    </LogButton>
  );
}

function LogButton(props: { className: string; onClick(): void; children: ReactNode }) {
  return (
    <button
      type="button"
      onClick={props.onClick}
      className={`flex h-8 cursor-pointer items-center gap-2 rounded-md border border-deep-line px-3 text-xs font-semibold text-foam hover:border-foam-soft ${props.className}`}
    >
      {props.children}
    </button>
  );
}
