import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import { MemoryCatalog } from '../../src/catalog/memory-catalog.js';
import { readSnapshot, writeSnapshot } from '../../src/catalog/snapshot.js';
import type { FieldValue, Kind, Tags } from '../../src/domain/reading.js';

const clock = { now: () => 1_700_000_100_000 };
const directory = mkdtempSync(path.join(tmpdir(), 'inlet-catalog-'));
t.teardown(() => rmSync(directory, { recursive: true }));

function observe(
  catalog: MemoryCatalog,
  reading: {
    type: string;
    device: string;
    tags?: Tags;
    ms: number;
    ns?: number;
    fields: Record<string, [Kind, FieldValue]>;
  },
): void {
  const type = catalog.addType(reading.type)!;
  const series = catalog.addSeries(type, reading.device, reading.tags ?? {})!;
  for (const [name, [kind]] of Object.entries(reading.fields)) catalog.addField(type, name, kind);
  const fields = Object.fromEntries(Object.entries(reading.fields).map(([name, [, value]]) => [name, value]));
  catalog.observe([{ series, ms: reading.ms, ns: reading.ns ?? 0, fields }], clock.now());
}

function everything(catalog: MemoryCatalog): unknown {
  const devices = catalog.devices({ prefix: '', after: null, limit: 100 });
  return {
    devices,
    details: devices.map(({ device }) => catalog.device(device)),
    newest: [...catalog.newest()].map(({ series: { type, device, tags, headMs, headNs }, fields }) => {
      return { type, device, tags, headMs, headNs, fields };
    }),
    types: catalog.types(),
  };
}

t.test('what the catalog knows is the same after it was written and read again', async (t) => {
  const catalog = new MemoryCatalog(clock, []);
  observe(catalog, {
    type: 'machine',
    device: 'boiler-7',
    tags: { site: 'lyon, "a=b"\\' },
    ms: 1_700_000_000_000,
    ns: 1,
    fields: {
      temperature: ['float', 73.9],
      state: ['string', 'say "hi"\n\\ 🌡'],
      running: ['boolean', false],
    },
  });
  observe(catalog, {
    type: 'power',
    device: 'meter-1',
    ms: 1_700_000_000_500,
    fields: {
      energy: ['integer', 9_007_199_254_740_993n],
      count: ['integer', -5],
      tiny: ['float', 5e-324],
    },
  });
  const file = path.join(directory, 'round', 'catalog.ndjson');
  const head = { position: 42, atMs: clock.now() };
  await writeSnapshot(file, catalog, head);
  const again = new MemoryCatalog(clock, []);
  t.same(await readSnapshot(file, again), head);
  t.same(everything(again), everything(catalog));
  t.equal(again.device('boiler-7')?.firstSeen, clock.now(), 'a device is there before anything new comes of it');
});

t.test('without a snapshot, or with one that cannot be read, the store is to be asked', async (t) => {
  const file = path.join(directory, 'broken.ndjson');
  t.equal(await readSnapshot(file, new MemoryCatalog(clock, [])), undefined);
  for (const text of ['', 'not json\n', '{"catalog":2,"position":1}\n', '{"catalog":1,"position":1}\n{"series":']) {
    writeFileSync(file, text);
    t.equal(await readSnapshot(file, new MemoryCatalog(clock, [])), undefined, JSON.stringify(text));
  }
});
