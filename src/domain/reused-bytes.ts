/**
 * Memory that is used again for the next piece of the same work, by one who does one piece at a time: whatever lies in it is
 * good until the next `take`. Fresh buffers of this size are not free: each of them brings the next garbage collection nearer.
 */
const stepBytes = 64 * 1024;
/** More than this is given, but not kept. */
const mostKeptBytes = 8 * 1024 * 1024;

export class ReusedBytes {
  #bytes = Buffer.alloc(0);

  /** `length` bytes, with anything in them. */
  take(length: number): Buffer {
    if (length > mostKeptBytes) return Buffer.allocUnsafeSlow(length);
    if (this.#bytes.length < length) this.#bytes = Buffer.allocUnsafeSlow(Math.ceil(length / stepBytes) * stepBytes);
    return this.#bytes.subarray(0, length);
  }
}
