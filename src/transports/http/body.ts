/** Request bodies as bytes, decompressed, within their bounds. What they mean is the pipeline's business. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, inflate, type InputType, type ZlibOptions } from 'node:zlib';
import { Refusal } from '../../domain/refusal.js';

type Decompress = (bytes: InputType, options: ZlibOptions) => Promise<Buffer>;

const decompressors: Record<string, Decompress> = {
  gzip: promisify<InputType, ZlibOptions, Buffer>(gunzip),
  deflate: promisify<InputType, ZlibOptions, Buffer>(inflate),
};

/** How much larger than the limit for bodies as sent a body may become. */
const decompressedFactor = 8;

/** `FastifyRequest.body` of the media types that are taken as a whole is a Buffer. */
export function takeBodies(app: FastifyInstance, mediaTypes: string | string[], maxBodyBytes: number): void {
  app.addContentTypeParser(mediaTypes, async (request: FastifyRequest, payload: IncomingMessage) => {
    const encoding = encodingOf(request);
    const body = await readWhole(payload, Number(request.headers['content-length']), maxBodyBytes);
    return encoding === 'identity' ? body : decompressed(body, encoding, maxBodyBytes * decompressedFactor);
  });
}

/** Fastify's own way copies a body, also one that came in one piece, as most do. */
function readWhole(payload: IncomingMessage, announcedBytes: number, maxBytes: number): Promise<Buffer> {
  if (announcedBytes > maxBytes) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    const leave = () => payload.off('data', onData).off('end', onEnd).off('error', onError);
    const refuse = (refusal: Refusal) => {
      leave();
      reject(refusal);
    };
    const onData = (piece: Buffer) => {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > maxBytes) refuse(tooLarge());
    };
    const onEnd = () => {
      leave();
      resolve(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, bytes));
    };
    const onError = ({ message }: Error) => refuse(new Refusal('malformed', `the body broke off: ${message}`));
    payload.on('data', onData).on('end', onEnd).on('error', onError);
  });
}

function tooLarge(): Refusal {
  return new Refusal('too_large', 'the body is larger than this service takes; send it in parts');
}

export function encodingOf({ headers }: FastifyRequest): string {
  return headers['content-encoding']?.toLowerCase() ?? 'identity';
}

async function decompressed(body: Buffer, encoding: string, maxOutputLength: number): Promise<Buffer> {
  const decompress = decompressors[encoding];
  if (!decompress) throw unknownEncoding();
  try {
    return await decompress(body, { maxOutputLength });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new Refusal('too_large', `decompressed, the body is larger than ${maxOutputLength} bytes`);
    }
    throw new Refusal('malformed', `the body is not ${encoding}: ${(error as Error).message}`);
  }
}

export function unknownEncoding(): Refusal {
  return new Refusal('unsupported_media_type', 'Content-Encoding must be gzip, deflate or identity');
}
