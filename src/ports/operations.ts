/** What an operator wants to know of a running service. */
import type { Stats } from '../domain/generated/answers.js';

export type { Stats } from '../domain/generated/answers.js';

/** The live bus, where there is one. */
export interface BusOperations {
  bus(): NonNullable<Stats['bus']>;
}

export interface Operations {
  stats(): Stats;
  /** Why no readings can be taken now; undefined when they can. */
  unready(): string | undefined;
}
