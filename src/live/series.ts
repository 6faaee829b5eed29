/** The series that the feed has met: taken apart once, and the same object for the same series. */
import { decodePrefix } from '../domain/line.js';
import type { SeriesIdentity, Tags } from '../domain/reading.js';

/** Series that are remembered by how their lines begin; with one more all are forgotten and learned again. */
const maxRemembered = 100_000;

/** What all JSON of a series' readings has in common. */
export interface SeriesText {
  /** Up to the time. */
  readonly head: string;
  /** From there to the fields. */
  readonly middle: string;
}

/** Names need no escapes in JSON, their patterns see to that. */
export function seriesText({ device, type, tags }: SeriesIdentity): SeriesText {
  return { head: `{"device":"${device}","type":"${type}","ts":`, middle: `,"tags":${JSON.stringify(tags)},"fields":{` };
}

export class LiveSeries implements SeriesIdentity, SeriesText {
  readonly type: string;
  readonly device: string;
  readonly tags: Tags;
  /** How its lines begin. */
  readonly prefix: string;
  readonly head: string;
  readonly middle: string;

  constructor(prefix: string) {
    const identity = decodePrefix(prefix);
    const { head, middle } = seriesText(identity);
    this.prefix = prefix;
    this.type = identity.type;
    this.device = identity.device;
    this.tags = identity.tags;
    this.head = head;
    this.middle = middle;
  }
}

export class SeriesDirectory {
  readonly #byPrefix = new Map<string, LiveSeries>();

  of(prefix: string): LiveSeries {
    let series = this.#byPrefix.get(prefix);
    if (!series) {
      if (this.#byPrefix.size >= maxRemembered) this.forget();
      this.#byPrefix.set(prefix, (series = new LiveSeries(prefix)));
    }
    return series;
  }

  forget(): void {
    this.#byPrefix.clear();
  }
}
