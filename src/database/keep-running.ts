const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 30_000;
/** What has run for so long did not end because of how it was started. */
const SOUND_MS = 60_000;

interface Child {
  readonly exited: Promise<number>;
  kill(signal: "SIGINT"): void;
}

interface Keeping {
  /** Resolves when the child is ready. */
  launch(): Promise<Child>;
  /** It ended by itself, or could not be launched again; it is launched once more, a while later. */
  onFault(error: Error): void;
}

/**
 * Launches a child, and again whenever it ends by itself.
 * @throws what the first launch throws
 */
export async function keepRunning({ launch, onFault }: Keeping): Promise<{ stop(): Promise<void> }> {
  const stopped = Promise.withResolvers<void>();
  let isStopping = false;
  let child = await launch();
  const again = async (): Promise<void> => {
    for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(2 * delayMs, LONGEST_DELAY_MS)) {
      const started = Date.now();
      const status = await child.exited;
      if (isStopping) return;
      onFault(new Error(`it ended with status ${status} and is started again`));
      if (Date.now() - started > SOUND_MS) delayMs = FIRST_DELAY_MS;
      for (let isBack = false; !isBack; ) {
        await Promise.race([Bun.sleep(delayMs), stopped.promise]);
        if (isStopping) return;
        try {
          child = await launch();
          isBack = true;
        } catch (error) {
          onFault(error as Error);
          delayMs = Math.min(2 * delayMs, LONGEST_DELAY_MS);
        }
      }
      // It was asked to stop while this one began.
      if (isStopping) child.kill("SIGINT");
    }
  };
  const keeping = again();
  return {
    async stop() {
      isStopping = true;
      stopped.resolve();
      child.kill("SIGINT");
      await keeping;
    },
  };
}
