import { join } from "node:path";
import pino from "pino";

export interface PlatformLog {
  info(message: string, context?: Record<string, unknown>): void;
  fault(error: unknown, context: Record<string, string>): void;
}

/** The platform's own log, JSON lines in `<data>/platform.log`: what operators read, stack traces and all. */
export function openPlatformLog(dataDirectory: string): PlatformLog {
  const destination = pino.destination({
    dest: join(dataDirectory, "platform.log"),
    append: true,
    mode: 0o600,
    sync: true,
  });
  const logger = pino({ base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  return {
    info: (message, context) => logger.info(context ?? {}, message),
    fault: (error, context) =>
      logger.error({ ...context, err: error }, error instanceof Error ? error.message : String(error)),
  };
}
