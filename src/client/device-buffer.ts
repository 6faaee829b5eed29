import { DeviceFailed, type Refused } from './device.js';
import { Turnstile } from './turnstile.js';

/**
 * Counts the readings that a device holds, from `send` to their answer, and makes callers wait when there are too many.
 * The readings themselves are in the device's own queue.
 */
export class DeviceBuffer {
  readonly #maxReadings: number;
  readonly #room = new Turnstile();
  readonly #drained = new Turnstile();
  #held = 0;
  #failure: DeviceFailed | undefined;

  constructor(maxReadings: number) {
    this.#maxReadings = maxReadings;
  }

  /** Waits for room, then calls `put` at once. A batch larger than the whole buffer goes in when nothing else is there. */
  async admit(count: number, put: () => void): Promise<void> {
    if (this.#failure) throw this.#failure;
    await this.#room.pass(() => {
      if (this.#held > 0 && this.#held + count > this.#maxReadings) return false;
      this.#held += count;
      put();
      return true;
    });
  }

  /** These readings were answered. */
  release(count: number): void {
    this.#held -= count;
    this.#room.turn();
    this.#drained.turn();
  }

  async drained(): Promise<void> {
    if (this.#failure) throw this.#failure;
    await this.#drained.pass(() => this.#held === 0);
  }

  /** Nothing will be answered any more: everybody who waits, or comes later, is told so. */
  fail(refused: Refused): void {
    this.#failure ??= new DeviceFailed(refused);
    this.#room.close(this.#failure);
    this.#drained.close(this.#failure);
  }
}
