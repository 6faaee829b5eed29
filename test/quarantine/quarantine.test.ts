import t, { type Test } from 'tap';
import type { Stats } from '../../src/ports/operations.js';
import { Influxd, influxdIsMissing } from '../servers/influxd.js';
import { startInlet, type InletProcess } from '../servers/inlet.js';

const database = 'telemetry';
const start = 1_700_000_000_000;

interface Page {
  entries: { id: number; reason: string; reading: { device: string; ts: number; fields: Record<string, unknown> } }[];
  next: string | null;
}

async function ask<T>(url: string, init?: RequestInit): Promise<T> {
  const response = await fetch(url, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  return JSON.parse(text) as T;
}

function sums(t: Test, stats: Stats): void {
  t.equal(stats.received, stats.accepted + stats.rejected);
  t.equal(stats.accepted, stats.stored + stats.quarantined + stats.discarded + stats.pending);
}

async function post(service: InletProcess, readings: object[]): Promise<void> {
  const response = await fetch(`${service.url}/v1/readings?ack=store&timeout=20`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(readings),
  });
  t.match(await response.json(), { accepted: readings.length, stored: true });
}

/** `v` is a float to the service; while `probe` has it as a string, the database takes none of them. */
function readings(count: number, type: string): object[] {
  return Array.from({ length: count }, (_, index) => ({ device: 'd', type, ts: start + index, fields: { v: index } }));
}

if (!influxdIsMissing('quarantine')) {
  t.test('what the store refuses waits in quarantine, with its words, until it is replayed or discarded', async (t) => {
    const influxd = await new Influxd().start();
    t.teardown(() => influxd.stop());
    const service = await startInlet(t, { INLET_STORE: 'influxdb', INLET_INFLUX_URL: influxd.url });
    await post(service, readings(3, 'fine'));
    await influxd.write(`probe,device=other v="text" ${start}000000`, database);
    await post(service, [...readings(5, 'probe'), ...readings(40, 'fine')]);

    const page = await ask<Page>(`${service.url}/v1/quarantine?limit=2`);
    t.equal(page.entries.length, 2);
    t.match(page.entries[0], { reason: /field type conflict/, reading: { device: 'd', ts: start, fields: { v: 0 } } });
    const rest = await ask<Page>(`${service.url}/v1/quarantine?cursor=${page.next}`);
    t.equal(rest.entries.length, 3);
    t.equal(rest.next, null);
    const { reasons } = await ask<{ reasons: { count: number }[] }>(`${service.url}/v1/quarantine/reasons`);
    t.equal(
      reasons.reduce((sum, { count }) => sum + count, 0),
      5,
    );
    const exported = await (await fetch(`${service.url}/v1/quarantine?format=ndjson`)).text();
    t.equal(exported.trimEnd().split('\n').length, 5);
    const history = await ask<{ rows: unknown[] }>(`${service.url}/v1/history?types=fine&from=${start}&to=now`);
    t.equal(history.rows.length, 40, 'one bad reading costs no other');
    let stats = await ask<Stats>(`${service.url}/v1/stats`);
    t.match(stats, { quarantined: 5, discarded: 0, pending: 0 });
    sums(t, stats);

    t.match(await ask(`${service.url}/v1/quarantine/replay`, { method: 'POST' }), { replayed: 0, failed: 5 });
    const discarded = page.entries[0]!.id;
    t.equal((await fetch(`${service.url}/v1/quarantine/${discarded}`, { method: 'DELETE' })).status, 204);
    t.equal((await fetch(`${service.url}/v1/quarantine/${discarded}`, { method: 'DELETE' })).status, 404);

    await influxd.query('DROP MEASUREMENT "probe"', database);
    const ids = rest.entries.map(({ id }) => id);
    const some = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ ids }) };
    t.match(await ask(`${service.url}/v1/quarantine/replay`, some), { replayed: 3, failed: 0 });
    await service.kill9();
    await service.start();
    t.match(await ask(`${service.url}/v1/quarantine/replay`, { method: 'POST' }), { replayed: 1, failed: 0 });
    const probe = await ask<{ rows: unknown[] }>(`${service.url}/v1/history?types=probe&from=${start}&to=now`);
    t.equal(probe.rows.length, 4);
    stats = await ask<Stats>(`${service.url}/v1/stats`);
    t.match(stats, { stored: 47, quarantined: 0, discarded: 1, pending: 0 });
    sums(t, stats);
  });

  t.test('a replay while the store is away says so, and loses nothing', async (t) => {
    const influxd = await new Influxd().start();
    t.teardown(() => influxd.stop());
    const service = await startInlet(t, { INLET_STORE: 'influxdb', INLET_INFLUX_URL: influxd.url });
    await post(service, readings(1, 'fine'));
    await influxd.write(`probe,device=other v="text" ${start}000000`, database);
    await post(service, readings(1, 'probe'));
    await influxd.kill();
    const response = await fetch(`${service.url}/v1/quarantine/replay`, { method: 'POST' });
    t.equal(response.status, 503);
    t.match(await response.json(), { code: 'store_away' });
    t.equal((await ask<Page>(`${service.url}/v1/quarantine`)).entries.length, 1);
  });

  t.test('bad input gets a clear answer', async (t) => {
    const service = await startInlet(t);
    for (const [path, code] of [
      ['?limit=0', 'invalid_parameter'],
      ['?cursor=x', 'invalid_cursor'],
      ['?format=xml', 'invalid_parameter'],
    ]) {
      const response = await fetch(`${service.url}/v1/quarantine${path}`);
      t.equal(response.status, 400);
      t.match(await response.json(), { code });
    }
    for (const body of ['{', '[]', '{"ids":["a"]}', '{"idz":[]}', 'null']) {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${service.url}/v1/quarantine/replay`, { method: 'POST', headers, body });
      t.equal(response.status, 400, body);
    }
    t.equal((await fetch(`${service.url}/v1/quarantine/a%2Fb`, { method: 'DELETE' })).status, 404);
  });
}
