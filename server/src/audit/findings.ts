/** What is found in the log when it is verified. */

export interface Remark {
  /** The path of the file. */
  readonly file: string;
  /** Counted from 1. Absent: it is about the whole file. */
  readonly line?: number;
  readonly message: string;
}

export interface Verdict {
  readonly segments: number;
  /** How many more were removed by daemons for their age or size, as far as there are records of it. */
  readonly removed: number;
  readonly records: number;
  /** What somebody has changed, removed or put in. */
  readonly faults: readonly Remark[];
  /** What else there is to know: nothing of it can have been done by somebody who wanted to hide a record that has a head. */
  readonly notes: readonly Remark[];
}
