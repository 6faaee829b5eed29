import t from 'tap';
import { decodeCursor } from '../../src/live/cursor.js';
import { startInlet } from '../servers/inlet.js';
import { until } from '../servers/until.js';
import { openStream } from '../transports/stream-client.js';
import { LiveClient, type LiveReading } from './live-client.js';

const service = await startInlet(t);
const at = 1_700_000_000_000;

await t.test('a subscription shows every reading as it was accepted, with where that is', async (t) => {
  const client = await LiveClient.open(t, service.url);
  const { subscription, cursor } = await client.subscribe({});
  t.equal(subscription, 's1');
  await service.send({
    device: 'plain',
    type: 'pump',
    ts: at,
    tags: { site: 'a', line: '"b"' },
    fields: { level: 1.5, on: true, note: 'ü"\\\n', gone: null },
  });
  const message = await client.next();
  t.same(message.readings, [
    {
      device: 'plain',
      type: 'pump',
      ts: at,
      tags: { site: 'a', line: '"b"' },
      fields: { level: 1.5, on: true, note: 'ü"\\\n' },
    },
  ]);
  t.equal(message.subscription, 's1');
  t.ok(positionOf(message.cursor!) > positionOf(cursor));
  await service.post([{ device: 'plain', fields: {} }]);
  t.ok(await client.isQuiet(), 'what was rejected does not show');
});

await t.test('filters: names and patterns of devices, types, fields and tags', async (t) => {
  const sent = [
    { device: 'boiler-1', type: 'heat', ts: at, tags: { site: 'lyon' }, fields: { temp_in: 1, temp_out: 2, on: true } },
    { device: 'boiler-2', type: 'heat', ts: at, tags: { site: 'paris', line: '7' }, fields: { temp_in: 3 } },
    { device: 'pump-1', type: 'flow.rate', ts: at, fields: { rate: 4, on: false } },
  ];
  const wanted: [filter: object, expected: [device: string, fields: object][]][] = [
    [{ devices: ['boiler-1'] }, [['boiler-1', sent[0]!.fields]]],
    [
      { devices: ['boiler-*'] },
      [
        ['boiler-1', sent[0]!.fields],
        ['boiler-2', { temp_in: 3 }],
      ],
    ],
    [
      { devices: ['*-1'] },
      [
        ['boiler-1', sent[0]!.fields],
        ['pump-1', sent[2]!.fields],
      ],
    ],
    [
      { devices: ['boiler-2', 'p*'] },
      [
        ['boiler-2', { temp_in: 3 }],
        ['pump-1', sent[2]!.fields],
      ],
    ],
    [{ devices: ['boiler'] }, []],
    [{ types: ['flow.rate'] }, [['pump-1', sent[2]!.fields]]],
    [{ types: ['flow*'] }, [['pump-1', sent[2]!.fields]]],
    [{ types: ['flowXrate'] }, []],
    [
      { fields: ['temp_*'] },
      [
        ['boiler-1', { temp_in: 1, temp_out: 2 }],
        ['boiler-2', { temp_in: 3 }],
      ],
    ],
    [
      { fields: ['on', 'rate'] },
      [
        ['boiler-1', { on: true }],
        ['pump-1', { rate: 4, on: false }],
      ],
    ],
    [{ tags: { site: 'lyon' } }, [['boiler-1', sent[0]!.fields]]],
    [
      { tags: { site: '*' } },
      [
        ['boiler-1', sent[0]!.fields],
        ['boiler-2', { temp_in: 3 }],
      ],
    ],
    [{ tags: { site: 'p*s', line: '7' } }, [['boiler-2', { temp_in: 3 }]]],
    [{ tags: { toString: '*' } }, []],
    [{ devices: ['*'], types: ['heat'], fields: ['on'], tags: { site: 'lyon' } }, [['boiler-1', { on: true }]]],
  ];
  for (const [filter, expected] of wanted) {
    const client = await LiveClient.open(t, service.url);
    await client.subscribe(filter);
    await service.send(...sent);
    const { readings } = await client.readings(expected.length);
    t.same(
      readings.map(({ device, fields }): [string, object] => [device, fields]),
      expected,
      JSON.stringify(filter),
    );
    t.ok(await client.isQuiet());
  }
});

await t.test('the snapshot is the newest by event time, field by field, and comes first', async (t) => {
  const tags = { site: 'snap' };
  await service.send(
    { device: 'snap', type: 'snap', ts: at + 2000, tags, fields: { a: 2 } },
    { device: 'snap', type: 'snap', ts: at + 1000, tags, fields: { a: 1, b: 1 } },
    { device: 'snap', type: 'snap', ts: at + 2000, tags, fields: { c: 2 } },
    { device: 'snap', type: 'snap', ts: at, fields: { a: 0 } },
  );
  const client = await LiveClient.open(t, service.url);
  await client.subscribe({ devices: ['snap'], snapshot: true });
  const { snapshot } = await client.next();
  t.same(snapshot, [
    { device: 'snap', type: 'snap', ts: at + 2000, tags, fields: { a: 2, c: 2 } },
    { device: 'snap', type: 'snap', ts: at + 1000, tags, fields: { b: 1 } },
    { device: 'snap', type: 'snap', ts: at, tags: {}, fields: { a: 0 } },
  ]);
  await service.send({ device: 'snap', type: 'snap', ts: at + 500, fields: { a: 9 } });
  t.match(await client.readings(1), { readings: [{ ts: at + 500, fields: { a: 9 } }] }, 'a late reading comes live');
  await client.subscribe({ devices: ['snap'], types: ['snap'], fields: ['b'], snapshot: true });
  t.same((await client.next()).snapshot, [{ device: 'snap', type: 'snap', ts: at + 1000, tags, fields: { b: 1 } }]);
  await client.subscribe({ devices: ['nobody'], snapshot: true });
  t.same((await client.next()).snapshot, [], 'an empty one says that there is nothing');
});

await t.test('a subscription in the URL has id 0', async (t) => {
  const client = await LiveClient.open(t, service.url, '?devices=url-1,url-2&fields=a*&tag.site=x&snapshot=true');
  t.match(await client.next(), { id: 0, subscribed: { subscription: 's1', cursor: String } });
  t.match(await client.next(), { subscription: 's1', snapshot: [] });
  const reading = { ts: at, tags: { site: 'x' }, fields: { ab: 1, b: 2 } };
  await service.send({ device: 'url-1', ...reading }, { device: 'url-3', ...reading }, { device: 'url-2', ...reading });
  const { readings } = await client.readings(2);
  t.same(
    readings.map(({ device, fields }) => [device, fields]),
    [
      ['url-1', { ab: 1 }],
      ['url-2', { ab: 1 }],
    ],
  );
  await client.subscribe({ devices: ['url-3'] });
  t.ok(await client.isQuiet(), 'commands come as well');
});

await t.test('unsubscribe ends one subscription and no other', async (t) => {
  const client = await LiveClient.open(t, service.url);
  await client.subscribe({ devices: ['un-1'] });
  await client.subscribe({ devices: ['un-*'] });
  const id = client.command({ unsubscribe: { subscription: 's1' } });
  t.same(await client.next(), { id, unsubscribed: { subscription: 's1' } });
  await service.send({ device: 'un-1', fields: { a: 1 } });
  t.match(await client.next(), { subscription: 's2', readings: [{ device: 'un-1' }] });
  t.ok(await client.isQuiet());
  client.command({ unsubscribe: { subscription: 's1' } });
  t.match(await client.next(), { error: { code: 'not_found', temporary: false } });
  const pinged = client.command({ ping: {} });
  const { id: answered, pong } = await client.next();
  t.equal(answered, pinged);
  t.ok(Math.abs(pong!.serverTime - Date.now()) < 5000);
});

await t.test('a filter that cannot be held is refused, with what is wrong with it', async (t) => {
  const client = await LiveClient.open(t, service.url);
  const refused: [filter: unknown, said: RegExp][] = [
    [{ history: {} }, /^history .*since/],
    [{ history: { since: true } }, /^history\.since /],
    [{ history: { since: 'yesterday' } }, /^history\.since /],
    [{ history: { since: '-1h', maxPoints: 0 } }, /^history\.maxPoints /],
    [{ history: { since: '-1h', to: 'now' } }, /^history: "to"/],
    [{ mode: 'some' }, /^mode /],
    [{ maxRateHz: 0 }, /^maxRateHz /],
    [{ onChange: 'yes' }, /^onChange /],
    [{ cursor: 7 }, /^cursor /],
    [{ devices: ['a', 7] }, /^devices\.1 /],
    [{ colour: 'red' }, /"colour"/],
    [{ devices: 'boiler-1' }, /devices/],
    [{ devices: [] }, /devices/],
    [{ devices: [7] }, /devices/],
    [{ devices: [''] }, /devices/],
    [{ devices: Array.from({ length: 1001 }, (_, k) => `d${k}`) }, /devices/],
    [{ types: { 0: 'a' } }, /types/],
    [{ fields: null }, /fields/],
    [{ tags: { site: 7 } }, /tags/],
    [{ tags: { '': 'x' } }, /tags/],
    [{ snapshot: 'yes' }, /snapshot/],
    ['everything', /object/],
    [null, /object/],
  ];
  for (const [filter, said] of refused) {
    const id = client.command({ subscribe: filter });
    const { error, ...others } = await client.next();
    t.same(others, { id }, JSON.stringify(filter).slice(0, 60));
    t.match(error, { code: 'invalid_filter', temporary: false, message: said });
  }
  client.send('{"id":99,"subscribe":{"tags":{"__proto__":"*"}}}');
  t.match(await client.next(), { id: 99, error: { code: 'invalid_filter' } });
  await service.send({ device: 'after', tags: { site: 'x' }, fields: { a: 1 } });
  t.ok(await client.isQuiet(), 'and the connection goes on');
});

await t.test('a connection has at most 100 subscriptions', async (t) => {
  const client = await LiveClient.open(t, service.url);
  for (let k = 0; k < 100; k++) await client.subscribe({ devices: [`many-${k}`] });
  client.command({ subscribe: {} });
  t.match(await client.next(), { error: { message: /100/, code: String } });
  client.command({ unsubscribe: { subscription: 's1' } });
  await client.next();
  t.match(await client.subscribe({}), { subscription: 's101' });
  t.ok((await service.stats()).subscriptions >= 100);
  await client.close();
  await service.send({ device: 'd', fields: { a: 1 } });
  t.ok(await until(async () => (await service.stats()).subscriptions === 0), 'a closed connection leaves none');
});

await t.test('ten malformed commands in a row end the connection; fewer do not', async (t) => {
  const client = await LiveClient.open(t, service.url);
  const malformed = [
    '{',
    '7',
    'null',
    '[]',
    '{}',
    '{"id":1}',
    '{"id":-1,"ping":{}}',
    '{"id":1.5,"ping":{}}',
    '{"id":1,"ping":{},"subscribe":{}}',
  ];
  for (const command of malformed) {
    client.send(command);
    t.match(await client.next(), { error: { code: 'malformed' } }, command);
  }
  t.ok(await client.isQuiet());
  for (let k = 0; k < 10; k++) client.send('{');
  for (let k = 0; k < 10; k++) t.match(await client.next(), { error: { code: 'malformed', temporary: false } });
  t.same(await client.next(), { closed: 4400 });
});

await t.test('binary frames end with 1003, too large ones with 1009', async (t) => {
  const binary = await LiveClient.open(t, service.url);
  binary.socket.send(Buffer.from('{"id":1,"ping":{}}'), { binary: true });
  t.same(await binary.next(), { closed: 1003 });
  const large = await LiveClient.open(t, service.url);
  large.send(' '.repeat(1024 * 1024 + 1));
  t.same(await large.next(), { closed: 1009 });
});

await t.test('under load from both sides every accepted reading comes once, in the order of acceptance', async (t) => {
  const clients = await Promise.all([1, 2, 3].map(() => LiveClient.open(t, service.url)));
  for (const client of clients) await client.subscribe({ devices: ['load-*'] });
  const stream = await openStream(service.url);
  t.teardown(() => stream.close());
  const [streamed, batches, perBatch] = [2000, 200, 25];
  const posting = (async () => {
    for (let k = 0; k < batches; k++) {
      await service.send(
        ...Array.from({ length: perBatch }, (_, j) => ({ device: 'load-http', fields: { n: k * perBatch + j } })),
      );
    }
  })();
  for (let n = 0; n < streamed; n++) {
    stream.send({ seq: n + 1, device: 'load-stream', fields: { n } });
    if (n % 50 === 0) await new Promise(setImmediate);
  }
  const [first, ...others] = await Promise.all(clients.map((client) => client.readings(streamed + batches * perBatch)));
  await posting;
  const numbers = (device: string) =>
    first!.readings.filter((reading: LiveReading) => reading.device === device).map(({ fields }) => fields['n']);
  t.same(
    numbers('load-stream'),
    Array.from({ length: streamed }, (_, n) => n),
  );
  t.same(
    numbers('load-http'),
    Array.from({ length: batches * perBatch }, (_, n) => n),
  );
  for (const other of others) t.same(other.readings, first!.readings, 'everybody sees the same order');
  const positions = first!.cursors.map(positionOf);
  t.ok(
    positions.every((position, k) => k === 0 || position > positions[k - 1]!),
    'cursors rise',
  );
  t.ok(first!.cursors.every((cursor) => cursor.length <= 256));
});

function positionOf(cursor: string): number {
  const [[, position] = ['', -1]] = decodeCursor(cursor) ?? [];
  return position;
}
