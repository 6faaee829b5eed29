import t from 'tap';
import { startInlet } from '../../servers/inlet.js';
import { isRefused } from './answers.js';

const service = await startInlet(t);
const at = 1_700_000_000_000;

interface Devices {
  devices: { device: string; types: string[]; firstSeen: number; lastSeen: number; state: string }[];
  next: string | null;
}

await t.test('devices come by name, page by page, each once, while others arrive', async (t) => {
  const names = Array.from({ length: 25 }, (_, k) => `page-${String(k).padStart(2, '0')}`);
  const before = Date.now();
  await service.send(...names.toReversed().map((device) => ({ device, type: 'pump', ts: at, fields: { a: 1 } })));
  await service.send(
    { device: 'pagf', fields: { a: 1 } },
    { device: 'Page-1', fields: { a: 1 } },
    { device: 'page-24', fields: { a: 1 } },
  );
  const seen: string[] = [];
  let cursor = '';
  do {
    const { devices, next } = await service.getJson<Devices>(`/v1/devices?prefix=page-&limit=7${cursor}`);
    t.ok(devices.length <= 7);
    seen.push(...devices.map(({ device }) => device));
    await service.send({ device: `aaa-${seen.length}`, fields: { a: 1 } });
    cursor = next === null ? '' : `&cursor=${encodeURIComponent(next)}`;
  } while (cursor !== '');
  t.same(seen, names);
  const { devices, next } = await service.getJson<Devices>('/v1/devices?prefix=page-24');
  t.equal(next, null);
  t.match(devices, [{ device: 'page-24', types: ['pump', 'telemetry'], state: 'online' }]);
  t.ok(devices[0]!.firstSeen >= before && devices[0]!.lastSeen <= Date.now(), 'seen is the time of arrival');
  t.same(await service.getJson('/v1/devices?prefix=nobody'), { devices: [], next: null });
});

await t.test('a page that cannot be is refused', async (t) => {
  for (const limit of ['0', '-1', '10001', '1.5', 'ten', '']) {
    await isRefused(
      t,
      await fetch(`${service.url}/v1/devices?limit=${limit}`),
      400,
      'invalid_parameter',
      `limit=${limit}`,
    );
  }
  for (const cursor of ['', '!', 'a b', '%00']) {
    await isRefused(
      t,
      await fetch(`${service.url}/v1/devices?cursor=${cursor}`),
      400,
      'invalid_cursor',
      `cursor=${cursor}`,
    );
  }
});

await t.test('a device says what it sends, and its newest values by event time', async (t) => {
  await service.send(
    { device: 'boiler-7', type: 'machine', ts: at + 2000, tags: { site: 'lyon' }, fields: { temperature: 74 } },
    { device: 'boiler-7', type: 'machine', ts: at, tags: { site: 'lyon' }, fields: { temperature: 70, running: true } },
    { device: 'boiler-7', type: 'machine', ts: at + 1000, tags: { site: 'paris', line: '3' }, fields: { state: 'ok' } },
    { device: 'boiler-7', type: 'extra', ts: at, fields: { n: 1 } },
  );
  t.match(await service.getJson('/v1/devices/boiler-7'), {
    device: 'boiler-7',
    state: 'online',
    firstSeen: Number,
    lastSeen: Number,
    skewMs: Number,
    types: [
      { type: 'extra', fields: [{ name: 'n', kind: 'float', unit: null }], tags: {} },
      {
        type: 'machine',
        fields: [
          { name: 'temperature', kind: 'float', unit: '°F' },
          { name: 'running', kind: 'boolean', unit: null },
          { name: 'state', kind: 'string', unit: null },
        ],
        tags: { line: ['3'], site: ['lyon', 'paris'] },
      },
    ],
  });
  const lyon = { temperature: { value: 74, ts: at + 2000 }, running: { value: true, ts: at } };
  t.same(await service.getJson('/v1/devices/boiler-7/latest'), {
    device: 'boiler-7',
    series: [
      { type: 'machine', tags: { site: 'lyon' }, ts: at + 2000, fields: lyon },
      {
        type: 'machine',
        tags: { site: 'paris', line: '3' },
        ts: at + 1000,
        fields: { state: { value: 'ok', ts: at + 1000 } },
      },
      { type: 'extra', tags: {}, ts: at, fields: { n: { value: 1, ts: at } } },
    ],
  });
});

await t.test('a device that was never heard of is not found, nor one that was only rejected', async (t) => {
  await service.post({ device: 'rejected', fields: {} });
  for (const device of ['nobody', 'rejected', '%2e%2e', 'a%2fb', "a'--"]) {
    await isRefused(t, await fetch(`${service.url}/v1/devices/${device}`), 404, 'not_found', device);
    await isRefused(t, await fetch(`${service.url}/v1/devices/${device}/latest`), 404, 'not_found', device);
  }
});

await t.test('the schemas of the reading types', async (t) => {
  const { schemas } = await service.getJson<{ schemas: { type: string; fields: unknown[] }[] }>('/v1/schemas');
  const machine = schemas.find(({ type }) => type === 'machine');
  t.match(machine, { title: 'Machine', fields: [{ name: 'temperature', kind: 'float', unit: '°F' }, {}, {}] });
  t.match(await service.getJson('/v1/schemas/machine'), {
    title: 'Machine',
    properties: { fields: { type: 'object' } },
  });
  await isRefused(t, await fetch(`${service.url}/v1/schemas/nothing`), 404, 'not_found');
  await isRefused(t, await fetch(`${service.url}/v1/schemas/__proto__`), 404, 'not_found');
});
