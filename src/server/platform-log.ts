import { openSync, writeSync } from "node:fs";
import { join } from "node:path";
import pino from "pino";

export interface PlatformLog {
  info(message: string, context?: Record<string, unknown>): void;
  fault(error: unknown, context: Record<string, string>): void;
}

/** The platform's own log, JSON lines in `<data>/platform.log`: what operators read, stack traces and all. */
export function openPlatformLog(dataDirectory: string): PlatformLog {
  const destination = openLines(join(dataDirectory, "platform.log"));
  const logger = pino({ base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  return {
    info: (message, context) => logger.info(context ?? {}, message),
    fault: (error, context) =>
      logger.error({ ...context, err: error }, error instanceof Error ? error.message : String(error)),
  };
}

/**
 * Each line is in the file when its call returns. One that a full disk refuses is dropped: who reports a fault has
 * enough of one, and what it was about to do goes on.
 */
function openLines(path: string): { write(line: string): void } {
  const file = openSync(path, "a", 0o600);
  let isCut = false;
  return {
    write(line) {
      const bytes = Buffer.from(isCut ? `\n${line}` : line);
      try {
        isCut = writeSync(file, bytes) < bytes.length;
      } catch {
        // As it was: what stands before is whole or cut, whichever it is.
      }
    },
  };
}
