/** What lies in the frames of a WebSocket that a server sends (RFC 6455 §5.2), without a look at what it is. */

const headEnd = Buffer.from('\r\n\r\n');
const longestHeader = 10;

/** @returns what is to be given all bytes of a connection, from the answer to the handshake on */
export function payloadsOf(take: (payload: Buffer) => void): (bytes: Buffer) => void {
  let isOpen = false;
  let left = 0;
  let header = Buffer.alloc(0);
  return (bytes) => {
    let at = 0;
    if (!isOpen) {
      // The answer is short, and comes in one piece.
      at = bytes.indexOf(headEnd) + headEnd.length;
      isOpen = true;
    }
    while (at < bytes.length) {
      if (left > 0) {
        const end = Math.min(bytes.length, at + left);
        take(bytes.subarray(at, end));
        left -= end - at;
        at = end;
        continue;
      }
      const had = header.length;
      header = Buffer.concat([header, bytes.subarray(at, at + longestHeader - had)]);
      const length = headerLength(header);
      if (header.length < length) return;
      left = payloadLength(header);
      at += length - had;
      header = Buffer.alloc(0);
    }
  };
}

function headerLength(header: Buffer): number {
  if (header.length < 2) return 2;
  const short = header[1]!;
  if (short < 126) return 2;
  return short === 126 ? 4 : 10;
}

function payloadLength(header: Buffer): number {
  const short = header[1]!;
  if (short < 126) return short;
  return short === 126 ? header.readUInt16BE(2) : Number(header.readBigUInt64BE(2));
}
