import Anser from "anser";
import { memo, useLayoutEffect, useRef } from "react";
import type { LogLine } from "../../model/deployment.ts";

/** The live log in colour. It follows its end until somebody scrolls up. */
export function LogView({ lines, isLive }: { lines: readonly LogLine[]; isLive: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is the new lines that move the end
  useLayoutEffect(() => {
    if (box.current && follows.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines]);
  return (
    <section aria-labelledby="log">
      <h2 id="log" className="mb-3 text-lg font-semibold tracking-tight">
        Log
      </h2>
      <div
        ref={box}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          follows.current = scrollHeight - scrollTop - clientHeight < 40;
        }}
        className="h-96 overflow-auto rounded-xl border border-line bg-[#0b1112] py-3 font-mono text-[13px] leading-5 text-[#d5dfdd]"
        role="log"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reached by the keyboard
        tabIndex={0}
        aria-labelledby="log"
      >
        {lines.map((line) => (
          <Line key={line.seq} line={line} />
        ))}
        {isLive && <p className="px-4 text-[#7f9391]">…</p>}
      </div>
    </section>
  );
}

const COLORS: Record<string, string> = {
  "ansi-black": "text-[#7f9391]",
  "ansi-red": "text-[#ff8a7a]",
  "ansi-green": "text-[#6fd99b]",
  "ansi-yellow": "text-[#f2c26b]",
  "ansi-blue": "text-[#82b4ff]",
  "ansi-magenta": "text-[#e2a1f2]",
  "ansi-cyan": "text-[#67dbe4]",
  "ansi-white": "text-[#e9f0ef]",
};

/** Parsed into parts that become text nodes: what a build prints is never read as HTML. */
const Line = memo(function Line({ line }: { line: LogLine }) {
  const parts = Anser.ansiToJson(line.text, { use_classes: true, remove_empty: true, json: true });
  return (
    <div className="flex gap-3 px-4 hover:bg-white/5">
      <span className="w-14 shrink-0 text-[#5f7370] select-none">{line.step}</span>
      <span className={`min-w-0 break-words whitespace-pre-wrap ${line.stream === "system" ? "text-[#8fb8b3]" : ""}`}>
        {parts.map((part, index) => (
          <span
            // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a line never change their order
            key={index}
            className={`${COLORS[(part.fg ?? "").replace("bright-", "")] ?? ""} ${part.decorations.includes("bold") ? "font-semibold" : ""}`}
          >
            {part.content}
          </span>
        ))}
      </span>
    </div>
  );
});
