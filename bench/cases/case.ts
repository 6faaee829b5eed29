/** What `npm run bench` can run. */
import type { Line } from '../result.js';
import type { Scratch } from '../scratch.js';

export interface Case {
  name: string;
  title: string;
  /** What is done, for those who read the figures. */
  how: string[];
  run(context: CaseContext): Promise<Line[]>;
}

export interface CaseContext {
  pairs: number;
  /** Measured in each run, behind the warm-up. */
  seconds: number;
  spoolMiB: number;
  /** Of those cases that are about how many there are. */
  connections: number;
  readings: number;
  scratch: Scratch;
  /** Directory for CPU profiles of our server, if they are wanted. */
  profile: string | undefined;
  say: (text: string) => void;
}
