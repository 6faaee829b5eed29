/** A store that takes everything and says when; or, to see that the proof notices, says that it has what it has not. */
import type { DeliveryState, HistoryWriter, WriteBatch, WriteResult } from '../../src/ports/history-store.js';

export class WatchedStore implements HistoryWriter {
  readonly keepsDeliveryState = false;
  readonly #lies: boolean;
  #owed: number | undefined;
  /** It has everything before this position. */
  onStored: (low: number) => void = () => undefined;

  constructor(lies: boolean) {
    this.#lies = lies;
  }

  deliveryState(): Promise<DeliveryState | null> {
    return Promise.resolve(null);
  }

  prepare(): void {
    // There is nothing to get ready.
  }

  write(_: WriteBatch, { low }: DeliveryState): Promise<WriteResult> {
    this.catchUp();
    if (this.#lies) this.#owed = low;
    else this.onStored(low);
    return Promise.resolve({ outcome: 'stored' });
  }

  /** Does what it owes: a store that lies stores a batch only after the place of the delivery was committed. */
  catchUp(): void {
    if (this.#owed !== undefined) this.onStored(this.#owed);
    this.#owed = undefined;
  }

  remove(): Promise<{ outcome: 'removed' }> {
    return Promise.resolve({ outcome: 'removed' });
  }

  retain(): Promise<void> {
    return Promise.resolve();
  }
}
