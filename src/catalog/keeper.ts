/**
 * Fills the catalog at start and keeps its snapshot fresh. A store that is away at start is asked again in the background
 * until it has answered; what readings taught the catalog meanwhile stays.
 */
import path from 'node:path';
import { fromNanoseconds } from '../domain/timestamp.js';
import { StoreAway, type HistoryReader } from '../ports/history-store.js';
import type { Log } from '../ports/log.js';
import type { Spool } from '../ports/spool.js';
import type { Forgetting } from '../ports/catalog.js';
import { Deletions } from './deletions.js';
import type { MemoryCatalog } from './memory-catalog.js';
import { replaySpool } from './replay.js';
import { readSnapshot, writeSnapshot } from './snapshot.js';

export interface KeeperRooms {
  catalog: MemoryCatalog;
  spool: Spool;
  reader: HistoryReader;
  log: Log;
  /** The snapshot's file. */
  file: string;
}

const saveEveryMs = 60_000;
const firstRetryMs = 500;
const longestRetryMs = 15_000;
/** Fields named in a line of the log at most. */
const namedFields = 5;
/** Replaying a million readings takes about two seconds. */
const saveEveryReadings = 1_000_000;
/** After a save that took d, the next comes after so many d at the earliest. */
const savingRest = 20;
const lookEveryMs = 1_000;

export class CatalogKeeper implements Forgetting {
  readonly #rooms: KeeperRooms;
  readonly #deletions: Deletions;
  #timer: NodeJS.Timeout | undefined;
  #saving: Promise<void> | undefined;
  #isSaving = false;
  /** Whether the file stands for `#savedPosition`. */
  #hasFile = false;
  #savedPosition = 0;
  /** The newest change of a device's state that the file has. */
  #savedChange = 0;
  #savedMs = 0;
  #saveTookMs = 0;
  #retryTimer: NodeJS.Timeout | undefined;
  #asking: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(rooms: KeeperRooms) {
    this.#rooms = rooms;
    this.#deletions = new Deletions(path.join(path.dirname(rooms.file), 'deletions.ndjson'));
  }

  /** The snapshot first, then what the store knows better, then what the spool has had since. */
  async start(): Promise<void> {
    const { catalog, spool, file } = this.#rooms;
    const { position, atMs = 0 } = (await readSnapshot(file, catalog)) ?? {};
    await this.#deletions.start();
    const unknown = this.#deletions.since(position ?? 0);
    for (const { device } of unknown) catalog.forgetDevice(device);
    const isWhole = position !== undefined && position >= spool.tail && position <= spool.head;
    const isKnown = await this.#askStore(isWhole);
    const from = isWhole ? unknown.reduce((first, { before }) => Math.min(first, before), position) : spool.tail;
    await replaySpool(spool, catalog, Math.max(from, spool.tail), this.#isThere);
    catalog.presence.start(atMs);
    this.#savedPosition = spool.head;
    this.#savedMs = Date.now();
    this.#timer = setInterval(() => this.#saveWhenDue(), lookEveryMs);
    if (!isKnown) this.#askAgain(isWhole, firstRetryMs);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    clearTimeout(this.#retryTimer);
    this.#rooms.catalog.presence.stop();
    await this.#asking;
    await this.#saving;
    await this.#save();
    await this.#deletions.stop();
  }

  async forget(device: string, before: number): Promise<void> {
    const { catalog, spool } = this.#rooms;
    // An answer of the store may still name it.
    await this.#asking;
    // A snapshot that is being written may have it already.
    while (this.#isSaving) await this.#saving;
    catalog.forgetDevice(device);
    await this.#deletions.add({ device, before, head: spool.head });
    this.#hasFile = false;
    await replaySpool(spool, catalog, before, (name, position) => name === device && position >= before);
  }

  readonly #isThere = (device: string, position: number) => !this.#deletions.has(device, position);

  /** @returns whether the store answered */
  async #askStore(onlyKinds: boolean): Promise<boolean> {
    const { reader, log } = this.#rooms;
    try {
      await this.#takeKinds(reader);
      if (!onlyKinds) await this.#takeNewest(reader);
      return true;
    } catch (error) {
      if (!(error instanceof StoreAway)) throw error;
      if (this.#retryTimer === undefined)
        log.warn({ reason: error.message }, 'the store is away: it is asked for its field kinds when it is back');
      return false;
    }
  }

  #askAgain(onlyKinds: boolean, afterMs: number): void {
    this.#retryTimer = setTimeout(() => {
      this.#asking = this.#retry(onlyKinds, Math.min(afterMs * 2, longestRetryMs));
    }, afterMs);
  }

  async #retry(onlyKinds: boolean, nextMs: number): Promise<void> {
    const { spool, log } = this.#rooms;
    try {
      if (!(await this.#askStore(onlyKinds))) {
        if (!this.#isStopped) this.#askAgain(onlyKinds, nextMs);
        return;
      }
      // Corrections that the store does not have yet win over the values of the same time that it has.
      if (!onlyKinds) await replaySpool(spool, this.#rooms.catalog, spool.delivery.low, this.#isThere);
      log.info({}, "the store is back; the catalog has its fields' kinds");
    } catch (error) {
      log.error({ err: error }, 'the catalog could not be filled from the store');
    }
  }

  /** A kind that is locked already stays: readings of it are acknowledged. The store will refuse them, so that is told. */
  async #takeKinds(reader: HistoryReader): Promise<void> {
    const { catalog, log } = this.#rooms;
    const conflicts: string[] = [];
    for (const { type, fields } of await reader.kinds()) {
      const entry = catalog.addType(type);
      if (!entry) continue;
      for (const { name, kind } of fields) {
        const field = catalog.addField(entry, name, kind);
        if (field && field.kind !== kind) conflicts.push(`${type}.${name}: ${field.kind} here, ${kind} there`);
      }
    }
    if (conflicts.length === 0) return;
    log.warn(
      { count: conflicts.length, fields: conflicts.slice(0, namedFields) },
      'the store has fields as another kind and will refuse their readings, which then go to quarantine',
    );
  }

  /** When devices were heard of is not in the store; the time of their newest reading comes nearest. */
  async #takeNewest(reader: HistoryReader): Promise<void> {
    const { catalog } = this.#rooms;
    for await (const chunk of reader.newest()) {
      for (const { type: typeName, device, tags, fields } of chunk) {
        const type = catalog.addType(typeName);
        const series = type && catalog.addSeries(type, device, tags);
        if (!series) continue;
        for (const { name, kind, value, ts } of fields) {
          const field = catalog.addField(series.typeEntry, name, kind);
          const { ms, ns } = fromNanoseconds(ts);
          if (field) catalog.observe([{ series, ms, ns, fields: { [name]: value } }], ms);
        }
      }
    }
  }

  /** A start replays what came since, so a save is due by time and by readings; a large catalog is not saved all the time. */
  #saveWhenDue(): void {
    if (this.#isSaving) return;
    const sinceMs = Date.now() - this.#savedMs;
    const isDue = sinceMs >= saveEveryMs || this.#rooms.spool.head - this.#savedPosition >= saveEveryReadings;
    if (isDue && sinceMs >= this.#saveTookMs * savingRest) this.#saving = this.#save();
  }

  async #save(): Promise<void> {
    const { catalog, spool, file, log } = this.#rooms;
    const position = spool.head;
    const { lastChange } = catalog.presence;
    if (position === this.#savedPosition && lastChange === this.#savedChange && this.#hasFile) return;
    this.#isSaving = true;
    const startedMs = Date.now();
    try {
      await writeSnapshot(file, catalog, { position, atMs: startedMs });
      this.#hasFile = true;
      this.#savedPosition = position;
      this.#savedChange = lastChange;
      await this.#deletions.settle(position, spool.tail);
    } catch (error) {
      log.error({ err: error }, 'the catalog could not be saved; the next start takes longer');
    }
    this.#savedMs = Date.now();
    this.#saveTookMs = this.#savedMs - startedMs;
    this.#isSaving = false;
  }
}
