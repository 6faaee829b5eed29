/**
 * What one writes by hand to get readings into InfluxDB: Fastify with a JSON Schema for the body, which it checks with ajv, and
 * the InfluxDB client's `writePoints` with its defaults: lines gather in memory to a thousand, up to five retries, 32,000
 * lines kept for them. It answers when the points are in that buffer, as such programs do. Its argument is the address of an InfluxDB 1.x.
 */
import { InfluxDB, Point, setLogger } from '@influxdata/influxdb-client';
import fastify from 'fastify';

interface Reading {
  device: string;
  type: string;
  ts: number;
  tags: Record<string, string>;
  fields: Record<string, number | string | boolean>;
}

const reading = {
  type: 'object',
  required: ['device', 'type', 'ts', 'fields'],
  additionalProperties: false,
  properties: {
    device: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$' },
    type: { type: 'string', pattern: '^[A-Za-z][A-Za-z0-9_.-]{0,63}$' },
    ts: { type: 'integer' },
    tags: { type: 'object', maxProperties: 16, additionalProperties: { type: 'string', minLength: 1, maxLength: 256 } },
    fields: {
      type: 'object',
      minProperties: 1,
      maxProperties: 64,
      properties: {
        temperature: { type: 'number', minimum: -273.15, maximum: 5000 },
        state: { type: 'string', maxLength: 1024 },
      },
      additionalProperties: { type: ['number', 'string', 'boolean'] },
    },
  },
};

// Told about every failed write, the terminal would cost more than the writes.
setLogger({ warn: () => undefined, error: () => undefined });
const [url] = process.argv.slice(2);
const writer = new InfluxDB({ url: url! }).getWriteApi('', '', 'ms');
writer.path = '/write?db=telemetry&precision=ms';

function pointOf({ device, type, ts, tags, fields }: Reading): Point {
  const point = new Point(type).tag('device', device).timestamp(ts);
  for (const key in tags) point.tag(key, tags[key]!);
  for (const key in fields) {
    const value = fields[key]!;
    if (typeof value === 'number') point.floatField(key, value);
    else if (typeof value === 'boolean') point.booleanField(key, value);
    else point.stringField(key, value);
  }
  return point;
}

const app = fastify({ logger: false, bodyLimit: 16 * 1024 * 1024, ajv: { customOptions: { allowUnionTypes: true } } });
// Read as one buffer: faster here than Fastify's way over strings and its safer parser.
app.removeAllContentTypeParsers();
app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (_, body, done) => {
  done(null, JSON.parse(body.toString('utf8')) as unknown);
});
app.post<{ Body: Reading[] }>(
  '/v1/readings',
  { schema: { body: { type: 'array', minItems: 1, items: reading } } },
  (request, reply) => {
    writer.writePoints(request.body.map(pointOf));
    reply.code(202).send();
  },
);
const address = await app.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`${JSON.stringify({ msg: 'ready', url: address })}\n`);
