/**
 * Memory in which payloads go to the worker, used again and again: a new copy for each batch made the collector of garbage
 * go through the whole heap every few batches.
 */

/** One that is written, one that is prepared, one whose place that has just taken. */
const mostFree = 3;
/** Batches differ a little. */
const roundedToBytes = 1024 * 1024;

type Shared = Uint8Array<SharedArrayBuffer>;

export class PayloadMemory {
  #free: SharedArrayBuffer[] = [];

  /** @returns a copy that another thread may read until it is given back */
  copy(payload: Uint8Array): Shared {
    const { length } = payload;
    const at = this.#free.findIndex(({ byteLength }) => byteLength >= length);
    const memory = at < 0 ? newMemory(length) : this.#free.splice(at, 1)[0]!;
    const copied = new Uint8Array(memory, 0, length);
    copied.set(payload);
    return copied;
  }

  giveBack({ buffer }: Shared): void {
    this.#free = [...this.#free, buffer].slice(-mostFree);
  }
}

function newMemory(bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(Math.ceil(bytes / roundedToBytes) * roundedToBytes);
}
