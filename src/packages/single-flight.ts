/** Work that many may want at the same time is done once: those who come meanwhile get the same result. */
export class SingleFlight<Result> {
  private readonly underway = new Map<string, Promise<Result>>();

  run(key: string, work: () => Promise<Result>): Promise<Result> {
    const running = this.underway.get(key);
    if (running !== undefined) return running;
    const started = work().finally(() => this.underway.delete(key));
    this.underway.set(key, started);
    return started;
  }
}
