/** How many readings were acknowledged, written by the thread that loads and read by the one that measures. */
export class Counter {
  readonly shared: SharedArrayBuffer;
  readonly #count: BigInt64Array;

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT)) {
    this.shared = shared;
    this.#count = new BigInt64Array(shared);
  }

  get value(): number {
    return Number(Atomics.load(this.#count, 0));
  }

  add(readings: number): void {
    Atomics.add(this.#count, 0, BigInt(readings));
  }
}
