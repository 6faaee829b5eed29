/** The live bus and what is published for other programs, as the settings ask for them. */
import type { Logger } from 'pino';
import { Learner } from '../catalog/learner.js';
import type { MemoryCatalog } from '../catalog/memory-catalog.js';
import type { Settings } from '../config/settings.js';
import { lastWill, LiveBus } from '../live/bus/bus.js';
import { Republishing } from '../live/bus/republishing.js';
import { subscriptionsOf } from '../live/bus/topics.js';
import type { InstanceFeed } from '../live/feed.js';
import { systemClock } from '../ports/clock.js';
import type { Feed } from '../ports/feed.js';
import type { BusOperations, Stats } from '../ports/operations.js';
import type { Spool } from '../ports/spool.js';
import { BusConnection } from '../transports/mqtt/bus-connection.js';

export interface LiveBusRooms {
  feed: InstanceFeed;
  spool: Spool;
  catalog: MemoryCatalog;
  instance: string;
  log: Logger;
  settings: Readonly<Settings>;
}

export interface StartedBus extends BusOperations {
  /** Where what is accepted is published, in the place of the feed alone. */
  feed: Feed;
  stop(): Promise<void>;
}

/** Of batches that the broker has not taken. */
const maxUnsentBytes = 8 * 1024 * 1024;
const maxUnsentRepublishedBytes = 1024 * 1024;

/** @returns undefined without a broker */
export async function startLiveBus(rooms: LiveBusRooms): Promise<StartedBus | undefined> {
  const { feed, spool, catalog, instance, log, settings } = rooms;
  const { url, republish } = settings.mqtt;
  if (url === undefined) return undefined;
  const learner = new Learner(catalog);
  const wire = new BusConnection({
    url,
    clientId: `inlet-${instance}-bus`,
    subscriptions: subscriptionsOf(instance),
    will: lastWill(instance),
    log,
    maxUnsentBytes,
  });
  const learn = (lines: string, arrivedMs: number) => learner.learn(lines, arrivedMs);
  const bus = new LiveBus({ instance, wire, feed, spool, clock: systemClock, log, learn });
  const republishing = republish === true ? new Republishing(instance, openForPrograms(rooms, url)) : undefined;
  republishing?.start();
  await bus.start();
  const feeds: Feed[] = [feed, bus, ...(republishing ? [republishing] : [])];
  return {
    feed: {
      publish(readings) {
        for (const one of feeds) one.publish(readings);
      },
    },
    bus: () => statsOf(instance, bus, republishing),
    async stop() {
      await Promise.all([bus.stop(), republishing?.stop()]);
    },
  };
}

function openForPrograms({ instance, log }: LiveBusRooms, url: string): BusConnection {
  const maxUnsentBytes = maxUnsentRepublishedBytes;
  return new BusConnection({
    url,
    clientId: `inlet-${instance}-live`,
    subscriptions: [],
    will: undefined,
    log,
    maxUnsentBytes,
  });
}

function statsOf(instance: string, bus: LiveBus, republishing: Republishing | undefined): NonNullable<Stats['bus']> {
  const { isConnected, peers, ...counts } = bus.state;
  const now = systemClock.now();
  return {
    connected: isConnected,
    instance,
    peers: peers.map(({ instance: name, isOnline, position, behind, heardMs }) => {
      return { instance: name, online: isOnline, position, behind, heardMsAgo: now - heardMs };
    }),
    ...counts,
    republished: republishing?.counts.republished ?? 0,
    republishDropped: republishing?.counts.dropped ?? 0,
  };
}
