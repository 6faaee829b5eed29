import type { OutgoingReading } from './outgoing-reading.js';
import type { Ack } from './stream-frames.js';

/** A batch on its way: sent as it is, and again after a break, each time with a new `seq`. */
export interface Frame {
  readings: readonly OutgoingReading[];
  /** The readings as JSON text. */
  json: string;
  /** Time of the first attempt (`performance.now`); undefined before it. */
  firstSentAtMs?: number;
}

interface Sent {
  seq: number;
  frame: Frame;
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

  /** @returns the frame's `seq`, rising by connection from 1 */
  add(frame: Frame): number {
    this.#sent.push({ seq: ++this.#lastSeq, frame, isSuperseded: false });
    return this.#lastSeq;
  }

  /**
   * Takes out the frames that an ack answers: all up to its `seq`. Gives back those that are not superseded.
   * @returns undefined when the counts are not those of the frames: then it is not known what was acknowledged
   */
  acknowledge(ack: Ack): Frame[] | undefined {
    const count = this.#countUpTo(ack.seq);
    const covered = this.#sent.slice(0, count);
    const readings = covered.reduce((sum, { frame }) => sum + frame.readings.length, 0);
    // A frame with rejections has an ack of its own; and an ack that answers nothing is out of place.
    if (count === 0 || readings !== ack.accepted + ack.rejected || (count > 1 && ack.rejected > 0)) return undefined;
    this.#sent = this.#sent.slice(count);
    return framesToAnswer(covered);
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
    return framesToAnswer(this.#sent);
  }

  #countUpTo(seq: number): number {
    const after = this.#sent.findIndex((sent) => sent.seq > seq);
    return after < 0 ? this.#sent.length : after;
  }
}

function framesToAnswer(sent: readonly Sent[]): Frame[] {
  return sent.filter(({ isSuperseded }) => !isSuperseded).map(({ frame }) => frame);
}
