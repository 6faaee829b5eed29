/**
 * History as a stream: NDJSON, CSV and Parquet. The first chunk is made before the answer begins, so that a store that is
 * away or a query that asks too much is a problem document; a failure behind it ends the connection in the middle of the body,
 * which every client tells from an end. A client that reads slowly holds back the store, and one that goes away stops it.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { finished, Readable } from 'node:stream';
import { Refusal } from '../../domain/refusal.js';
import { csvText } from '../../history/csv.js';
import { ndjsonText } from '../../history/ndjson.js';
import { parquetTable } from '../../history/parquet.js';
import type { Format, HistoryQuery } from '../../history/query.js';
import type { Inventory, KnownColumns } from '../../ports/catalog.js';
import type { HistoryReader } from '../../ports/history-store.js';
import type { ParquetWriter } from '../../ports/parquet.js';
import { mediaTypes } from './accept.js';

export type ExportFormat = Exclude<Format, 'json'>;

/** Streams at a time; each holds a query of the store open for as long as its client reads. */
const maxExports = 16;
/** A client that takes nothing for so long is given up. */
const stalledMs = 120_000;
/** What is waiting for the client beside the chunk at hand. */
const bufferedBytes = 64 * 1024;

export class HistoryExports {
  readonly #rooms: { reader: HistoryReader; inventory: Inventory; parquet: ParquetWriter };
  #running = 0;

  constructor(rooms: { reader: HistoryReader; inventory: Inventory; parquet: ParquetWriter }) {
    this.#rooms = rooms;
  }

  async send(
    request: FastifyRequest,
    reply: FastifyReply,
    query: HistoryQuery,
    format: ExportFormat,
  ): Promise<FastifyReply> {
    if (request.method === 'HEAD') return announce(reply, query, format).send();
    if (this.#running >= maxExports) {
      throw new Refusal('rate_limited', `there are ${maxExports} exports under way already`, 5000);
    }
    this.#running++;
    const over = new AbortController();
    finished(reply.raw, () => {
      this.#running--;
      over.abort(new Error('the client went away'));
    });
    reply.raw.setTimeout(stalledMs, () => reply.raw.destroy());
    return format === 'parquet' ? this.#sendFile(reply, query, over.signal) : this.#sendText(reply, query, format);
  }

  async #sendText(reply: FastifyReply, query: HistoryQuery, format: 'csv' | 'ndjson'): Promise<FastifyReply> {
    const { reader } = this.#rooms;
    const text = format === 'csv' ? csvText(query, reader, this.#known(query)) : ndjsonText(query, reader);
    const stream = Readable.from(await begun(text), { objectMode: false, highWaterMark: bufferedBytes });
    return announce(reply, query, format).send(stream);
  }

  /** @param over when the answer has come to its end, whichever way */
  async #sendFile(reply: FastifyReply, query: HistoryQuery, over: AbortSignal): Promise<FastifyReply> {
    const { reader, parquet } = this.#rooms;
    const file = await parquet.write(parquetTable(query, reader, this.#known(query)), over);
    if (over.aborted) await file.discard();
    over.addEventListener('abort', () => void file.discard());
    return announce(reply, query, 'parquet')
      .header('content-length', file.byteLength)
      .send(Readable.from(file.bytes(), { objectMode: false }));
  }

  #known({ columns, series }: HistoryQuery): KnownColumns {
    const types = new Set(columns.map(({ type }) => type));
    return this.#rooms.inventory.columnsOf({ types, ...series });
  }
}

function announce(reply: FastifyReply, query: HistoryQuery, format: ExportFormat): FastifyReply {
  return reply
    .type(format === 'csv' ? `${mediaTypes.csv}; charset=utf-8; header=present` : mediaTypes[format])
    .header('content-disposition', `attachment; filename="${fileName(query, format)}"`)
    .header('cache-control', 'no-store');
}

/**
 * The same chunks, the first of which is made. It is no generator: one that was never asked for anything ends without
 * ending what it was to read from.
 */
async function begun(chunks: AsyncGenerator<string>): Promise<AsyncIterable<string>> {
  let first: IteratorResult<string> | undefined = await chunks.next();
  const iterator: AsyncIterator<string> = {
    next: async () => {
      const next = first ?? chunks.next();
      first = undefined;
      return next;
    },
    return: async () => chunks.return(undefined),
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

/** `history-20231114T221320Z-20231115T221320Z.csv` */
function fileName({ from, to }: HistoryQuery, format: ExportFormat): string {
  return `history-${fileTime(from)}-${fileTime(to)}.${format}`;
}

function fileTime(ts: bigint): string {
  const iso = new Date(Number(ts / 1_000_000n)).toISOString();
  return `${iso.slice(0, 19).replace(/[-:]/g, '')}Z`;
}
