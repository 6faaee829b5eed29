/**
 * Delivers batches. A normalized line is InfluxDB's own, so the payload goes as it is, in one request; a second write of
 * the same points changes nothing there, which makes delivery idempotent.
 *
 * The client's own way to write, with its buffer and retries, is not used: the spool is the only owner of retries, and the
 * client's automatic flush calls a failed write a success.
 *
 * Order. Of two readings with one identity the later accepted has to win, and it does as long as the server carries writes
 * out in the order in which we give them; two that are given at once have no identity in common. A write that was given up
 * breaks that: the server may have all of its bytes and carry them out when it comes round again. Nothing newer is sent
 * before the same batch was written again and answered, which shows that the server works again, and before `settleMs` have
 * passed in which what had waited there longer than that answered write is done too. A server, or a proxy before it, that
 * keeps a request for longer than this after it answered the same one again can still bring an old value back, until the
 * next write of that reading.
 */
import { HttpError } from '@influxdata/influxdb-client';
import { setTimeout as pause } from 'node:timers/promises';
import type { DeliveryState, HistoryWriter, RemoveResult, WriteBatch, WriteResult } from '../../ports/history-store.js';
import { describeFailure, mayStillHappen } from './errors.js';
import { excerpt } from './excerpt.js';
import { refusedLines } from './line-errors.js';
import { StatementFailed } from './query.js';
import { removeDevice } from './remove-device.js';
import type { Server, ServerProbe } from './server.js';
import type { InfluxSettings } from './settings.js';
import type { InfluxTransport } from './transport.js';

const settleMs = 1000;
const notFound = 404;

export class InfluxWriter implements HistoryWriter {
  readonly keepsDeliveryState = false;
  readonly #probe: ServerProbe;
  readonly #closing = new AbortController();
  /** Names the last request that was given up and may still happen. */
  #doubt: symbol | undefined;
  /** Batches of which that is so: the answer to another one, from another shard, may say nothing of them. */
  readonly #givenUp = new WeakSet<WriteBatch>();
  /** A device whose removal was given up and may still happen: then it would take newer readings with it. */
  #removalInDoubt: string | undefined;
  #endingRemoval: Promise<Extract<RemoveResult, { outcome: 'temporary' }> | undefined> | undefined;
  readonly #transport: InfluxTransport;
  readonly #settings: InfluxSettings;

  constructor(transport: InfluxTransport, probe: ServerProbe, settings: InfluxSettings) {
    this.#transport = transport;
    this.#settings = settings;
    this.#probe = probe;
  }

  deliveryState(): Promise<null> {
    return Promise.resolve(null);
  }

  prepare(): void {
    // A payload goes as it is.
  }

  async write(batch: WriteBatch, _state: DeliveryState): Promise<WriteResult> {
    if (batch.count === 0) return { outcome: 'stored' };
    const removal = await this.#endRemovalInDoubt();
    if (removal) return removal;
    const doubt = this.#doubt;
    const result = await this.#attempt(batch);
    if (result.outcome === 'temporary') this.#probe.forget();
    else if (this.#givenUp.delete(batch) || doubt) await this.#settle(doubt);
    return result;
  }

  async #attempt(batch: WriteBatch): Promise<WriteResult> {
    let server: Server | undefined;
    try {
      server = await this.#probe.find();
      await this.#transport.write(server.writePath, batch.payload);
      return { outcome: 'stored' };
    } catch (error) {
      if (server && mayStillHappen(error)) {
        this.#doubt = Symbol();
        this.#givenUp.add(batch);
      }
      return resultOf(error, batch, server);
    }
  }

  async remove(device: string): Promise<RemoveResult> {
    const removal = await this.#endRemovalInDoubt();
    if (removal) return removal;
    const doubt = this.#doubt;
    const result = await this.#attemptRemoval(device);
    if (result.outcome === 'temporary') this.#probe.forget();
    else if (doubt) await this.#settle(doubt);
    return result;
  }

  async #attemptRemoval(device: string): Promise<RemoveResult> {
    let server: Server | undefined;
    try {
      server = await this.#probe.find();
      if ((await removeDevice(this.#transport, this.#settings, server, device)) === 'removed')
        return { outcome: 'removed' };
      return { outcome: 'permanent', reason: `InfluxDB ${server.major}.x does not delete readings` };
    } catch (error) {
      if (server && mayStillHappen(error)) {
        this.#doubt = Symbol();
        this.#removalInDoubt = device;
      }
      if (error instanceof StatementFailed) return { outcome: 'temporary', reason: excerpt(error.message) };
      const failure = describeFailure(error);
      if (!failure) throw error;
      return failure;
    }
  }

  /** The same as with a write: nothing newer is sent before the removal was carried out again and answered. */
  async #endRemovalInDoubt(): Promise<Extract<RemoveResult, { outcome: 'temporary' }> | undefined> {
    const device = this.#removalInDoubt;
    if (device === undefined) return undefined;
    // Once for all who want to write: asked again later, it would take what one of them has written meanwhile.
    this.#endingRemoval ??= this.#endRemoval(device).finally(() => (this.#endingRemoval = undefined));
    return this.#endingRemoval;
  }

  async #endRemoval(device: string): Promise<Extract<RemoveResult, { outcome: 'temporary' }> | undefined> {
    const doubt = this.#doubt;
    const result = await this.#attemptRemoval(device);
    if (result.outcome === 'temporary') {
      this.#probe.forget();
      return result;
    }
    await this.#settle(doubt);
    this.#removalInDoubt = undefined;
    return undefined;
  }

  /** @param doubt there was when a request was sent that is answered now */
  async #settle(doubt: symbol | undefined): Promise<void> {
    await pause(settleMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    // What was given up meanwhile is still in doubt.
    if (this.#doubt === doubt) this.#doubt = undefined;
  }

  /** InfluxDB has retention policies of its own. */
  retain(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.#closing.abort();
  }
}

function resultOf(error: unknown, batch: WriteBatch, server: Server | undefined): WriteResult {
  const refused = refusedLines(error, batch);
  if (refused) return { outcome: 'partial', refused };
  const failure = describeFailure(error);
  if (!failure) throw error;
  const isMissing = error instanceof HttpError && error.statusCode === notFound;
  if (!isMissing || server?.notMade === undefined) return failure;
  return { ...failure, reason: `${failure.reason}; and it could not be made: ${server.notMade}` };
}
