/**
 * The live bus: instances that share a broker give each other what they accept, so that the feed of each of them has the
 * readings of all. Nothing of it holds up an acknowledgement: a broker that is away costs the others' live readings, and
 * when it is back, what was missed is fetched. Format: message.ts; topics: topics.ts; how a hole is filled: peer.ts.
 */
import type { Clock } from '../../ports/clock.js';
import type { DurableReadings, Feed } from '../../ports/feed.js';
import type { Log } from '../../ports/log.js';
import type { BusEvents, MessageBus } from '../../ports/message-bus.js';
import type { Spool } from '../../ports/spool.js';
import { maxInstances } from '../cursor.js';
import type { SharedFeed } from '../shared-feed.js';
import { Answering } from './answering.js';
import { noCounts, type BusCounts } from './counts.js';
import { LineCheck } from './line-check.js';
import { decodeAnswer, decodeBatch, decodeFetch, decodeStatus, encodeStatus, type Status } from './message.js';
import { Outgoing } from './outgoing.js';
import { Peer, type PeerRooms } from './peer.js';
import { Questions } from './questions.js';
import { parseTopic, topicOf } from './topics.js';

export interface BusRooms {
  instance: string;
  wire: MessageBus;
  feed: SharedFeed;
  spool: Spool;
  clock: Clock;
  log: Log;
  learn: PeerRooms['learn'];
}

/** An instance that was not heard of for so long is no part of the feed any more. */
const forgetAfterMs = 7 * 24 * 3600 * 1000;
/** One that was away for so long makes room for a new one. */
const replaceAfterMs = 3600 * 1000;
const statusEveryMs = 1_000;
/** An instance that accepts nothing says that it is there. */
const quietStatusMs = 10_000;
/** How long a start waits to hear of the others. */
const settleWithinMs = 1_500;

export interface BusState extends Readonly<BusCounts> {
  isConnected: boolean;
  peers: { instance: string; isOnline: boolean; position: number; behind: number; heardMs: number }[];
  /** Instances that are there and that there is no room for in a cursor. */
  refused: number;
}

export class LiveBus implements Feed, BusEvents {
  readonly #rooms: BusRooms;
  readonly #counts = noCounts();
  readonly #outgoing: Outgoing;
  readonly #questions: Questions;
  readonly #answering: Answering;
  readonly #peers = new Map<string, Peer>();
  readonly #refused = new Set<string>();
  readonly #check = new LineCheck();
  #greetings: Promise<void>[] = [];
  #isConnected = false;
  #isSettled = false;
  #settled: () => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;
  #told = '';
  #toldMs = 0;

  constructor(rooms: BusRooms) {
    this.#rooms = rooms;
    const { instance, wire, spool } = rooms;
    this.#outgoing = new Outgoing((payload) => wire.send(topicOf(instance, 'batch'), payload), this.#counts);
    this.#questions = new Questions(instance, (to, payload) => wire.send(topicOf(to, 'fetch'), payload));
    this.#answering = new Answering(spool, (to, payload) => void wire.send(topicOf(to, 'answer'), payload));
  }

  /** Returns when it has heard of the others, or the broker is away. */
  async start(): Promise<void> {
    const { wire, feed } = this.#rooms;
    feed.knowsAll(false);
    this.#timer = setInterval(() => this.#tick(), statusEveryMs);
    const settled = new Promise<void>((resolve) => (this.#settled = resolve));
    const late = setTimeout(this.#settled, settleWithinMs);
    wire.start(this);
    await settled;
    clearTimeout(late);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#outgoing.flush();
    this.#tell('offline');
    for (const peer of this.#peers.values()) peer.end();
    await this.#rooms.wire.stop();
    this.#questions.failAll();
  }

  publish(readings: DurableReadings): void {
    this.#outgoing.publish(readings);
  }

  get state(): BusState {
    const peers = [...this.#peers.values()].map(({ name, position, contact: { isOnline, head, heardMs } }) => {
      return { instance: name, isOnline, position, behind: Math.max(0, head - position), heardMs };
    });
    return { ...this.#counts, isConnected: this.#isConnected, peers, refused: this.#refused.size };
  }

  onOnline(): void {
    this.#isConnected = true;
    this.#tell('online');
  }

  onOffline(): void {
    this.#isConnected = this.#isSettled = false;
    this.#rooms.feed.knowsAll(false);
    this.#questions.failAll();
    for (const peer of this.#peers.values()) peer.contact.away();
    this.#settled();
  }

  onMessage(topic: string, payload: Buffer): void {
    const parsed = parseTopic(topic);
    if (!parsed) return;
    const { instance, subject } = parsed;
    const isOwn = instance === this.#rooms.instance;
    if (subject === 'batch' && !isOwn) this.#takeBatch(instance, payload);
    else if (subject === 'status') this.#takeStatus(instance, payload, isOwn);
    else if (subject === 'fetch' && isOwn) this.#takeFetch(payload);
    else if (subject === 'answer' && isOwn) this.#takeAnswer(payload);
  }

  #takeBatch(instance: string, payload: Buffer): void {
    const stretch = decodeBatch(payload);
    if (!stretch) this.#counts.malformed++;
    else (this.#peers.get(instance) ?? this.#meet(instance, undefined))?.take(stretch);
  }

  #takeStatus(instance: string, payload: Buffer, isOwn: boolean): void {
    // Somebody has cleared it.
    if (payload.length === 0) return;
    const status = decodeStatus(payload);
    if (!status) {
      this.#counts.malformed++;
      return;
    }
    // What the broker has kept of the others came before our own word. It has kept one of ours as well, from before.
    if (isOwn) return status.atMs === this.#toldMs ? this.#settle() : undefined;
    const peer = this.#peers.get(instance);
    if (peer) peer.hear(status);
    else if (this.#rooms.clock.now() - status.atMs < forgetAfterMs) this.#meet(instance, status);
  }

  #takeFetch(payload: Buffer): void {
    const fetch = decodeFetch(payload);
    if (!fetch) {
      this.#counts.malformed++;
      return;
    }
    this.#answering.answer(fetch).catch((error: unknown) => {
      this.#rooms.log.warn({ err: error }, 'another instance could not be answered');
    });
  }

  #takeAnswer(payload: Buffer): void {
    const answer = decodeAnswer(payload);
    if (answer) this.#questions.take(answer);
    else this.#counts.malformed++;
  }

  #meet(instance: string, status: Status | undefined): Peer | undefined {
    const { feed, clock, log, learn } = this.#rooms;
    if (!this.#makeRoom()) {
      if (!this.#refused.has(instance) && this.#refused.size < maxInstances)
        log.warn(
          { instance, maxInstances },
          'there are more instances than a cursor has room for; this one is left out',
        );
      if (this.#refused.size < maxInstances) this.#refused.add(instance);
      return undefined;
    }
    this.#refused.delete(instance);
    const questions = this.#questions;
    const peer = new Peer(instance, { feed, questions, check: this.#check, counts: this.#counts, clock, log, learn });
    this.#peers.set(instance, peer);
    log.info({ instance }, 'live readings are shared with another instance');
    this.#greetings.push(peer.greet(status));
    return peer;
  }

  #makeRoom(): boolean {
    if (this.#peers.size + 1 < maxInstances) return true;
    const now = this.#rooms.clock.now();
    const [oldest] = [...this.#peers.values()]
      .filter((peer) => !peer.contact.isOnline)
      .sort((a, b) => a.contact.heardMs - b.contact.heardMs);
    if (!oldest || now - oldest.contact.heardMs < replaceAfterMs) return false;
    this.#forget(oldest);
    return true;
  }

  #forget(peer: Peer): void {
    const { feed, wire, log } = this.#rooms;
    log.info({ instance: peer.name }, 'another instance was not heard of for long; it is forgotten');
    peer.end();
    this.#peers.delete(peer.name);
    feed.forgetPeer(peer.name);
    wire.send(topicOf(peer.name, 'status'), Buffer.alloc(0), true);
  }

  #settle(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    void Promise.all(this.#greetings.splice(0)).then(() => {
      this.#settled();
      if (this.#isSettled) this.#rooms.feed.knowsAll(true);
    });
  }

  #tick(): void {
    const { clock, spool } = this.#rooms;
    const now = clock.now();
    for (const peer of this.#peers.values()) {
      peer.contact.lookAtTheClock();
      if (now - peer.contact.heardMs > forgetAfterMs) this.#forget(peer);
    }
    const state = `${spool.head} ${spool.tail} ${spool.delivery.low}`;
    if (this.#isConnected && (state !== this.#told || now - this.#toldMs >= quietStatusMs)) this.#tell('online');
  }

  #tell(state: Status['state']): void {
    const { instance, wire, spool, clock } = this.#rooms;
    const { head, tail, delivery } = spool;
    this.#outgoing.flush();
    this.#told = `${head} ${tail} ${delivery.low}`;
    this.#toldMs = clock.now();
    const status = { state, atMs: this.#toldMs, head, tail, low: delivery.low };
    wire.send(topicOf(instance, 'status'), encodeStatus(status), true);
  }
}

/** The last will: what is known of its progress stays as it was, so it is not kept. */
export function lastWill(instance: string): { topic: string; payload: Buffer } {
  const status: Status = { state: 'offline', atMs: 0, head: 0, tail: 0, low: 0 };
  return { topic: topicOf(instance, 'status'), payload: encodeStatus(status) };
}
