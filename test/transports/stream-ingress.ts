/**
 * /v1/stream, as the contract of every way in sees it. Envelopes and single readings get a `seq`; what cannot have one is
 * followed by a frame that has: when that is acked and nothing was said before, all was accepted.
 */
import type { StreamAck, StreamError } from '../../src/domain/generated/stream-frames.js';
import type { Ingress, Outcome } from '../contracts/ingress/subject.js';
import { openStream, type StreamClient } from './stream-client.js';

export function streamIngress(url: string): Ingress {
  let client: StreamClient | undefined;
  let seq = 0;
  const connected = async () => {
    if (client?.isOpen) return client;
    client = await openStream(url);
    seq = 0;
    return client;
  };
  return {
    refusals: { notUtf8: 'closed 1007', tooLarge: 'closed 1009' },
    async send(bytes) {
      const stream = await connected();
      const numbered = withSeq(bytes, seq + 1);
      if (numbered) {
        seq++;
        stream.send(numbered);
        return outcomeOf(await stream.next());
      }
      stream.send(bytes);
      stream.send(JSON.stringify({ seq: ++seq, device: 'sentinel', fields: { sentinel: 1 } }));
      const answer = await stream.next();
      if (!('closed' in answer) && answer.seq === seq) {
        return { receipt: { accepted: (JSON.parse(bytes.toString()) as unknown[]).length, rejected: 0 } };
      }
      if (!('closed' in answer)) await stream.next();
      return outcomeOf(answer);
    },
    async close() {
      await client?.close();
    },
  };
}

/** @returns the frame with its number in front of what it has; undefined where there is no object to number */
function withSeq(bytes: Buffer, seq: number): string | undefined {
  const text = bytes.toString();
  try {
    const value: unknown = JSON.parse(text.replace('\ufeff', ''));
    if (typeof value !== 'object' || value === null || Array.isArray(value) || 'seq' in value) return undefined;
    if (!Buffer.from(text).equals(bytes)) return undefined;
    const key = Object.keys(value).length === 0 ? `"seq":${seq}` : `"seq":${seq},`;
    // What is added must not push the frame over the limit.
    return text.replace('{', `{${key}`).trimEnd().padEnd(bytes.length);
  } catch {
    return undefined;
  }
}

function outcomeOf(answer: StreamAck | StreamError | { closed: number }): Outcome {
  if ('closed' in answer) return { refused: `closed ${answer.closed}` };
  if (answer.type === 'error') return { refused: answer.code };
  const { type: _, seq: __, ...receipt } = answer;
  return { receipt };
}
