/** DELETE /v1/devices/:device: what was there is gone for good, whatever still holds it, and what comes later is not. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import t, { type Test } from 'tap';
import { overBothStores, type Over } from '../../servers/both-stores.js';
import { Influxd, influxdIsMissing } from '../../servers/influxd.js';
import { startInlet, type InletProcess } from '../../servers/inlet.js';
import { until } from '../../servers/until.js';
import { isRefused } from './answers.js';

const at = 1_700_000_000_000;
const database = 'telemetry';

function readings(device: string, count: number, from = 0): object[] {
  return Array.from({ length: count }, (_, index) => ({
    device,
    type: 'pump',
    ts: at + from + index,
    tags: { site: `site-of-${device}` },
    fields: { value: from + index },
  }));
}

async function remove(service: InletProcess, device: string): Promise<Response> {
  return fetch(`${service.url}/v1/devices/${device}`, { method: 'DELETE' });
}

async function rowsOf(service: InletProcess, device: string): Promise<unknown[]> {
  const query = `devices=${device}&types=pump&from=0&limit=100000`;
  return (await service.getJson<{ rows: unknown[] }>(`/v1/history?${query}`)).rows;
}

async function closes(t: Test, service: InletProcess, promise: string): Promise<void> {
  const { received, accepted, rejected, stored, quarantined, discarded, pending } = await service.stats();
  t.equal(received, accepted + rejected, promise);
  t.equal(accepted, stored + quarantined + discarded + pending, promise);
}

async function isUnknown(t: Test, service: InletProcess, device: string): Promise<void> {
  t.same(await rowsOf(service, device), [], 'no history');
  await isRefused(t, await fetch(`${service.url}/v1/devices/${device}`), 404, 'not_found', 'no detail');
  await isRefused(t, await fetch(`${service.url}/v1/devices/${device}/latest`), 404, 'not_found', 'no newest values');
  t.same(await service.getJson(`/v1/devices?prefix=${device}`), { devices: [], next: null }, 'not in the list');
  const { values } = await service.getJson<{ values: string[] }>('/v1/tags/site');
  t.notOk(values.includes(`site-of-${device}`), 'no tag of it');
}

async function tests(t: Test, { service }: Over): Promise<void> {
  await t.test('a device that nobody knows is 404', async (t) => {
    await isRefused(t, await remove(service, 'nobody'), 404, 'not_found', 'never heard of');
  });

  await t.test('it takes along what the store did not have yet, and nothing of others', async (t) => {
    await service.send(...readings('gone', 500), ...readings('stays', 500));
    t.equal((await remove(service, 'gone')).status, 204);
    await isUnknown(t, service, 'gone');
    t.equal((await rowsOf(service, 'stays')).length, 500);
    await closes(t, service, 'deleted');
    await isRefused(t, await remove(service, 'gone'), 404, 'not_found', 'a second time');
  });

  await t.test('neither kill -9, nor a start, nor a lost catalog brings it back', async (t) => {
    await service.kill9();
    await service.start();
    await isUnknown(t, service, 'gone');
    await service.restart();
    await isUnknown(t, service, 'gone');
    await service.kill9();
    await rm(path.join(service.dataDirectory, 'catalog', 'catalog.ndjson'));
    await service.start();
    await isUnknown(t, service, 'gone');
    t.equal((await rowsOf(service, 'stays')).length, 500);
  });

  await t.test('what it sends from then on is taken, and is there after a start', async (t) => {
    await service.send(...readings('gone', 3, 100));
    await service.settled();
    t.equal((await rowsOf(service, 'gone')).length, 3);
    await service.kill9();
    await service.start();
    t.equal((await rowsOf(service, 'gone')).length, 3);
    const { series } = await service.getJson<{ series: unknown[] }>('/v1/devices/gone/latest');
    t.match(series, [
      { type: 'pump', tags: { site: 'site-of-gone' }, ts: at + 102, fields: { value: { value: 102 } } },
    ]);
  });

  await t.test('a device that goes on sending loses what was acknowledged before, and nothing behind', async (t) => {
    await service.send(...readings('busy', 50));
    const deletion = { status: 0 };
    const deleted = remove(service, 'busy').then(({ status }) => Object.assign(deletion, { status }));
    let from = 1000;
    for (; deletion.status === 0 || from < 1100; from += 10) await service.send(...readings('busy', 10, from));
    await deleted;
    t.equal(deletion.status, 204);
    await service.settled();
    const times = (await rowsOf(service, 'busy')).map((row) => (row as [number])[0] - at);
    t.ok(times.length > 0 && times.every((time) => time >= 1000), 'nothing from before the request');
    const first = times[0]!;
    t.same(
      times,
      Array.from({ length: from - first }, (_, index) => first + index),
      'from one position on everything',
    );
    const { series } = await service.getJson<{ series: { ts: number }[] }>('/v1/devices/busy/latest');
    t.equal(series[0]!.ts, at + from - 1, 'the newest value is known');
    await closes(t, service, 'under way');
  });
}

await overBothStores(t, 'deleting a device', tests);

if (!influxdIsMissing('deleting a device from quarantine')) {
  await t.test('its readings in quarantine are discarded, and cannot be replayed', async (t) => {
    const influxd = await new Influxd().start();
    t.teardown(() => influxd.stop());
    const service = await startInlet(t, { INLET_STORE: 'influxdb', INLET_INFLUX_URL: influxd.url });
    await service.settled();
    await influxd.write(`pump,device=other value="text" ${at}000000`, database);
    await service.send(...readings('refused', 3), ...readings('beside', 2));
    await service.settled();
    t.match(await service.stats(), { quarantined: 5, discarded: 0 });
    t.equal((await remove(service, 'refused')).status, 204);
    t.match(await service.stats(), { quarantined: 2, discarded: 3 });
    await influxd.query('DROP MEASUREMENT "pump"', database);
    const replayed = await fetch(`${service.url}/v1/quarantine/replay`, { method: 'POST' });
    t.match(await replayed.json(), { replayed: 2, failed: 0 });
    t.same(await rowsOf(service, 'refused'), []);
    await closes(t, service, 'with a quarantine');
  });

  await t.test('while the store is away nothing is deleted, and that is said', async (t) => {
    const influxd = await new Influxd().start();
    t.teardown(() => influxd.stop());
    const service = await startInlet(t, { INLET_STORE: 'influxdb', INLET_INFLUX_URL: influxd.url });
    await service.send(...readings('kept', 2));
    await service.settled();
    await influxd.kill();
    await service.send(...readings('other', 1));
    t.ok(await until(async () => service.stdout.some((line) => line.includes('does not take readings'))));
    await isRefused(t, await remove(service, 'kept'), 503, 'store_away', 'the store is away');
    await influxd.restart();
    await service.settled();
    t.equal((await rowsOf(service, 'kept')).length, 2);
    const deleted = await remove(service, 'kept');
    t.equal(deleted.status, 204, await deleted.text());
    t.same(await rowsOf(service, 'kept'), []);
  });
}
