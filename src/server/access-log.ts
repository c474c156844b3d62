import { closeSync, openSync, write } from "node:fs";
import type { Protocol } from "../http/request-head.ts";
import { BerthError } from "../model/errors.ts";

/** One request; its JSON form is a line of the log. */
export interface AccessEntry {
  /** ISO 8601, when the request came in. */
  time: string;
  host: string;
  method: string;
  /** As it was asked for, without the query: that may hold secrets. */
  path: string;
  status: number;
  /** Of the body, as the response announces it; null where only its end will tell. */
  bytes: number | null;
  /** From the request's header to the response's. */
  durationMs: number;
  encoding: string | null;
  deployment: string | null;
  remoteAddress: string | null;
  userAgent: string | null;
  scheme: "http" | "https";
  protocol: Protocol;
}

const BUFFER_CHARACTERS = 4 * 1024 * 1024;
const FLUSH_MS = 200;
const STANDARD_ERROR = 2;

/** Lines are gathered in memory and written together, off the request's path. What finds no room is dropped and counted. */
export class AccessLog {
  private descriptor: number;
  private lines: string[] = [];
  private characters = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private writing: Promise<void> = Promise.resolve();
  private isWriting = false;
  written = 0;
  dropped = 0;

  /** @throws BerthError `setting_invalid` when the file can't be opened */
  constructor(private readonly target: string) {
    this.descriptor = open(target);
  }

  record(entry: AccessEntry): void {
    const line = `${JSON.stringify(entry)}\n`;
    if (this.characters + line.length > BUFFER_CHARACTERS) {
      this.dropped += 1;
      return;
    }
    this.lines.push(line);
    this.characters += line.length;
    this.schedule();
  }

  private schedule(): void {
    if (this.isWriting || this.timer !== undefined || this.lines.length === 0) return;
    this.timer = setTimeout(() => void this.flush(), FLUSH_MS);
  }

  private flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const batch = this.lines;
    this.lines = [];
    this.isWriting = true;
    this.writing = this.writing.then(async () => {
      const bytes = Buffer.from(batch.join(""));
      if (await writeAll(this.descriptor, bytes)) this.written += batch.length;
      else this.dropped += batch.length;
      this.characters -= batch.reduce((sum, line) => sum + line.length, 0);
      this.isWriting = false;
      this.schedule();
    });
    return this.writing;
  }

  /** Goes on in a new file of the same name: the old one has been moved away. @throws as the constructor */
  async reopen(): Promise<void> {
    await this.flush();
    const old = this.descriptor;
    this.descriptor = open(this.target);
    if (old !== STANDARD_ERROR) closeSync(old);
  }

  async close(): Promise<void> {
    await this.flush();
    clearTimeout(this.timer);
    if (this.descriptor !== STANDARD_ERROR) closeSync(this.descriptor);
  }
}

function open(target: string): number {
  if (target === "-") return STANDARD_ERROR;
  try {
    return openSync(target, "a", 0o640);
  } catch (cause) {
    throw new BerthError(
      "setting_invalid",
      `BERTH_ACCESS_LOG: '${target}' can't be opened: ${(cause as Error).message}.`,
      {
        hint: "Give a file in a folder that the platform's user may write to.",
        cause,
      },
    );
  }
}

/** @returns whether all of it is written; a full disk is no reason to stop serving */
async function writeAll(descriptor: number, bytes: Uint8Array): Promise<boolean> {
  for (let offset = 0; offset < bytes.length; ) {
    const count = await new Promise<number>((resolve) => {
      write(descriptor, bytes, offset, bytes.length - offset, null, (error, written) => resolve(error ? 0 : written));
    });
    if (count === 0) return false;
    offset += count;
  }
  return true;
}

/** The path of a URL as it was asked for: no query, whatever it holds. */
export function loggedPath(url: string): string {
  const start = url.indexOf("/", url.indexOf("//") + 2);
  if (start === -1) return "/";
  const query = url.indexOf("?", start);
  return query === -1 ? url.slice(start) : url.slice(start, query);
}
