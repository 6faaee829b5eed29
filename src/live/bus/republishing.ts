/**
 * Each reading that this instance accepts, for other programs: `inlet/v1/live/DEVICE/TYPE`, JSON as in the feed. A reading is a
 * message here, which costs as much as taking many in; so only a few go out at a time, and what that is too slow for is
 * dropped and counted.
 */
import type { DurableReadings, Feed } from '../../ports/feed.js';
import type { BusEvents, MessageBus } from '../../ports/message-bus.js';
import { Readings } from '../readings.js';
import { SeriesDirectory } from '../series.js';

const root = 'inlet/v1/live/';
/** Readings that wait. */
const maxWaiting = 20_000;
/** Readings that go out before others have their turn: about half a millisecond. */
const readingsOfTurn = 64;

export class Republishing implements Feed, BusEvents {
  readonly #instance: string;
  readonly #wire: MessageBus;
  readonly #directory = new SeriesDirectory();
  #queue: Readings[] = [];
  #next = 0;
  #waiting = 0;
  #isConnected = false;
  #working: NodeJS.Immediate | undefined;
  /** Readings that went out, and that did not. */
  readonly counts = { republished: 0, dropped: 0 };

  constructor(instance: string, wire: MessageBus) {
    this.#instance = instance;
    this.#wire = wire;
  }

  start(): void {
    this.#wire.start(this);
  }

  async stop(): Promise<void> {
    clearImmediate(this.#working);
    this.#drop();
    await this.#wire.stop();
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  publish(readings: DurableReadings): void {
    if (!this.#isConnected || this.#waiting + readings.count > maxWaiting) {
      this.counts.dropped += readings.count;
      return;
    }
    this.#waiting += readings.count;
    this.#queue.push(new Readings(this.#instance, readings, this.#directory));
    this.#working ??= setImmediate(() => this.#work());
  }

  onOnline(): void {
    this.#isConnected = true;
  }

  onOffline(): void {
    this.#isConnected = false;
    this.#drop();
  }

  onMessage(): void {
    // It subscribes to nothing.
  }

  #work(): void {
    this.#working = undefined;
    for (let sent = 0; sent < readingsOfTurn && this.#queue.length > 0; sent++) {
      const readings = this.#queue[0]!;
      const { device, type } = readings.seriesOf(this.#next);
      const text = readings.text(this.#next);
      if (this.#wire.send(`${root}${device}/${type}`, Buffer.from(text))) this.counts.republished++;
      else this.counts.dropped++;
      this.#waiting--;
      if (++this.#next < readings.count) continue;
      this.#queue.shift();
      this.#next = 0;
    }
    if (this.#queue.length > 0) this.#working = setImmediate(() => this.#work());
  }

  #drop(): void {
    this.counts.dropped += this.#waiting;
    this.#waiting = 0;
    this.#queue = [];
    this.#next = 0;
  }
}
