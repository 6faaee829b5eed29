/** One row of the table of faults. */
import type { Tally } from './tally.js';

export interface FaultContext {
  /** Nothing new is begun after this time, milliseconds since 1970. */
  until: number;
  /** Begins the random choices, so that a run can be had again. */
  seed: number;
  /** Progress, for people. */
  say: (text: string) => void;
}

export interface FaultCase {
  name: string;
  fault: string;
  /** What is done, in a sentence. */
  how: string;
  /** What one try is. */
  unit: string;
  /** Its part of the time, compared with the others'. */
  share: number;
  /** @returns notes beside the counts */
  run(context: FaultContext, tally: Tally): Promise<string[]>;
}
