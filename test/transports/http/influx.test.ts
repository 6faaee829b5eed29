/** The addresses of InfluxDB, as its own client and Telegraf's requests find them. */
import { InfluxDB, Point } from '@influxdata/influxdb-client';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import type { InfluxError } from '../../../src/domain/generated/answers.js';
import { startInlet } from '../../servers/inlet.js';
import { until } from '../../servers/until.js';

const base = 1_700_000_000_000_000_000n;

const service = await startInlet(t);

async function write(
  body: string | Uint8Array,
  query = '',
  headers: Record<string, string> = {},
  path = '/api/v2/write',
) {
  const response = await fetch(`${service.url}${path}${query}`, { method: 'POST', body: body as BodyInit, headers });
  const text = await response.text();
  return { status: response.status, error: text === '' ? undefined : (JSON.parse(text) as InfluxError) };
}

async function rowsOf(device: string, type: string): Promise<Record<string, unknown>[]> {
  await service.settled();
  const query = `devices=${device}&types=${type}&from=0&to=${Date.now() + 3_600_000}&precision=ns&format=ndjson`;
  const response = await fetch(`${service.url}/v1/history?${query}`);
  const rows: Record<string, unknown>[] = [];
  for await (const line of createInterface({ input: Readable.fromWeb(response.body as never) })) {
    rows.push(JSON.parse(line) as Record<string, unknown>);
  }
  return rows;
}

await t.test(
  'the client of InfluxDB writes 100,000 points, and all are there, with their kinds and nanoseconds',
  async (t) => {
    const count = 100_000;
    const writeApi = new InfluxDB({ url: service.url, token: 'anything' }).getWriteApi('org', 'bucket');
    for (let index = 0; index < count; index++) {
      const point = new Point('motor')
        .tag('host', 'gw-1')
        .tag('site', 'lyon, the 2nd')
        .floatField('speed', index)
        .intField('turns', 2 ** 53 - 1 - index)
        .uintField('starts', index)
        .booleanField('running', index % 2 === 0)
        .stringField('state', `"${index}" \\`)
        .timestamp(String(base + BigInt(index)));
      writeApi.writePoint(point);
      // As a program that measures would: the client has its answers before it has much more to send.
      const written = index + 1;
      if (written % 5_000 !== 0) continue;
      t.ok(await until(async () => (await service.stats()).accepted >= written, 60_000), `${written} are durable`);
    }
    await writeApi.close();
    const rows = await rowsOf('gw-1', 'motor');
    t.equal(rows.length, count);
    const wrong = rows.findIndex((row, index) => {
      return (
        row['ts'] !== String(base + BigInt(index)) ||
        row['speed'] !== index ||
        row['turns'] !== 2 ** 53 - 1 - index ||
        row['starts'] !== index ||
        row['running'] !== (index % 2 === 0) ||
        row['state'] !== `"${index}" \\` ||
        row['tag.site'] !== 'lyon, the 2nd'
      );
    });
    t.equal(wrong, -1, JSON.stringify(rows[wrong]));
    const { types } = await service.getJson<{ types: { fields: { name: string; kind: string }[] }[] }>(
      '/v1/devices/gw-1',
    );
    const kinds = Object.fromEntries(types[0]!.fields.map(({ name, kind }) => [name, kind]));
    t.same(kinds, { speed: 'float', turns: 'integer', starts: 'integer', running: 'boolean', state: 'string' });
  },
);

await t.test('lines that are refused are named with their numbers, and the others are kept', async (t) => {
  const body = [
    '# Telegraf',
    'fan,host=gw-2 speed=1,turns=5i 1700000000000000000',
    'fan,host=gw-2 speed="fast" 1700000000000000001',
    'fan,host=gw-2 speed=1,turns=5 1700000000000000002',
    'fan,host=gw-2 speed=yes 1700000000000000003',
    'fan speed=1',
    'fan,host=gw-2 turns=9223372036854775808u 1700000000000000004',
    'fan,host=gw-2 speed=2,turns=9223372036854775807i 1700000000000000005',
  ].join('\n');
  const { status, error } = await write(body, '?bucket=b&org=o', { authorization: 'Token t' });
  t.equal(status, 400);
  t.match(error, { code: 'invalid', error: error?.message });
  t.equal(
    error?.message,
    'partial write: line 3: /fields/speed must be number; line 4: /fields/turns must be integer; ' +
      'line 5, column 21: this is no value that a field can have; line 6: /device is missing; ' +
      'line 7: /fields/turns must fit in 64 bits; dropped=5',
  );
  const rows = await rowsOf('gw-2', 'fan');
  t.match(rows, [
    { speed: 1, turns: 5 },
    { speed: 2, turns: '9223372036854775807' },
  ]);
  t.equal(rows.length, 2);
});

await t.test('both addresses take every precision that they have, gzip, and any media type', async (t) => {
  const cases: [path: string, precision: string, time: string, ts: string][] = [
    ['/api/v2/write', 's', '1700000000', '1700000000000000000'],
    ['/api/v2/write', 'ms', '1700000000001', '1700000000001000000'],
    ['/api/v2/write', 'us', '1700000000001002', '1700000000001002000'],
    ['/api/v2/write', 'ns', '1700000000001002003', '1700000000001002003'],
    ['/write', 'n', '1700000000001002004', '1700000000001002004'],
    ['/write', 'u', '1700000000001003', '1700000000001003000'],
    ['/write', 'm', '28333334', '1700000040000000000'],
    ['/write', 'h', '472223', '1700002800000000000'],
  ];
  for (const [path, precision, time] of cases) {
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    const { status } = await write(`clock,host=gw-3 v=1 ${time}`, `?precision=${precision}`, type, path);
    t.equal(status, 204, `${path} ${precision}`);
  }
  const packed = gzipSync('clock,host=gw-3 v=1 1700010000000000000');
  t.equal((await write(packed, '', { 'content-encoding': 'gzip' })).status, 204);
  const rows = await rowsOf('gw-3', 'clock');
  t.same(
    rows.map(({ ts }) => ts),
    [...cases.map(([, , , ts]) => ts), '1700010000000000000'],
  );
  t.match(await write('clock,host=gw-3 v=1', '?precision=m'), { status: 400, error: { code: 'invalid' } });
});

await t.test('what is refused whole is said in the same form', async (t) => {
  t.match(await write(''), { status: 400, error: { code: 'invalid' } });
  t.match(await write(new Uint8Array([0x6d, 0xff])), { status: 400, error: { code: 'invalid' } });
  t.match(await write('x'.repeat(1_100_000)), { status: 413, error: { code: 'request too large' } });
  t.match(await write('m,host=a v=1\n'.repeat(10_001)), { status: 413, error: { code: 'request too large' } });
  t.match(await write('x', '', { 'content-encoding': 'gzip' }), { status: 400, error: { code: 'invalid' } });
  t.match(await write('x', '', { 'content-encoding': 'br' }), {
    status: 415,
    error: { code: 'unsupported media type' },
  });
});

await t.test('it answers those who ask whether it is there', async (t) => {
  for (const method of ['GET', 'HEAD']) {
    const response = await fetch(`${service.url}/ping`, { method });
    t.equal(response.status, 204, method);
    t.ok(response.headers.get('x-influxdb-version'));
  }
  t.match(await service.getJson('/health'), { name: 'inlet', status: 'pass' });
});

await t.test('the tags that name a device are those of the setting', async (t) => {
  const other = await startInlet(t, { INLET_LINE_DEVICE_TAGS: 'sensor, host' });
  const post = (body: string) => fetch(`${other.url}/write`, { method: 'POST', body });
  t.equal((await post('m,host=a,sensor=s1 v=1')).status, 204);
  t.equal((await post('m,host=a v=1')).status, 204);
  t.equal((await post('m,device=d1 v=1')).status, 400);
  const { devices } = await other.getJson<{ devices: { device: string }[] }>('/v1/devices');
  t.same(
    devices.map(({ device }) => device),
    ['a', 's1'],
  );
});
