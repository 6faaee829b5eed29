/**
 * A message becomes a receipt, the same for both ways in. What can never be taken is refused at once, and the message is
 * done with. What cannot be taken now (no room, too much on its way) is held and tried again until it can: its sender
 * gets no PUBACK meanwhile, and is not read from.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Refusal, type Receipt } from '../../domain/refusal.js';
import type { Ingest } from '../../pipeline/ingest.js';
import type { Log } from '../../ports/log.js';
import type { MqttMetrics, Way } from './metrics.js';

export interface Message {
  /** The device that the topic names. */
  device: string;
  payload: Buffer;
  contentType?: string | undefined;
}

export interface IntakeRooms {
  ingest: Ingest;
  metrics: MqttMetrics;
  log: Log;
  maxPayloadBytes: number;
}

const retryMs = 1000;
const defaultMediaType = 'application/json';

export class Intake {
  readonly #way: Way;
  readonly #rooms: IntakeRooms;
  readonly #stopping = new AbortController();
  #underWay = 0;
  #onIdle: (() => void) | undefined;

  constructor(way: Way, rooms: IntakeRooms) {
    this.#way = way;
    this.#rooms = rooms;
  }

  /**
   * @param signal that the sender is gone: then a message that is held is given up
   * @returns undefined when it was given up: nothing of it is kept, and nothing may be acknowledged
   */
  async take(message: Message, signal: AbortSignal): Promise<Receipt | Refusal | undefined> {
    this.#underWay++;
    try {
      return await this.#take(message, signal);
    } finally {
      if (--this.#underWay === 0) this.#onIdle?.();
    }
  }

  /** Gives up what is held, and waits for what is being made durable. The pipeline has to be stopped before. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    if (this.#underWay === 0) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
  }

  async #take({ device, payload, contentType }: Message, signal: AbortSignal): Promise<Receipt | Refusal | undefined> {
    const { ingest, metrics, log } = this.#rooms;
    try {
      const mediaType = contentType || defaultMediaType;
      const batch = this.#tooMuch(payload) ?? ingest.decode(payload, { mediaType, numbered: false });
      if (batch instanceof Refusal) {
        metrics.message(this.#way, 'refused');
        return batch;
      }
      batch.device ??= device;
      batch.only = device;
      let outcome = await ingest.accept(batch, payload.length);
      for (; outcome instanceof Refusal; outcome = await ingest.accept(batch, payload.length)) {
        if (!(await this.#held(outcome, signal))) return undefined;
      }
      metrics.message(this.#way, outcome.receipt.rejected > 0 ? 'rejected' : 'accepted');
      return outcome.receipt;
    } catch (error) {
      // A bug of ours. Silence is the only answer that is no acknowledgement.
      log.error({ err: error, device }, 'an MQTT message could not be processed');
      return undefined;
    }
  }

  #tooMuch(payload: Buffer): Refusal | undefined {
    const { maxPayloadBytes } = this.#rooms;
    if (payload.length <= maxPayloadBytes) return undefined;
    return new Refusal('too_large', `a payload has at most ${maxPayloadBytes} bytes, this one has ${payload.length}`);
  }

  /** @returns whether it may be tried again now */
  async #held(refusal: Refusal, signal: AbortSignal): Promise<boolean> {
    if (refusal.code === 'stopping') return false;
    const { metrics } = this.#rooms;
    metrics.held(this.#way, 1);
    try {
      await pause(refusal.retryAfterMs ?? retryMs, undefined, {
        signal: AbortSignal.any([signal, this.#stopping.signal]),
      });
      return true;
    } catch {
      return false;
    } finally {
      metrics.held(this.#way, -1);
    }
  }
}
