/** Instances on a bus without a broker: feeds on real spools, and messages that the test may hold back or lose. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Test } from 'tap';
import { Learner } from '../../../src/catalog/learner.js';
import { LiveBus } from '../../../src/live/bus/bus.js';
import type { BusEvents, MessageBus } from '../../../src/ports/message-bus.js';
import { FeedRig } from '../feed-rig.js';

/** Gives each message to all who are connected, in order, but for those that `loses` names. */
export class Exchange {
  loses: (topic: string, payload: Buffer) => boolean = () => false;
  readonly #kept = new Map<string, Buffer>();
  readonly #wires = new Set<Wire>();

  connect(wire: Wire): void {
    this.#wires.add(wire);
    for (const [topic, payload] of this.#kept) wire.deliver(topic, payload);
  }

  disconnect(wire: Wire): void {
    this.#wires.delete(wire);
  }

  send(topic: string, payload: Buffer, isKept: boolean): void {
    if (this.loses(topic, payload)) return;
    if (isKept) this.#kept.set(topic, payload);
    for (const wire of this.#wires) wire.deliver(topic, payload);
  }
}

export class Wire implements MessageBus {
  readonly #exchange: Exchange;
  #events: BusEvents | undefined;
  isConnected = false;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  start(events: BusEvents): void {
    this.#events = events;
    this.connect();
  }

  connect(): void {
    this.isConnected = true;
    this.#exchange.connect(this);
    this.#events!.onOnline();
  }

  disconnect(): void {
    this.isConnected = false;
    this.#exchange.disconnect(this);
    this.#events!.onOffline();
  }

  send(topic: string, payload: Buffer, isKept = false): boolean {
    if (!this.isConnected) return false;
    setImmediate(() => this.#exchange.send(topic, payload, isKept));
    return true;
  }

  deliver(topic: string, payload: Buffer): void {
    if (this.isConnected) setImmediate(() => this.#events!.onMessage(topic, payload));
  }

  async stop(): Promise<void> {
    if (this.isConnected) this.disconnect();
  }
}

export interface BusInstance {
  name: string;
  rig: FeedRig;
  bus: LiveBus;
  wire: Wire;
}

/** Instances that know each other. */
export async function openInstances(t: Test, exchange: Exchange, ...names: string[]): Promise<BusInstance[]> {
  const root = t.testdir();
  const instances: BusInstance[] = [];
  for (const name of names) {
    const directory = path.join(root, name);
    mkdirSync(directory);
    const rig = await FeedRig.open(t, { instance: name }, directory);
    instances.push(await openInstance(t, exchange, name, rig));
  }
  return instances;
}

async function openInstance(t: Test, exchange: Exchange, instance: string, rig: FeedRig): Promise<BusInstance> {
  const wire = new Wire(exchange);
  const learner = new Learner(rig.catalog);
  const silent = () => undefined;
  const bus = new LiveBus({
    instance,
    wire,
    feed: rig.feed,
    spool: rig.spool,
    clock: rig.clock,
    log: { info: silent, warn: silent, error: silent },
    learn: (lines, arrivedMs) => learner.learn(lines, arrivedMs),
  });
  rig.others.push(bus);
  t.teardown(() => bus.stop());
  await bus.start();
  return { name: instance, rig, bus, wire };
}
