/** What others have missed, from the spool. One message answers one question, with as much as goes into it. */
import { Turnstile } from '../../domain/turnstile.js';
import type { Spool, SpoolRecord } from '../../ports/spool.js';
import { cutLines, skipLines } from './lines.js';
import { encodeStretch, messageBytes, type Fetch, type Stretch } from './message.js';

/** Questions that are looked at at a time, so that the ingress has the disk. */
const atOnce = 2;
/** Questions that wait; one more is not answered, and asked again. */
const maxWaiting = 64;

export class Answering {
  readonly #spool: Spool;
  readonly #send: (to: string, payload: Buffer) => void;
  readonly #turnstile = new Turnstile(atOnce);
  #waiting = 0;

  constructor(spool: Spool, send: (to: string, payload: Buffer) => void) {
    this.#spool = spool;
    this.#send = send;
  }

  async answer({ id, to, from, maxBytes }: Fetch): Promise<void> {
    if (this.#waiting >= maxWaiting) return;
    this.#waiting++;
    try {
      const stretches = await this.#turnstile.pass(async () => this.#stretches(from, Math.min(maxBytes, messageBytes)));
      const first = stretches[0]?.from ?? from;
      const count = stretches.reduce((sum, stretch) => sum + stretch.count, 0);
      const { head, tail, delivery } = this.#spool;
      const header = { id, from: first, count, head, tail, low: delivery.low };
      this.#send(
        to,
        encodeStretch(
          header,
          stretches.map(({ lines }) => lines),
        ),
      );
    } finally {
      this.#waiting--;
    }
  }

  /** From the position on, or from the first behind it that there is. */
  async #stretches(from: number, maxBytes: number): Promise<Stretch[]> {
    if (maxBytes === 0 || from >= this.#spool.head) return [];
    const records = await this.#spool.read(from, maxBytes);
    const stretches: Stretch[] = [];
    let bytes = 0;
    for (const record of records) {
      const last = stretches.at(-1);
      // What is damaged between two records is seen by the position that the next question is answered with.
      if (last && last.from + last.count !== record.position) break;
      const stretch = stretchOf(record, from);
      if (last && bytes + stretch.lines.length > maxBytes) break;
      stretches.push(stretch);
      bytes += stretch.lines.length;
    }
    return stretches;
  }
}

/** Of a record all from the position on, or as much as a message takes. */
function stretchOf({ position, count, payload }: SpoolRecord, from: number): Stretch {
  if (position >= from && payload.length <= messageBytes) return { from: position, count, lines: payload };
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8');
  const skipped = Math.max(0, from - position);
  return cutLines(position + skipped, skipLines(text, skipped)).next().value as Stretch;
}
