/** What was started last is stopped first; a step that fails does not keep the others from running. */
export class Releasers {
  private readonly steps: { name: string; release: () => Promise<void> | void }[] = [];

  add(name: string, release: () => Promise<void> | void): void {
    this.steps.push({ name, release });
  }

  /** Runs each step once, each at most `timeoutMs` long. */
  async run(options: {
    timeoutMs: number;
    onFault(error: unknown, context: Record<string, string>): void;
  }): Promise<void> {
    for (let step = this.steps.pop(); step !== undefined; step = this.steps.pop()) {
      const { name, release } = step;
      const timeout = Promise.withResolvers<void>();
      const timer = setTimeout(() => timeout.reject(new Error("took too long")), options.timeoutMs);
      try {
        await Promise.race([release(), timeout.promise]);
      } catch (error) {
        options.onFault(error, { stopping: name });
      } finally {
        clearTimeout(timer);
      }
    }
  }
}
