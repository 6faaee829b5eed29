/** The feed on a real spool, without a service around it: what is published was durable before. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Test } from 'tap';
import { MemoryCatalog } from '../../src/catalog/memory-catalog.js';
import { LineWriter } from '../../src/domain/line-writer.js';
import { InstanceFeed, type FeedRooms } from '../../src/live/feed.js';
import type { Gap, Presence } from '../../src/domain/generated/live-frames.js';
import type { FieldValue } from '../../src/domain/reading.js';
import { Refusal } from '../../src/domain/refusal.js';
import type { Feed, LiveMessage, Subscriber, SubscriptionHandle } from '../../src/ports/feed.js';
import type { SubscriptionFilter } from '../../src/domain/generated/live-frames.js';
import { SegmentedSpool } from '../../src/spool/log.js';
import { feedHistory } from '../../src/history/feed-history.js';
import { MemoryReader } from '../history/memory-reader.js';

export const startMs = 1_700_000_000_000;
export const instance = '0a1b2c3d';

/** Turns of the event loop in which nobody had anything to do. */
const idleTurns = 3;
const idleTurnMs = 0.1;

/** Ends when what was published has gone out: on a busy machine the feed leaves some turns of the loop to others first. */
export async function turn(): Promise<void> {
  for (let idle = 0; idle < idleTurns;) {
    const beganMs = performance.now();
    await nextTurn();
    idle = performance.now() - beganMs < idleTurnMs ? idle + 1 : 0;
  }
}

export interface RigReading {
  device?: string;
  ms?: number;
  fields: Record<string, FieldValue>;
}

export class FeedRig {
  /** How far the feed's clock is ahead of ours. */
  aheadMs = 0;
  readonly clock = { now: () => Date.now() + this.aheadMs };
  readonly catalog = new MemoryCatalog(this.clock, []);
  readonly type = this.catalog.addType('pump')!;
  readonly spool: SegmentedSpool;
  /** Who else hears of what is published. */
  others: Feed[] = [];
  #feed: InstanceFeed | undefined;

  constructor(directory: string, keepBytes = 256 * 1024 * 1024) {
    this.spool = new SegmentedSpool({ directory, maxBytes: 128 * 1024 * 1024, keepBytes });
  }

  static async open(t: Test, rooms: Partial<FeedRooms> = {}, directory = t.testdir()): Promise<FeedRig> {
    const rig = new FeedRig(directory);
    await rig.spool.start(null);
    const feed = new InstanceFeed({
      instance,
      inventory: rig.catalog,
      clock: rig.clock,
      log: { info: () => undefined, warn: () => undefined, error: (values) => t.fail('an error was logged', values) },
      position: rig.spool.head,
      spool: rig.spool,
      reader: new MemoryReader(),
      history: feedHistory,
      progress: { untilStored: async () => true },
      ...rooms,
    });
    rig.#feed = feed;
    rig.catalog.presence.onChange = (change) => feed.tellPresence(change);
    rig.catalog.presence.start(0);
    feed.start();
    t.teardown(async () => {
      feed.stop();
      rig.catalog.presence.stop();
      await rig.spool.stop();
    });
    return rig;
  }

  get feed(): InstanceFeed {
    return this.#feed!;
  }

  connect(): Reader {
    return new Reader(this.feed);
  }

  /** One batch: durable, known to the catalog, published. @returns the position of its first reading */
  async publish(...readings: RigReading[]): Promise<number> {
    const lines = new LineWriter();
    const values = readings.map(({ device = 'd1', ms = startMs, fields }) => {
      const series = this.catalog.addSeries(this.type, device, {})!;
      lines.begin(series.prefix, series.isAscii);
      for (const [name, value] of Object.entries(fields)) {
        const kind = typeof value === 'string' ? 'string' : 'float';
        this.catalog.addField(this.type, name, kind);
        lines.field(name, value, kind);
      }
      lines.end(ms, 0);
      return { series, ms, ns: 0, fields };
    });
    const { count, bytes } = lines;
    const payload = bytes.toString();
    const { position, durable } = this.spool.append({ payload, count, late: false, arrivedMs: this.clock.now() });
    await durable;
    this.catalog.observe(values, this.clock.now());
    for (const feed of [this.feed, ...this.others]) feed.publish({ position, count, payload, bytes });
    return position;
  }
}

export interface SeenMessage {
  name: string;
  kind: LiveMessage['kind'];
  cursor?: string;
  readings?: { device: string; ts: number; fields: Record<string, unknown> }[];
  history?: { readings: { ts: number; fields: Record<string, unknown> }[]; done: boolean };
  snapshot?: { fields: Record<string, unknown> }[];
  conflated?: number;
  gap?: Gap;
  presence?: Presence[];
}

/** A connection that keeps what it is sent, and reads as much of it as it is told to. */
export class Reader implements Subscriber {
  readonly messages: SeenMessage[] = [];
  readonly connection;
  unread = 0;
  /** Bytes of everything that it was sent. */
  sentBytes = 0;
  slow = 0;
  /** Whether it takes what it is sent. */
  isReading = true;
  #lastName = 0;

  constructor(feed: InstanceFeed) {
    this.connection = feed.connect(this);
  }

  send(name: string, message: LiveMessage): void {
    const { kind } = message;
    this.messages.push({ ...(JSON.parse(`{${message.rest}`) as SeenMessage), name, kind });
    this.sentBytes += message.bytes;
    if (!this.isReading) this.unread += message.bytes;
    else setImmediate(() => this.connection.drained());
  }

  unreadBytes(): number {
    return this.unread;
  }

  tooSlow(): void {
    this.slow++;
  }

  /** Takes everything that is under way. */
  read(): void {
    this.unread = 0;
    this.connection.drained();
  }

  subscribe(request: SubscriptionFilter): SubscriptionHandle {
    const handle = this.connection.subscribe(`s${++this.#lastName}`, request);
    if (handle instanceof Refusal) throw handle;
    void handle.begin();
    return handle;
  }

  /** What was told of devices so far, each as `boiler-7 online`. */
  get presence(): string[] {
    return this.messages.flatMap(({ presence = [] }) => presence.map(({ device, state }) => `${device} ${state}`));
  }

  /** Fields of all live readings so far. */
  get fields(): Record<string, unknown>[] {
    return this.messages.flatMap(({ readings = [] }) => readings.map(({ fields }) => fields));
  }
}
