/** The feed, as those bring it readings who get them from other instances. */
import type { ReadingLines } from '../ports/feed.js';
import type { PeerSource } from './source.js';

export interface SharedFeed {
  /** From now on the feed gives what this instance accepts from the position on. What it had before, nobody has seen here. */
  addPeer(name: string, position: number, peer: PeerSource): void;
  /** Called in order of position, without a hole. */
  publishOf(name: string, readings: ReadingLines): void;
  /** What it accepted up to the position is lost to those who follow the feed here. */
  losePeer(name: string, position: number): void;
  forgetPeer(name: string): void;
  /** Whether an instance that is not known now is one that will not be heard of. */
  knowsAll(isSo: boolean): void;
}
