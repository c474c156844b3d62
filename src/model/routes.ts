/** Where a rule stands in the source. */
export interface RuleOrigin {
  file: string;
  /** From 1. */
  line: number;
}
