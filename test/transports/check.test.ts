import t from 'tap';
import { Service } from '../../src/app/service.js';
import { readSettings } from '../../src/config/settings.js';
import { batchFormat, formats } from '../../simulators/format.js';

const service = new Service(readSettings({ INLET_PORT: '0', INLET_DATA_DIR: t.testdir(), INLET_LOG_LEVEL: 'silent' }));
await service.start();
t.teardown(() => service.stop());

async function post(path: string, body: unknown): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(service.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  return response.json();
}

async function check(
  mediaType: string,
  body: string | Uint8Array<ArrayBuffer>,
): Promise<{ status: number; receipt: unknown }> {
  const init = { method: 'POST', headers: { 'content-type': mediaType }, body };
  const response = await fetch(`${service.url}/v1/schemas/machine/check`, init);
  return { status: response.status, receipt: await response.json() };
}

async function get(path: string): Promise<unknown> {
  return (await fetch(service.url + path)).json();
}

const good = { device: 'boiler-7', ts: Date.now(), fields: { temperature: 73.9, firmware: '1.2' } };
const hot = { device: 'boiler-7', fields: { temperature: 'hot' } };
const otherKind = { device: 'boiler-7', fields: { firmware: 12 } };

t.test('a batch that is tried out gets the receipt that it would get', async (t) => {
  const tried = await post('/v1/schemas/machine/check', { id: 'b-1', readings: [good, hot, otherKind] });
  t.match(tried, {
    id: 'b-1',
    accepted: 1,
    rejected: 2,
    results: [
      { index: 1, code: 'field_type', path: '/fields/temperature' },
      { index: 2, code: 'field_type', path: '/fields/firmware' },
    ],
  });
  const sent = await post('/v1/readings', { id: 'b-1', type: 'machine', readings: [good, hot, otherKind] });
  t.same(tried, sent);
});

t.test('nothing of it is kept, and nothing is learned from it', async (t) => {
  const before = await get('/v1/stats');
  const stranger = { device: 'stranger', fields: { mood: 'fine' } };
  t.match(await post('/v1/schemas/machine/check', stranger), { accepted: 1, rejected: 0 });
  const { received, accepted, devices, series } = before as Record<string, number>;
  t.match(await get('/v1/stats'), { received, accepted, devices, series });
  t.match(await get('/v1/devices/stranger'), { code: 'not_found' });
  const otherMood = { ...stranger, type: 'machine', fields: { mood: 3 } };
  t.match(await post('/v1/readings', otherMood), { accepted: 1 }, 'the kind of a field tried out is still open');
});

t.test('what is known already counts: the kind that a field has, and the type that a reading names', async (t) => {
  t.match(await post('/v1/readings', { device: 'gauge-1', type: 'gauge', fields: { level: 1 } }), { accepted: 1 });
  const named = { device: 'gauge-1', type: 'gauge', fields: { level: 'low' } };
  t.match(await post('/v1/schemas/machine/check', named), { rejected: 1, results: [{ code: 'field_type' }] });
});

t.test('every format that is taken in can be tried out', async (t) => {
  const at = Date.now();
  const readings = [1, 'hot', 3].map((temperature, n) => ({ device: 'tried', ts: at + n, fields: { temperature } }));
  const before = (await get('/v1/stats')) as object;
  for (const format of formats) {
    const written = batchFormat(format);
    // In line protocol the type is in the line; the others leave it to the address.
    const typed = readings.map((reading) => (format === 'line' ? { ...reading, type: 'machine' } : reading));
    const tried = await check(written.mediaType, written.encode(typed).body);
    const results = [{ index: 1, code: 'field_type', path: '/fields/temperature' }];
    t.match(tried, { status: 200, receipt: { accepted: 2, rejected: 1, results } }, format);
  }
  const { received, accepted, devices } = before as Record<string, number>;
  t.match(await get('/v1/stats'), { received, accepted, devices }, 'and nothing of them is kept');
});

t.test('a body of lines is tried out as a whole: a line knows what those before it taught', async (t) => {
  const line = (mood: unknown) => `${JSON.stringify({ device: 'stranger', fields: { humour: mood } })}\n`;
  const lines = [...Array.from({ length: 2500 }, () => line('fine')), line(3), '{"device":\n'];
  t.match(await check('application/x-ndjson', lines.join('')), {
    status: 200,
    receipt: { accepted: 2500, rejected: 2, results: [{ index: 2500, code: 'field_type' }, { index: 2501 }] },
  });
  t.match(await check('application/x-ndjson', '\n'), { status: 400, receipt: { code: 'empty_batch' } });
});

t.test('a body of lines that invents names takes no more memory than a bound of them', async (t) => {
  const lines = Array.from({ length: 400 }, (_, n) => {
    const fields = Object.fromEntries(Array.from({ length: 64 }, (_, at) => [`f${n}_${at}`, 1]));
    return `${JSON.stringify({ device: 'inventor', type: `t${n}`, fields })}\n`;
  });
  const { receipt } = await check('application/x-ndjson', lines.join(''));
  t.match(receipt, { accepted: 153, results: [{ index: 153, code: 'fields_invalid' }] });
});
