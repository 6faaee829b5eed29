/** The instances whose readings the feed gives: this one, and those that share theirs with it. */
import type { FeedMemory } from './memory.js';
import type { PeerSource } from './source.js';

export interface Origin {
  name: string;
  memory: FeedMemory;
  /** Undefined for this instance. */
  peer: PeerSource | undefined;
}

export type Origins = ReadonlyMap<string, Origin>;
