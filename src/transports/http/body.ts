/** Request bodies as bytes, decompressed, within their bounds. What they mean is the pipeline's business. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { gunzip, inflate, type CompressCallback, type InputType, type ZlibOptions } from 'node:zlib';
import { Refusal } from '../../domain/refusal.js';

type Decompress = (bytes: InputType, options: ZlibOptions, done: CompressCallback) => void;
type Done = (error: Error | null, body?: Buffer) => void;

/** A map, as an object would have a `constructor` as well. */
const decompressors: ReadonlyMap<string, Decompress> = new Map([
  ['gzip', gunzip],
  ['deflate', inflate],
]);

/** How much larger than the limit for bodies as sent a body may become. */
const decompressedFactor = 8;

/** `FastifyRequest.body` of the media types that are taken as a whole is a Buffer. */
export function takeBodies(app: FastifyInstance, mediaTypes: string | string[], maxBodyBytes: number): void {
  app.addContentTypeParser<Buffer>(
    mediaTypes,
    { parseAs: 'buffer', bodyLimit: maxBodyBytes },
    // With a callback: most bodies are not compressed, and a promise for each would be for nothing.
    (request: FastifyRequest, body: Buffer, done: Done) => {
      const encoding = encodingOf(request);
      if (encoding === 'identity') done(null, body);
      else decompress(body, encoding, maxBodyBytes * decompressedFactor, done);
    },
  );
}

export function encodingOf({ headers }: FastifyRequest): string {
  return headers['content-encoding']?.toLowerCase() ?? 'identity';
}

function decompress(body: Buffer, encoding: string, maxOutputLength: number, done: Done): void {
  const decompressor = decompressors.get(encoding);
  if (!decompressor) return done(unknownEncoding());
  decompressor(body, { maxOutputLength }, (error, bytes) => {
    if (!error) done(null, bytes);
    else if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      done(new Refusal('too_large', `decompressed, the body is larger than ${maxOutputLength} bytes`));
    else done(new Refusal('malformed', `the body is not ${encoding}: ${error.message}`));
  });
}

export function unknownEncoding(): Refusal {
  return new Refusal('unsupported_media_type', 'Content-Encoding must be gzip, deflate or identity');
}
