/**
 * Answers to the frames of one stream, in the order of the frames. Frames without rejections that are settled together
 * share one ack; a frame with rejections or an `id` gets its own, and so does an error.
 */
import type { StreamAck, StreamError, StreamErrorCode } from '../../domain/generated/stream-frames.js';
import { Refusal, type Receipt } from '../../domain/refusal.js';

interface Frame {
  seq: number | undefined;
  answer: Receipt | Refusal | undefined;
}

export class Answers {
  readonly #frames: Frame[] = [];
  #cumulative: StreamAck | undefined;

  /** Frames that wait for their answer. */
  get size(): number {
    return this.#frames.length;
  }

  /** @returns what to call with the frame's outcome */
  expect(seq: number | undefined): (answer: Receipt | Refusal) => void {
    const frame: Frame = { seq, answer: undefined };
    this.#frames.push(frame);
    return (answer) => {
      frame.answer = answer;
    };
  }

  /** Takes the answers that are ready, up to the first frame that is not. */
  take(): (StreamAck | StreamError)[] {
    const messages: (StreamAck | StreamError)[] = [];
    let settled = 0;
    for (const { seq, answer } of this.#frames) {
      if (answer === undefined) break;
      settled++;
      this.#answer(seq, answer, messages);
    }
    this.#frames.splice(0, settled);
    this.#flush(messages);
    return messages;
  }

  #answer(seq: number | undefined, answer: Receipt | Refusal, messages: (StreamAck | StreamError)[]): void {
    if (answer instanceof Refusal) {
      this.#flush(messages);
      messages.push(errorFrame(seq, answer));
    } else if (answer.rejected > 0 || answer.id !== undefined) {
      this.#flush(messages);
      messages.push({ type: 'ack', ...(seq === undefined ? {} : { seq }), ...answer });
    } else if (seq !== undefined) {
      this.#cumulative ??= { type: 'ack', seq, accepted: 0, rejected: 0 };
      this.#cumulative.seq = seq;
      this.#cumulative.accepted += answer.accepted;
    }
  }

  #flush(messages: (StreamAck | StreamError)[]): void {
    if (this.#cumulative) messages.push(this.#cumulative);
    this.#cumulative = undefined;
  }
}

function errorFrame(seq: number | undefined, refusal: Refusal): StreamError {
  const { code, message, retryAfterMs } = refusal;
  return {
    type: 'error',
    ...(seq === undefined ? {} : { seq }),
    code: code as StreamErrorCode,
    message,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}
