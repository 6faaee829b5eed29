/** Bodies that are read while they come, and may be of any length. What they mean is the pipeline's business. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { pipeline, type Duplex, type Readable } from 'node:stream';
import { createGunzip, createInflate } from 'node:zlib';
import { Refusal } from '../../domain/refusal.js';
import { encodingOf, unknownEncoding } from './body.js';
import { letTakeItsTime } from './client-error.js';

const decompressors: Record<string, () => Duplex> = { gzip: createGunzip, deflate: createInflate };

/** A body of which nothing comes for so long is given up. */
const longestPauseMs = 60_000;

/** `FastifyRequest.body` is an EndlessBody. */
export function takeEndlessBodies(app: FastifyInstance, mediaType: string): void {
  app.addContentTypeParser(mediaType, async (request: FastifyRequest, payload: Readable) => {
    const encoding = encodingOf(request);
    if (encoding !== 'identity' && !decompressors[encoding]) throw unknownEncoding();
    letTakeItsTime(request.raw);
    return new EndlessBody(payload, encoding);
  });
}

export class EndlessBody {
  readonly #payload: Readable;
  readonly #encoding: string;

  constructor(payload: Readable, encoding: string) {
    this.#payload = payload;
    this.#encoding = encoding;
  }

  /**
   * Once. The connection stays when they are not read to their end, so that it can still be answered.
   * @throws Refusal for what is not as compressed as it says, and for a body that does not get on or breaks off
   */
  async *chunks(): AsyncGenerator<Buffer> {
    const decompress = decompressors[this.#encoding]?.();
    // Its callback hears of what the reader hears of as well.
    const body = decompress ? pipeline(this.#payload, decompress, () => undefined) : this.#payload;
    const pieces = body.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
    try {
      for (;;) {
        // While the reader is busy nothing can come, so that time does not count.
        const piece = await inTime(pieces.next());
        if (piece.done) return;
        yield piece.value;
      }
    } catch (error) {
      throw error instanceof Refusal ? error : new Refusal('malformed', this.#reason(error as NodeJS.ErrnoException));
    }
  }

  #reason({ code = '', message }: NodeJS.ErrnoException): string {
    return code.startsWith('Z_') ? `the body is not ${this.#encoding}: ${message}` : `the body broke off: ${message}`;
  }
}

async function inTime<Value>(coming: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Refusal('request_timeout', 'the body does not get on')), longestPauseMs);
  });
  try {
    return await Promise.race([coming, over]);
  } finally {
    clearTimeout(timer);
  }
}
