const SIZE = 1_000;
const PER_SECOND = 100;

/**
 * What one client may ask for that costs this end work and itself nothing: requests taken back, pings, settings, frames
 * without content. A well-meant client comes nowhere near; floods of them are known attacks (CVE-2019-9512 and the
 * like, CVE-2023-44487).
 */
export class Patience {
  private left = SIZE;
  private at = 0;

  /** @returns whether there was enough of it */
  spend(cost: number, nowMs: number): boolean {
    this.left = Math.min(SIZE, this.left + ((nowMs - this.at) * PER_SECOND) / 1000) - cost;
    this.at = nowMs;
    return this.left >= 0;
  }
}
