import { aggregateFunctions } from '../../../ports/history-store.js';
import { listSchema, shared, type Operation, type Parameter, type Schema } from './operation.js';

const time: Schema = { type: 'string' };

function query(name: string, description: string, schema: Schema, example?: string | number): Parameter {
  return { name, in: 'query', description, schema, ...(example === undefined ? {} : { example }) };
}

export const getHistory: Operation = {
  group: 'History',
  summary: 'Readings as they were stored, or in buckets',
  description:
    'Rows in order of time, then type, device and tags. Without `every` a row is a reading; with it, a row is a bucket of ' +
    'a group. Nothing is cut off silently: an answer that holds less than there is says `truncated`, and its `next` is ' +
    'the cursor of the rest, which stays right while readings come in. A condition on a tag is a parameter of its own: ' +
    '`tag.site=lyon`. Lists are comma-separated; names may have `*` in them.',
  parameters: [
    query('devices', 'Names or patterns of devices.', listSchema, 'boiler-7'),
    query('types', 'Names or patterns of types.', listSchema),
    query('fields', 'Names or patterns of fields.', listSchema, 'temperature'),
    query(
      'from',
      'RFC 3339, integer milliseconds, `now`, or back from now: `-15m`, `-7d`. Included.',
      { ...time, default: '-1h' },
      '-1h',
    ),
    query('to', 'As `from`. Not included.', { ...time, default: 'now' }),
    query('every', 'Length of a bucket: a number and `ms`, `s`, `m`, `h`, `d`, `w`, `mo` or `y`.', {
      type: 'string',
      pattern: '^[1-9]\\d{0,5}(ms|mo|[smhdwy])$',
    }),
    query(
      'fn',
      `Functions of a bucket: ${aggregateFunctions.join(', ')}. One that makes no sense for a field leaves it out.`,
      {
        ...listSchema,
        default: 'mean',
      },
    ),
    query(
      'group',
      'What makes a group: `device`, `type`, `tag.KEY`; `none` for one group. Default: each series.',
      listSchema,
    ),
    query('fill', 'What stands in empty buckets.', { enum: ['none', 'null', 'previous', 'linear'], default: 'none' }),
    query('tz', 'Time zone that days, weeks, months and years follow.', { type: 'string', default: 'UTC' }),
    query('order', 'Oldest first, or newest.', { enum: ['asc', 'desc'], default: 'asc' }),
    query(
      'limit',
      'Rows in the answer at most. Without it, JSON has 1000 and says what follows; NDJSON, CSV and Parquet have all.',
      { type: 'integer', minimum: 1, maximum: 100_000 },
    ),
    query('cursor', '`next` of the page before; the other parameters stay as they were.', { type: 'string' }),
    query('maxPoints', 'Thins each series to so many rows at most, keeping the extremes. Not with `every`.', {
      type: 'integer',
      minimum: 1,
      maximum: 100_000,
    }),
    query('precision', 'Unit of `ts` in the answer; `ns` come as strings.', shared('reading', 'precision')),
    query(
      'format',
      'Form of the answer; wins over `Accept`. Without either, or with an `Accept` that names none of these, JSON.',
      {
        enum: ['json', 'ndjson', 'csv', 'parquet'],
        default: 'json',
      },
    ),
  ],
  answers: {
    200: {
      description:
        'As JSON a page of rows; in the other forms all rows, streamed. An answer that ends in the middle, without the last ' +
        'chunk or short of its `Content-Length`, is not whole. CSV and Parquet have a column for each tag and field that the ' +
        'series are known to have, NDJSON only what the row has. CSV keeps texts as they were sent, also those that a ' +
        'spreadsheet takes for formulas: import them as text. In Parquet `ts` is TIMESTAMP_NS whatever the precision; ' +
        'sums and spreads are DOUBLE; a column of several kinds is text.',
      schema: shared('answers', 'history'),
      otherForms: {
        'application/x-ndjson': { type: 'string', description: 'An object a row, by the names of the columns.' },
        'text/csv': { type: 'string', description: 'RFC 4180, with a header line.' },
        'application/vnd.apache.parquet': { type: 'string', format: 'binary' },
      },
      headers: {
        ETag: 'Of this answer; JSON only.',
        'Content-Disposition': 'A file name with the range; not for JSON.',
        'Cache-Control': '`no-store` when the range touches now, else `private, no-cache`: late readings may come.',
      },
    },
    304: { description: 'Nothing has changed since the answer whose `ETag` the request has in `If-None-Match`.' },
  },
  refusals: ['invalid_parameter', 'invalid_cursor', 'rate_limited', 'store_away'],
};
