/**
 * A message becomes a receipt, the same for both ways in. What can never be taken is refused at once, and the message is
 * done with. What cannot be taken now (no room, too much on its way) is held and tried again until it can: its sender
 * gets no PUBACK meanwhile, and is not read from.
 *
 * Most messages have a single reading. So what waits for the same sync waits together: with a promise for each message,
 * and its decoded batch kept until then, a message took half as much time again.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Refusal, type Receipt } from '../../domain/refusal.js';
import type { Encoding } from '../../pipeline/batch-taker.js';
import type { Admitted, Ingest } from '../../pipeline/ingest.js';
import type { Log } from '../../ports/log.js';
import type { MqttMetrics, Way } from './metrics.js';

export interface Message {
  /** The device that the topic names. */
  readonly device: string;
  readonly payload: Buffer;
  readonly contentType?: string | undefined;
  /** That the sender is gone: then a message that is held is given up. */
  readonly gone: AbortSignal;
  /**
   * Called once. Accepted readings are durable then.
   * @param outcome undefined when the message was given up: nothing of it is kept, and nothing may be acknowledged
   */
  settle(outcome: Receipt | Refusal | undefined): void;
}

export interface IntakeRooms {
  ingest: Ingest;
  metrics: MqttMetrics;
  log: Log;
  maxPayloadBytes: number;
}

/** Messages that become durable together. */
interface Group {
  readonly kept: Admitted['kept'];
  readonly messages: Message[];
  readonly receipts: Receipt[];
}

const retryMs = 1000;
const json: Encoding = { mediaType: 'application/json', numbered: false };

export class Intake {
  readonly #way: Way;
  readonly #rooms: IntakeRooms;
  readonly #stopping = new AbortController();
  #group: Group | undefined;
  #underWay = 0;
  #onIdle: (() => void) | undefined;

  constructor(way: Way, rooms: IntakeRooms) {
    this.#way = way;
    this.#rooms = rooms;
  }

  take(message: Message): void {
    this.#underWay++;
    this.#try(message);
  }

  /** Gives up what is held, and waits for what is being made durable. The pipeline has to be stopped before. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    if (this.#underWay === 0) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
  }

  #try(message: Message): void {
    try {
      const admitted = this.#admit(message);
      if (admitted) this.#wait(message, admitted);
    } catch (error) {
      this.#fail(message, error);
    }
  }

  /** @returns undefined when that was the end of it for now */
  #admit(message: Message): Admitted | undefined {
    const { ingest, metrics } = this.#rooms;
    const { device, payload, contentType } = message;
    const encoding = contentType ? { mediaType: contentType, numbered: false } : json;
    const batch = this.#tooMuch(payload) ?? ingest.decode(payload, encoding);
    if (batch instanceof Refusal) {
      metrics.messages(this.#way, 'refused', 1);
      this.#end(message, batch);
      return undefined;
    }
    batch.device ??= device;
    batch.only = device;
    const admitted = ingest.admit(batch, payload.length);
    if (!(admitted instanceof Refusal)) return admitted;
    void this.#hold(message, admitted);
    return undefined;
  }

  #wait(message: Message, { receipt, kept }: Admitted): void {
    let group = this.#group;
    if (group?.kept !== kept) {
      const together: Group = { kept, messages: [], receipts: [] };
      this.#group = group = together;
      kept.then(
        (end) => this.#settle(together, end),
        (error: unknown) => together.messages.forEach((message) => this.#fail(message, error)),
      );
    }
    group.messages.push(message);
    group.receipts.push(receipt);
  }

  #settle({ messages, receipts }: Group, end: number | Refusal): void {
    if (end instanceof Refusal) {
      for (const message of messages) void this.#hold(message, end);
      return;
    }
    let rejected = 0;
    for (let index = 0; index < messages.length; index++) {
      if (receipts[index]!.rejected > 0) rejected++;
      this.#end(messages[index]!, receipts[index]);
    }
    const { metrics } = this.#rooms;
    if (rejected > 0) metrics.messages(this.#way, 'rejected', rejected);
    if (rejected < messages.length) metrics.messages(this.#way, 'accepted', messages.length - rejected);
  }

  /** A bug of ours. Silence is the only answer that is no acknowledgement. */
  #fail(message: Message, error: unknown): void {
    this.#rooms.log.error({ err: error, device: message.device }, 'an MQTT message could not be processed');
    this.#end(message, undefined);
  }

  #end(message: Message, outcome: Receipt | Refusal | undefined): void {
    this.#underWay--;
    message.settle(outcome);
    if (this.#underWay === 0) this.#onIdle?.();
  }

  #tooMuch(payload: Buffer): Refusal | undefined {
    const { maxPayloadBytes } = this.#rooms;
    if (payload.length <= maxPayloadBytes) return undefined;
    return new Refusal('too_large', `a payload has at most ${maxPayloadBytes} bytes, this one has ${payload.length}`);
  }

  /** Tries it again after a while. Its batch was not kept, and is decoded anew. */
  async #hold(message: Message, refusal: Refusal): Promise<void> {
    if (refusal.code === 'stopping') return this.#end(message, undefined);
    const { metrics } = this.#rooms;
    metrics.held(this.#way, 1);
    let isGivenUp = false;
    try {
      const signal = AbortSignal.any([message.gone, this.#stopping.signal]);
      await pause(refusal.retryAfterMs ?? retryMs, undefined, { signal });
    } catch {
      isGivenUp = true;
    }
    metrics.held(this.#way, -1);
    if (isGivenUp) this.#end(message, undefined);
    else this.#try(message);
  }
}
