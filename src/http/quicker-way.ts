/** Times that are compared, of each way; twice as many are a power of two. */
const TRIALS = 16;
/** Of so many uses the first ones are trials. */
const ROUND = 1024;

/** Which of two ways to do the same takes less time here and now, found out anew every so often. */
export class QuickerWay {
  private readonly times = [new Float64Array(TRIALS), new Float64Array(TRIALS)] as const;
  private uses = 0;
  private quicker: 0 | 1 = 0;

  /** The way to take now. */
  next(): 0 | 1 {
    return this.uses < 2 * TRIALS ? trialAt(this.uses) : this.quicker;
  }

  /** @param time for the same amount of work, in any unit */
  took(time: number): void {
    // Each two trials that follow each other are one of each way.
    if (this.uses < 2 * TRIALS) this.times[trialAt(this.uses)][this.uses >> 1] = time;
    this.uses += 1;
    if (this.uses === 2 * TRIALS) this.quicker = median(this.times[1]) < median(this.times[0]) ? 1 : 0;
    else if (this.uses === ROUND) this.uses = 0;
  }
}

/** As Thue and Morse have it, by the number of ones in it: works that come by turns do not fall to one way each. */
function trialAt(use: number): 0 | 1 {
  let ones = 0;
  for (let rest = use; rest > 0; rest >>= 1) ones += rest & 1;
  return (ones & 1) as 0 | 1;
}

const median = (times: Float64Array): number => times.toSorted()[TRIALS >> 1]!;
