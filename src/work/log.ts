import { deleteLogLines, inLogPages, insertLogLines, LOG_PAGE, lastLogSeq } from "../database/log-lines.ts";
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
/** A command that prints faster than the database takes lines waits for it. */
const PENDING_LINES_MAX = 5_000;
/** For the error of a failed command. */
const RECENT_LINES = 200;

/**
 * The log of one deployment while a worker holds it. Lines are written in batches and in order; whoever follows the
 * log is told by the database. Cheap to call: nothing waits for the disk but `flush`.
 */
export class DeploymentLog {
  /** Where the worker has got to, by its lines; nothing is done in the queue. */
  reached: Exclude<LogStep, "queue"> | undefined;
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

  /**
   * What a command printed, in chunks that end anywhere; invalid UTF-8 becomes U+FFFD.
   * @returns a promise when more is to be printed only after it
   */
  write(step: LogStep, stream: "stdout" | "stderr", bytes: Uint8Array): void | Promise<void> {
    const key = `${step} ${stream}`;
    const cutter = this.cutters.get(key) ?? new LineCutter(this.masker);
    this.cutters.set(key, cutter);
    const isOver = this.printedLines > PRINTED_LINES_MAX;
    for (const line of cutter.take(bytes, isOver ? RECENT_LINES : Number.POSITIVE_INFINITY)) {
      this.push(step, stream, line);
    }
    if (this.pending.length > PENDING_LINES_MAX) return this.flush().catch(() => undefined);
  }

  /** Ends lines that have no end yet; called when a command is over. */
  endLines(step: LogStep): void {
    for (const stream of ["stdout", "stderr"] as const) {
      for (const line of this.cutters.get(`${step} ${stream}`)?.end() ?? []) this.push(step, stream, line);
      this.cutters.delete(`${step} ${stream}`);
    }
  }

  private recent: Pick<LogLine, "step" | "text">[] = [];

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
    this.writing = this.writing.then(async () => {
      for (let at = 0; at < batch.length; at += LOG_PAGE) {
        await insertLogLines(this.database, this.id, batch.slice(at, at + LOG_PAGE));
      }
    });
    await this.writing;
  }

  private push(step: LogStep, stream: LogLine["stream"], text: string): void {
    if (step !== "queue") this.reached = step;
    if (stream !== "system" && this.isLeftOut(text)) return;
    this.recent.push({ step, text });
    if (this.recent.length > 2 * RECENT_LINES) this.recent = this.recent.slice(-RECENT_LINES);
    if (stream !== "system" && ++this.printedLines > PRINTED_LINES_MAX) {
      const notice = `What is printed after ${PRINTED_LINES_MAX} lines is not kept in this log.`;
      if (this.printedLines === PRINTED_LINES_MAX + 1) this.push(step, "system", notice);
      return;
    }
    this.pending.push({ seq: ++this.seq, at: new Date().toISOString(), step, stream, text });
    // A lost write shows at the next flush, which the worker waits for.
    this.timer ??= setTimeout(() => void this.flush().catch(() => undefined), FLUSH_MS);
  }
}

/** Moves the lines of a finished deployment from the database to the store. Safe to call again at any time. */
export async function archiveLog(
  { database, store }: { database: Database; store: ObjectStore },
  id: DeploymentId,
): Promise<void> {
  const last = await inLogPages(database, id, async (pages) => {
    const head = (await pages.next()).value;
    if (head === undefined) return undefined;
    // Another move may have been in between, and lines may come late: none of both is lost.
    const kept = (await getLog(store, id)) ?? [];
    let end = head.at(-1)!.seq;
    await putLog(store, id, joined());
    return end;
    async function* joined() {
      yield kept.filter(({ seq }) => seq < head![0]!.seq);
      yield head!;
      for await (const page of pages) {
        yield page;
        end = page.at(-1)!.seq;
      }
      yield kept.filter(({ seq }) => seq > end);
    }
  });
  if (last !== undefined) await deleteLogLines(database, id, last);
}
