/**
 * A device that posts its readings in batches.
 *
 *     const device = new HttpDevice({ url: 'http://127.0.0.1:8080', onReceipt: ({ accepted }) => console.log(accepted) });
 *     device.start();
 *     await device.send([{ device: 'boiler-7', type: 'machine', fields: { temperature: 73.9 } }]);
 *     await device.flush();
 *     device.stop();
 *
 * One request at a time, and the next batch only after the last was answered: so what is sent again never overtakes, and
 * where two readings have the same identity the one handed over last wins.
 */
import { Backoff, type BackoffOptions } from './backoff.js';
import { inReadings, jsonFormat, type BatchFormat, type EncodedBatch } from './batch-format.js';
import { currentToken, isRenewable, type Token } from './credentials.js';
import { DeviceBuffer } from './device-buffer.js';
import { DeviceLife } from './device-life.js';
import type { Device, DeviceEvents, Refused } from './device.js';
import { Stamper, type OutgoingReading } from './outgoing-reading.js';
import { pause } from './pause.js';
import { postReadings, type PostOutcome } from './post-readings.js';

export interface HttpDeviceOptions extends DeviceEvents {
  /** Of the service, such as `https://inlet.example`. */
  url: string;
  token?: Token;
  /** Readings in a request at most. */
  batchReadings?: number;
  /** How long a reading waits for others to share its request. */
  batchDelayMs?: number;
  /** Readings without an answer at most; `send` waits beyond that. */
  maxBufferedReadings?: number;
  gzip?: boolean;
  /** JSON when it is left out. */
  format?: BatchFormat;
  requestTimeoutMs?: number;
  backoff?: BackoffOptions;
}

type Settled = Exclude<PostOutcome, { outcome: 'later' | 'never' }>;

export class HttpDevice implements Device {
  readonly #options: HttpDeviceOptions;
  readonly #url: URL;
  readonly #format: BatchFormat;
  readonly #buffer: DeviceBuffer;
  readonly #backoff: Backoff;
  readonly #stamper = new Stamper();
  readonly #stopping = new AbortController();
  /** Waiting for a request; the first `#posting` of them are in one. */
  #readings: OutgoingReading[] = [];
  #posting = 0;
  #flushing = false;
  readonly #life: DeviceLife;
  /** Halved whenever the server finds a batch too large. */
  #batchReadings: number;
  #batchTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: HttpDeviceOptions) {
    this.#options = options;
    this.#life = new DeviceLife(options);
    this.#url = new URL('/v1/readings', options.url);
    this.#format = options.format ?? jsonFormat;
    this.#buffer = new DeviceBuffer(options.maxBufferedReadings ?? 10_000);
    this.#backoff = new Backoff(options.backoff);
    this.#batchReadings = options.batchReadings ?? 500;
  }

  start(): void {
    this.#life.enter('online');
    this.#post();
  }

  async send(readings: readonly OutgoingReading[]): Promise<void> {
    if (readings.length === 0) return;
    const stamped = readings.map((reading) => this.#stamper.stamp(reading));
    await this.#buffer.admit(stamped.length, () => {
      for (const reading of stamped) this.#readings.push(reading);
      this.#post();
    });
  }

  async flush(): Promise<void> {
    this.#flushing = true;
    this.#post();
    try {
      await this.#buffer.drained();
    } finally {
      this.#flushing = false;
    }
  }

  stop(): void {
    if (this.#life.isOver) return;
    this.#life.enter('stopped');
    this.#end({ code: 'closed', message: 'the device was stopped' });
  }

  unacked(): OutgoingReading[] {
    return [...this.#readings];
  }

  /** Starts a request when one is due and none is on its way. */
  #post(): void {
    if (!this.#life.hasBegun || this.#life.isOver || this.#posting > 0 || this.#readings.length === 0) return;
    if (this.#flushing || this.#readings.length >= this.#batchReadings) this.#postNow();
    else this.#batchTimer ??= setTimeout(() => this.#postNow(), this.#options.batchDelayMs ?? 1000);
  }

  #postNow(): void {
    clearTimeout(this.#batchTimer);
    this.#batchTimer = undefined;
    if (this.#posting > 0) return;
    const batch = this.#readings.slice(0, this.#batchReadings);
    this.#posting = batch.length;
    void this.#deliver(batch).then(() => this.#post());
  }

  /** Posts the batch until it has an answer. Never throws. */
  async #deliver(batch: OutgoingReading[]): Promise<void> {
    const encoded = this.#format.encode(batch);
    const firstAttemptAtMs = performance.now();
    for (let onTheirWay = batch.length; ; onTheirWay = 0) {
      const answer = await this.#attempt(encoded);
      if (this.#life.isOver) return;
      if (answer.outcome === 'later') {
        await this.#wait(answer.refused, onTheirWay, answer.retryAfterMs);
      } else if (answer.outcome === 'never') {
        if (answer.status !== 401 || !isRenewable(this.#options.token)) return this.#fail(answer.refused);
        await this.#wait(answer.refused, onTheirWay);
      } else {
        return this.#settle(batch, encoded, answer, performance.now() - firstAttemptAtMs);
      }
    }
  }

  async #attempt({ body, query = {} }: EncodedBatch): Promise<PostOutcome> {
    const { token, gzip = false, requestTimeoutMs = 30_000 } = this.#options;
    const { signal } = this.#stopping;
    try {
      const current = await currentToken(token);
      const url = new URL(`?${new URLSearchParams(query).toString()}`, this.#url);
      const sending = { body, mediaType: this.#format.mediaType, token: current, gzip };
      return await postReadings({
        url: Object.keys(query).length > 0 ? url : this.#url,
        ...sending,
        timeoutMs: requestTimeoutMs,
        signal,
      });
    } catch (error) {
      return { outcome: 'later', refused: { code: 'credentials', message: String(error) }, retryAfterMs: 0 };
    }
  }

  async #wait(refused: Refused, readings: number, retryAfterMs = 0): Promise<void> {
    const delayMs = this.#backoff.nextMs(retryAfterMs);
    this.#life.enter('waiting');
    this.#options.onRetry?.({ ...refused, readings, delayMs });
    await pause(delayMs, this.#stopping.signal);
  }

  #settle(batch: OutgoingReading[], encoded: EncodedBatch, answer: Settled, latencyMs: number): void {
    this.#posting = 0;
    this.#backoff.reset();
    this.#life.enter('online');
    if (answer.outcome === 'too_large' && batch.length > 1) {
      this.#batchReadings = Math.ceil(batch.length / 2);
      return;
    }
    this.#readings = this.#readings.slice(batch.length);
    if (answer.outcome === 'answered') {
      const { accepted, rejected, results = [] } = inReadings(answer.receipt, batch, encoded);
      this.#options.onReceipt?.({ readings: batch, accepted, rejected, rejections: results, latencyMs });
    } else {
      this.#options.onRefused?.(batch, answer.refused);
    }
    this.#buffer.release(batch.length);
  }

  #fail(refused: Refused): void {
    this.#life.enter('failed');
    this.#end(refused);
  }

  #end(refused: Refused): void {
    clearTimeout(this.#batchTimer);
    this.#stopping.abort();
    this.#buffer.fail(refused);
  }
}
