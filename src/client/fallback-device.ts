/**
 * A device that streams where it can and posts where it cannot: some proxies let no WebSocket through.
 *
 *     const device = new FallbackDevice({ url: 'https://inlet.example', name: 'boiler-7', streamShare: 0.1 });
 *
 * `streamShare` brings streaming to a fleet step by step: the share of devices that stream at all. A device's name decides
 * on which side it is, so it stays there, and a larger share only adds devices.
 */
import type { Device, DeviceState } from './device.js';
import { HttpDevice, type HttpDeviceOptions } from './http-device.js';
import type { OutgoingReading } from './outgoing-reading.js';
import { StreamDevice, type StreamDeviceOptions } from './stream-device.js';

export interface FallbackDeviceOptions extends StreamDeviceOptions, HttpDeviceOptions {
  name: string;
  /** From 0 (nobody streams) to 1 (all do, the default). */
  streamShare?: number;
  /** After so many breaks and failed attempts in a row, while the service answers over HTTP, the device posts instead. */
  fallbackAfterFailures?: number;
  onTransport?: (transport: 'stream' | 'http') => void;
}

export class FallbackDevice implements Device {
  readonly #options: FallbackDeviceOptions;
  #device: Device;
  /** Failures of the stream in a row at which the service answered over HTTP. */
  #failures = 0;
  #isStopped = false;

  constructor(options: FallbackDeviceOptions) {
    this.#options = options;
    this.#device = isInShare(options.name, options.streamShare ?? 1)
      ? new StreamDevice({ ...options, onState: (state) => this.#watch(state) })
      : new HttpDevice(options);
  }

  start(): void {
    this.#options.onTransport?.(this.#device instanceof StreamDevice ? 'stream' : 'http');
    this.#device.start();
  }

  async send(readings: readonly OutgoingReading[]): Promise<void> {
    await this.#onDevice(async (device) => await device.send(readings));
  }

  async flush(): Promise<void> {
    await this.#onDevice(async (device) => await device.flush());
  }

  stop(): void {
    this.#isStopped = true;
    this.#device.stop();
  }

  unacked(): OutgoingReading[] {
    return this.#device.unacked();
  }

  /** Who waited for the stream when it was given up never got in, and waits for its successor. */
  async #onDevice(action: (device: Device) => Promise<void>): Promise<void> {
    const device = this.#device;
    try {
      await action(device);
    } catch (error) {
      if (this.#device === device) throw error;
      await action(this.#device);
    }
  }

  #watch(state: DeviceState): void {
    // The end of a stream that was given up is not the end of the device.
    if (this.#device instanceof HttpDevice) return;
    this.#options.onState?.(state);
    if (state === 'online') this.#failures = 0;
    if (state === 'waiting') void this.#judge();
  }

  /** A service that is away altogether is no reason to leave the stream. */
  async #judge(): Promise<void> {
    const stream = this.#device;
    if (!(await answersHttp(this.#options.url))) return;
    this.#failures++;
    const isOver = this.#isStopped || this.#device !== stream;
    if (!isOver && this.#failures >= (this.#options.fallbackAfterFailures ?? 5)) this.#fallBack();
  }

  /** What had no answer goes first, so the order stays. */
  #fallBack(): void {
    const stream = this.#device;
    const readings = stream.unacked();
    const successor = new HttpDevice(this.#options);
    this.#device = successor;
    this.#options.onTransport?.('http');
    successor.start();
    // Rejected only when the successor fails, and then `flush` and `send` say so.
    void successor.send(readings).catch(() => undefined);
    stream.stop();
  }
}

async function answersHttp(url: string): Promise<boolean> {
  try {
    const response = await fetch(new URL('/healthz', url), { signal: AbortSignal.timeout(5000) });
    return response.ok;
  } catch {
    return false;
  }
}

/** Whether the hash of the name (FNV-1a, 32 bits), as a fraction of all hashes, lies below the share. */
function isInShare(name: string, share: number): boolean {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  // FNV leaves similar names close together in the upper bits: mix them once more.
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return (hash ^ (hash >>> 16)) >>> 0 < share * 2 ** 32;
}
