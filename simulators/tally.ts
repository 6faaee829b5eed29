import type { AnsweredBatch, OutgoingReading, Refused, Retry } from '../src/client/index.js';
import { Latencies } from './latencies.js';

/** What became of the readings of a run. `sent = acked + rejected + refused + open`, whatever was sent again. */
export class Tally {
  /** Handed to a device, each counted once. */
  sent = 0;
  acked = 0;
  rejected = 0;
  /** In batches that were given up as a whole. */
  refused = 0;
  /** Sent again after a break or a refusal that passes, which changes nothing in the other counts. */
  resent = 0;
  /** From the first attempt to the answer, a reading each. */
  readonly latencies = new Latencies();
  /** The last thing that went wrong, for the person who watches. */
  trouble: string | undefined;

  static total(tallies: readonly Tally[]): Tally {
    const total = new Tally();
    for (const tally of tallies) {
      total.sent += tally.sent;
      total.acked += tally.acked;
      total.rejected += tally.rejected;
      total.refused += tally.refused;
      total.resent += tally.resent;
      total.latencies.addAll(tally.latencies);
      total.trouble ??= tally.trouble;
    }
    return total;
  }

  get open(): number {
    return this.sent - this.acked - this.rejected - this.refused;
  }

  /** Everything sent is durable. */
  get isWhole(): boolean {
    return this.acked === this.sent;
  }

  answered({ accepted, rejected, rejections, latencyMs }: AnsweredBatch): void {
    this.acked += accepted;
    this.rejected += rejected;
    this.latencies.add(latencyMs, accepted + rejected);
    const [first] = rejections;
    if (first) this.trouble = `rejected: ${first.code} ${first.path} ${first.message}`;
  }

  givenUp(readings: readonly OutgoingReading[], { code, message }: Refused): void {
    this.refused += readings.length;
    this.trouble = `refused: ${code} ${message}`;
  }

  retried({ code, message, readings }: Retry): void {
    this.resent += readings;
    this.trouble = `${code}: ${message}`;
  }
}
