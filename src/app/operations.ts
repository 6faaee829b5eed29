/** The figures of a running service, each counted where the thing happens. */
import type { Settings } from '../config/settings.js';
import type { Ingest } from '../pipeline/ingest.js';
import type { Inventory } from '../ports/catalog.js';
import { systemClock } from '../ports/clock.js';
import type { LiveFeed } from '../ports/feed.js';
import type { BusOperations, Operations } from '../ports/operations.js';
import type { Quarantine } from '../ports/quarantine.js';
import type { Spool } from '../ports/spool.js';

export interface WatchedRooms {
  ingest: Ingest;
  spool: Spool;
  quarantine: Quarantine;
  inventory: Inventory;
  feed: LiveFeed;
  counters: { streams: () => number };
  settings: Readonly<Settings>;
  bus: BusOperations | undefined;
}

export function watchOperations(rooms: WatchedRooms): Operations {
  const { ingest, spool, quarantine, inventory, feed, counters, settings, bus } = rooms;
  const startedMs = systemClock.now();
  return {
    stats() {
      const now = systemClock.now();
      const status = spool.status();
      // The spool's view of the delivery, which changes in one go with what is pending.
      const { stored, quarantined } = spool.delivery;
      const { replayed, discarded } = quarantine.counts;
      const { devices, series } = inventory.counts();
      return {
        received: ingest.received,
        accepted: spool.head,
        rejected: ingest.rejected,
        stored: stored + replayed,
        quarantined: quarantined - replayed - discarded,
        discarded,
        pending: status.pendingReadings,
        streams: counters.streams(),
        subscriptions: feed.subscriptionCount,
        spoolBytes: status.totalBytes,
        oldestPendingMs: status.oldestPendingMs === null ? null : Math.max(0, now - status.oldestPendingMs),
        uptimeMs: now - startedMs,
        damaged: status.damagedReadings,
        inFlightBytes: ingest.inFlightBytes,
        devices,
        series,
        ...(bus && { bus: bus.bus() }),
      };
    },
    unready() {
      return ingest.refusal(settings.maxBodyBytes)?.message;
    },
  };
}
