/** The devices that one connection keeps online: those that have sent something on it. */
import type { Inventory } from '../ports/catalog.js';

/** A gateway's others live by their intervals. */
const maxDevices = 1000;

export class OpenDevices {
  readonly #inventory: Inventory;
  readonly #names = new Set<string>();
  #isClosed = false;

  constructor(inventory: Inventory) {
    this.#inventory = inventory;
  }

  /** Something of it was taken. A device that nothing is known of yet counts from its next batch on. */
  note(device: string): void {
    if (this.#names.has(device) || this.#isClosed || this.#names.size >= maxDevices) return;
    if (this.#inventory.countStream(device, 1)) this.#names.add(device);
  }

  /** The connection has ended. */
  close(): void {
    this.#isClosed = true;
    for (const device of this.#names) this.#inventory.countStream(device, -1);
    this.#names.clear();
  }
}
