import { deleteLogLines, insertLogLines, lastLogSeq, readLogLines } from "../database/log-lines.ts";
import type { Database } from "../database/postgres.ts";
import { type LogLine, type LogStep, WARNINGS_MAX } from "../model/deployment.ts";
import type { DeploymentId } from "../model/ids.ts";
import { getLog, putLog } from "../store/deployments.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { LineCutter, shownLine } from "./line-cutter.ts";
import { createMasker } from "./mask.ts";

const FLUSH_MS = 80;
/** Of what commands print. A flood of short lines would fill the database long before its bytes are many. */
const PRINTED_LINES_MAX = 100_000;

/**
 * The log of one deployment while a worker holds it. Lines are written in batches and in order; whoever follows the
 * log is told by the database. Cheap to call: nothing waits for the disk but `flush`.
 */
export class DeploymentLog {
  private pending: LogLine[] = [];
  private cutters = new Map<string, LineCutter>();
  private timer: Timer | undefined;
  private printedLines = 0;
  private warnings = 0;
  private writing: Promise<void> = Promise.resolve();
  private masker = createMasker([]);

  private constructor(
    private readonly database: Database,
    private readonly id: DeploymentId,
    private seq: number,
  ) {}

  /** Goes on counting where an earlier worker stopped. */
  static async open(database: Database, id: DeploymentId): Promise<DeploymentLog> {
    return new DeploymentLog(database, id, await lastLogSeq(database, id));
  }

  /** From now on `***` stands in the place of these values, in lines of every kind. */
  hide(secrets: readonly string[]): void {
    this.masker = createMasker(secrets);
  }

  /** Any text as this log would show it, for errors that are made from it. */
  masked(text: string): string {
    return this.masker.mask(text);
  }

  /** A line of the platform's own. Warnings may be as many as a repository has files: the first of them are kept. */
  say(step: LogStep, text: string): void {
    if (text.startsWith("Warning:") && ++this.warnings > WARNINGS_MAX) {
      if (this.warnings === WARNINGS_MAX + 1) this.say(step, `There are more than ${WARNINGS_MAX} warnings.`);
      return;
    }
    for (const line of text.split("\n")) this.push(step, "system", shownLine(line, this.masker));
  }

  /** What a command printed, in chunks that end anywhere; invalid UTF-8 becomes U+FFFD. */
  write(step: LogStep, stream: "stdout" | "stderr", bytes: Uint8Array): void {
    const key = `${step} ${stream}`;
    const cutter = this.cutters.get(key) ?? new LineCutter(this.masker);
    this.cutters.set(key, cutter);
    for (const line of cutter.take(bytes)) this.push(step, stream, line);
  }

  /** Ends lines that have no end yet; called when a command is over. */
  endLines(step: LogStep): void {
    for (const stream of ["stdout", "stderr"] as const) {
      for (const line of this.cutters.get(`${step} ${stream}`)?.end() ?? []) this.push(step, stream, line);
      this.cutters.delete(`${step} ${stream}`);
    }
  }

  private recent: LogLine[] = [];

  private isLeftOut: (line: string) => boolean = () => false;

  /** Another command begins: what was printed before says nothing of it. Of its lines some may be left out. */
  beginCommand(isLeftOut: (line: string) => boolean = () => false): void {
    this.recent = [];
    this.isLeftOut = isLeftOut;
  }

  /** The last lines that the command printed in this step, for the error of a failed one. */
  lastLines(step: LogStep, count: number): string[] {
    return this.recent
      .filter((line) => line.step === step && line.text.trim() !== "")
      .slice(-count)
      .map(({ text }) => text);
  }

  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const batch = this.pending;
    this.pending = [];
    this.writing = this.writing.then(() => insertLogLines(this.database, this.id, batch));
    await this.writing;
  }

  private push(step: LogStep, stream: LogLine["stream"], text: string): void {
    if (stream !== "system" && this.isLeftOut(text)) return;
    const isKept = stream === "system" || ++this.printedLines <= PRINTED_LINES_MAX;
    if (isKept) this.seq += 1;
    const line: LogLine = { seq: this.seq, at: new Date().toISOString(), step, stream, text };
    this.recent.push(line);
    if (this.recent.length > 200) this.recent = this.recent.slice(-100);
    if (!isKept) {
      const notice = `What is printed after ${PRINTED_LINES_MAX} lines is not kept in this log.`;
      if (this.printedLines === PRINTED_LINES_MAX + 1) this.push(step, "system", notice);
      return;
    }
    this.pending.push(line);
    // A lost write shows at the next flush, which the worker waits for.
    this.timer ??= setTimeout(() => void this.flush().catch(() => undefined), FLUSH_MS);
  }
}

/** Moves the lines of a finished deployment from the database to the store. Safe to call again at any time. */
export async function archiveLog(
  { database, store }: { database: Database; store: ObjectStore },
  id: DeploymentId,
): Promise<void> {
  const fresh = await readLogLines(database, id, { after: 0, limit: 1_000_000 });
  if (fresh.length === 0) return;
  const kept = (await getLog(store, id)) ?? [];
  const bySeq = new Map([...kept, ...fresh].map((line) => [line.seq, line]));
  await putLog(
    store,
    id,
    [...bySeq.values()].sort((a, b) => a.seq - b.seq),
  );
  await deleteLogLines(database, id, fresh.at(-1)!.seq);
}
