/** Where a device stands between its start and its end. Whoever watches is told of each change once. */
import type { DeviceEvents, DeviceState } from './device.js';

export class DeviceLife {
  readonly #onState: DeviceEvents['onState'];
  #state: DeviceState | undefined;

  constructor({ onState }: Pick<DeviceEvents, 'onState'>) {
    this.#onState = onState;
  }

  get hasBegun(): boolean {
    return this.#state !== undefined;
  }

  get isOver(): boolean {
    return this.#state === 'failed' || this.#state === 'stopped';
  }

  enter(state: DeviceState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#onState?.(state);
  }
}
