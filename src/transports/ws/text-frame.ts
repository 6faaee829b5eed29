/**
 * A text as a server sends it: one frame, not masked (RFC 6455 §5.2). `ws` makes a header for each connection, and writes it beside
 * the payload; a frame that many get is put together once, and costs each of them one write of one piece.
 */

const finalText = 0x81;
const longestByLength = { inFirst: 125, inTwo: 0xffff } as const;

export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const headerLength = length <= longestByLength.inFirst ? 2 : length <= longestByLength.inTwo ? 4 : 10;
  const frame = Buffer.allocUnsafe(headerLength + length);
  frame[0] = finalText;
  if (headerLength === 2) frame[1] = length;
  else if (headerLength === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, headerLength);
  return frame;
}
