/** Lets work in, in the order in which it comes, as long as all that is inside weighs no more than the bound. */
export class WeighedGate {
  private inside = 0;
  private readonly waiting: { weight: number; start: () => void }[] = [];

  /** @param least what work weighs that says less: `bound / least` is the most work at a time */
  constructor(
    private readonly bound: number,
    private readonly least: number,
  ) {}

  async run<Result>(weight: number, work: () => Promise<Result>): Promise<Result> {
    const held = Math.min(this.bound, Math.max(this.least, weight));
    await new Promise<void>((start) => {
      this.waiting.push({ weight: held, start });
      this.admit();
    });
    try {
      return await work();
    } finally {
      this.inside -= held;
      this.admit();
    }
  }

  private admit(): void {
    while (this.waiting.length > 0 && this.inside + this.waiting[0]!.weight <= this.bound) {
      const { weight, start } = this.waiting.shift()!;
      this.inside += weight;
      start();
    }
  }
}
