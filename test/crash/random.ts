/** Choices for a random life of the spool, which a seed repeats. */
import { Random as SeededRandom } from '../../simulators/random.js';

export class Random extends SeededRandom {
  /** A whole number from 0, below `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** A whole number, mostly small, sometimes up to the largest. */
  size(largest: number): number {
    return Math.floor(this.next() ** 3 * largest);
  }
}
