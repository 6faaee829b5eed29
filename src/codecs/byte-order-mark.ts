/** Programs of some systems put U+FEFF before a text; a reader may pass over it (RFC 8259 §8.1). */
export const byteOrderMark = 0xfeff;

/** @param bytes of UTF-8 */
export function withoutMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}
