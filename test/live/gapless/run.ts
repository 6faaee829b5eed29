/** Runs of random commands against a service, with what each subscriber is told held against what was accepted. */
import { array, constantFrom, nat, oneof, record, type Arbitrary } from 'fast-check';
import { setTimeout as pause } from 'node:timers/promises';
import type { SubscriptionFilter } from '../../../src/domain/generated/live-frames.js';
import type { LiveReading } from '../live-client.js';
import { Accepted } from './accepted.js';
import { Journal, type Expectations } from './journal.js';
import type { FeedSubject, Follower } from './subject.js';

export type Command =
  | { do: 'ingest'; device: number; type: number; count: number; way: 'new' | 'late' | 'again' }
  | { do: 'subscribe'; filter: number; since: 'none' | 'all' | 'some' }
  | { do: 'pause' | 'resume' | 'cut'; subscriber: number }
  | { do: 'restart' }
  | { do: 'breathe' };

const filters: SubscriptionFilter[] = [
  {},
  { devices: ['d1'] },
  { devices: ['d1', 'd2'], types: ['t0'] },
  { devices: ['d*'], types: ['t1'] },
  { fields: ['n', 'x'] },
  { fields: ['s'] },
  { tags: { site: 'a*' } },
];
const devices = 3;
const types = 2;

const ingest = record({
  do: constantFrom('ingest' as const),
  device: nat(devices - 1),
  type: nat(types - 1),
  count: oneof(constantFrom(1, 2, 7), constantFrom(300)),
  way: constantFrom('new', 'new', 'new', 'late', 'again'),
});

export const commands: Arbitrary<Command[]> = array(
  oneof(
    { weight: 8, arbitrary: ingest },
    {
      weight: 4,
      arbitrary: record({
        do: constantFrom('subscribe' as const),
        filter: nat(filters.length - 1),
        since: constantFrom('none' as const, 'all' as const, 'some' as const),
      }),
    },
    {
      weight: 6,
      arbitrary: record({
        do: constantFrom('pause' as const, 'resume' as const, 'cut' as const, 'cut' as const),
        subscriber: nat(7),
      }),
    },
    { weight: 1, arbitrary: record({ do: constantFrom('restart' as const) }) },
    { weight: 3, arbitrary: record({ do: constantFrom('breathe' as const) }) },
  ),
  { minLength: 5, maxLength: 30 },
);

/** A service that can be ended and started again on the same data and address. */
export interface RunService {
  /** Where readings are sent to. */
  readonly url: string;
  /** Where the next subscriber goes. */
  readonly feedUrl: string;
  restart(): Promise<void>;
}

const startMs = Date.now() - 3_600_000;
/** The service over many runs: positions go on from one to the next. */
export class Runs {
  readonly accepted = new Accepted();
  readonly #service: RunService;
  readonly #subject: FeedSubject;
  readonly #expectations: Expectations;
  #n = 0;
  #sending: Promise<void> = Promise.resolve();

  constructor(service: RunService, subject: FeedSubject, expectations: Expectations) {
    this.#service = service;
    this.#subject = subject;
    this.#expectations = expectations;
  }

  /** @returns what is wrong, if anything is */
  async run(commands: readonly Command[]): Promise<string | undefined> {
    const subscribers: { journal: Journal; follower: Follower | undefined }[] = [];
    const sinceMs = startMs + this.#n;
    for (const command of commands) {
      switch (command.do) {
        case 'ingest':
          this.#send(this.#batchOf(command));
          break;
        case 'subscribe': {
          const since = { none: undefined, all: startMs - 3_600_000, some: sinceMs }[command.since];
          const history = since === undefined ? {} : { history: { since } };
          const journal = new Journal({ ...filters[command.filter]!, ...history });
          subscribers.push({ journal, follower: await this.#subject.follow(this.#service.feedUrl, journal) });
          break;
        }
        case 'pause':
        case 'resume':
          subscribers[command.subscriber]?.follower?.[command.do]();
          break;
        case 'cut':
          await toggle(subscribers[command.subscriber], (journal) =>
            this.#subject.follow(this.#service.feedUrl, journal),
          );
          break;
        case 'restart':
          await this.#sending;
          for (const subscriber of subscribers) {
            await subscriber.follower?.cut();
            subscriber.follower = undefined;
          }
          await this.#service.restart();
          break;
        default:
          await pause(5);
      }
    }
    return this.#end(subscribers);
  }

  /** Everybody comes back, reads, and gets one last reading of everything; then the journals are judged. */
  async #end(subscribers: { journal: Journal; follower: Follower | undefined }[]): Promise<string | undefined> {
    for (const subscriber of subscribers) {
      subscriber.follower?.resume();
      subscriber.follower ??= await this.#subject.follow(this.#service.feedUrl, subscriber.journal);
    }
    const last: LiveReading[] = [];
    for (let device = 0; device < devices; device++)
      for (let type = 0; type < types; type++) last.push(...this.#newReadings(device, type, 1, true));
    this.#send(last);
    await this.#sending;
    const deadline = Date.now() + this.#expectations.patienceMs;
    let wrong: string | undefined;
    for (const { journal, follower } of subscribers) {
      const end = this.accepted.seenBy(journal.request, 0).at(-1)!.fields;
      while (!journal.hasLast(end) && Date.now() < deadline) await pause(2);
      await follower!.cut();
      const fault = journal.judge(this.accepted, this.#expectations);
      if (fault !== undefined) wrong ??= `${JSON.stringify(journal.request)}: ${fault}`;
    }
    return wrong;
  }

  #batchOf({ device, type, count, way }: Extract<Command, { do: 'ingest' }>): LiveReading[] {
    if (way === 'new') return this.#newReadings(device, type, count);
    const same = this.accepted.readings.filter((one) => one.device === `d${device}` && one.type === `t${type}`);
    if (way === 'again') return same.slice(-Math.min(count, 20));
    // Older than any new one, and different from all of these.
    return same.length === 0
      ? []
      : this.#newReadings(device, type, count).map((reading) => ({ ...reading, ts: reading.ts - 1_800_000 }));
  }

  #newReadings(device: number, type: number, count: number, isLast = false): LiveReading[] {
    return Array.from({ length: count }, () => {
      const n = ++this.#n;
      return {
        device: `d${device}`,
        type: `t${type}`,
        ts: startMs + n,
        tags: device === 0 && !isLast ? {} : { site: `a${device}` },
        fields: {
          n,
          ...(n % 3 === 0 || isLast ? { x: n / 4 } : {}),
          ...(n % 5 === 0 || isLast ? { s: `"${n}\\\n` } : {}),
        },
      };
    });
  }

  /** Behind what is being sent; nobody waits for it. */
  #send(readings: LiveReading[]): void {
    if (readings.length === 0) return;
    this.accepted.readings.push(...readings);
    this.#sending = this.#sending.then(async () => {
      const response = await fetch(`${this.#service.url}/v1/readings`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(readings),
      });
      if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`);
    });
  }
}

/** Cuts one that is connected; one that was cut goes on from where it was. */
async function toggle(
  subscriber: { journal: Journal; follower: Follower | undefined } | undefined,
  follow: (journal: Journal) => Promise<Follower>,
): Promise<void> {
  if (!subscriber) return;
  if (subscriber.follower) {
    await subscriber.follower.cut();
    subscriber.follower = undefined;
  } else subscriber.follower = await follow(subscriber.journal);
}
