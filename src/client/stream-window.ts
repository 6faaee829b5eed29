import { countedIn, type EncodedBatch } from './batch-format.js';
import type { OutgoingReading } from './outgoing-reading.js';
import type { Ack } from './stream-frames.js';

/** A batch on its way: sent, and again after a break, each time with a new `seq`. */
export interface Frame {
  readings: readonly OutgoingReading[];
  /** Time of the first attempt (`performance.now`); undefined before it. */
  firstSentAtMs?: number;
}

interface Sent {
  seq: number;
  frame: Frame;
  encoded: EncodedBatch;
  /** It goes again whatever the answer says, and only the answer to that counts. */
  isSuperseded: boolean;
}

/** The frames of one connection that have no answer yet, in order of their `seq`. */
export class StreamWindow {
  #sent: Sent[] = [];
  #lastSeq = 0;

  get size(): number {
    return this.#sent.length;
  }

  /** The `seq` of the frame that is added next, rising by connection from 1. */
  get nextSeq(): number {
    return this.#lastSeq + 1;
  }

  add(frame: Frame, encoded: EncodedBatch): void {
    this.#sent.push({ seq: ++this.#lastSeq, frame, encoded, isSuperseded: false });
  }

  /**
   * Takes out the frames that an ack answers: all up to its `seq`. Gives back those that are not superseded.
   * @returns undefined when the counts are not those of the frames: then it is not known what was acknowledged
   */
  acknowledge(ack: Ack): Sent[] | undefined {
    const count = this.#countUpTo(ack.seq);
    const covered = this.#sent.slice(0, count);
    const counted = covered.reduce((sum, { frame, encoded }) => sum + countedIn(encoded, frame.readings), 0);
    // A frame with rejections has an ack of its own; and an ack that answers nothing is out of place.
    if (count === 0 || counted !== ack.accepted + ack.rejected || (count > 1 && ack.rejected > 0)) return undefined;
    this.#sent = this.#sent.slice(count);
    return toAnswer(covered);
  }

  /** Takes out the one frame that the server refused. @returns undefined when it is not the next one to be answered */
  refuse(seq: number): { frame: Frame; isSuperseded: boolean } | undefined {
    return this.#sent[0]?.seq === seq ? this.#sent.shift() : undefined;
  }

  /** A frame before them has to go again: so do all these, behind it. Their answers still come, and say nothing. */
  supersede(): Frame[] {
    const frames = this.frames();
    for (const sent of this.#sent) sent.isSuperseded = true;
    return frames;
  }

  /** The connection is gone: gives back what has no answer, and begins again. */
  drain(): Frame[] {
    const frames = this.frames();
    this.#sent = [];
    this.#lastSeq = 0;
    return frames;
  }

  frames(): Frame[] {
    return toAnswer(this.#sent).map(({ frame }) => frame);
  }

  #countUpTo(seq: number): number {
    const after = this.#sent.findIndex((sent) => sent.seq > seq);
    return after < 0 ? this.#sent.length : after;
  }
}

function toAnswer(sent: readonly Sent[]): Sent[] {
  return sent.filter(({ isSuperseded }) => !isSuperseded);
}
