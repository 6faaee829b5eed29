import { setTimeout as pause } from 'node:timers/promises';
import path from 'node:path';
import t, { type Test } from 'tap';
import { CatalogKeeper } from '../../src/catalog/keeper.js';
import { MemoryCatalog } from '../../src/catalog/memory-catalog.js';
import { type HistoryReader, type NewestOfSeries, StoreAway, type TypeColumns } from '../../src/ports/history-store.js';
import { SegmentedSpool } from '../../src/spool/log.js';

const startMs = 1_700_000_000_000;

/** A store that answers what it is told to, or is away. */
class ScriptedReader implements HistoryReader {
  readonly knowsPositions = false;

  hold(): () => void {
    return () => undefined;
  }
  isAway = false;
  asked = 0;
  types: TypeColumns[] = [];
  series: NewestOfSeries[] = [];

  async kinds(): Promise<TypeColumns[]> {
    this.asked++;
    if (this.isAway) throw new StoreAway('nobody answers');
    return this.types;
  }

  async *newest(): AsyncGenerator<NewestOfSeries[]> {
    yield this.series;
  }

  async *scan(): AsyncGenerator<never> {}
  async *aggregate(): AsyncGenerator<never> {}
}

async function keep(t: Test, reader: ScriptedReader) {
  const directory = t.testdir();
  const catalog = new MemoryCatalog({ now: () => startMs }, []);
  const spool = new SegmentedSpool({
    directory: path.join(directory, 'spool'),
    maxBytes: 2 ** 24,
    keepBytes: 2 ** 24,
    onFailure: () => undefined,
    onRecovery: () => undefined,
  });
  await spool.start(null);
  const lines: { values: Record<string, unknown>; message: string }[] = [];
  const write = (values: Record<string, unknown>, message: string) => void lines.push({ values, message });
  const log = { info: write, warn: write, error: write };
  const keeper = new CatalogKeeper({ catalog, spool, reader, log, file: path.join(directory, 'catalog.ndjson') });
  await keeper.start();
  t.teardown(async () => {
    await keeper.stop();
    await spool.stop();
  });
  const until = async (message: RegExp) => {
    for (let wait = 0; wait < 300 && !lines.some((line) => message.test(line.message)); wait++) await pause(10);
    return lines.filter((line) => message.test(line.message));
  };
  return { catalog, spool, lines, until };
}

await t.test("the store's kinds lock fields from the start", async (t) => {
  const reader = new ScriptedReader();
  reader.types = [{ type: 'press', fields: [{ name: 'force', kind: 'integer' }] }];
  const { catalog, lines } = await keep(t, reader);
  t.equal(catalog.findType('press')?.fields.get('force')?.kind, 'integer');
  t.same(lines, []);
});

await t.test('a store that was away at start locks them when it comes, and says what it has otherwise', async (t) => {
  const reader = new ScriptedReader();
  reader.isAway = true;
  reader.types = [
    { type: 'press', fields: ['force', 'state', 'count'].map((name) => ({ name, kind: 'integer' as const })) },
  ];
  const { catalog, until, lines } = await keep(t, reader);
  const press = catalog.addType('press')!;
  catalog.addField(press, 'force', 'float');
  catalog.addField(press, 'state', 'string');
  await pause(700);
  t.ok(reader.asked > 1, 'it is asked again');
  t.equal(lines.filter(({ message }) => /away/.test(message)).length, 1, 'and that it is away is told once');
  reader.isAway = false;
  await until(/^the store is back/);
  t.equal(press.fields.get('count')?.kind, 'integer', 'what nobody had used has its kind now');
  t.equal(press.fields.get('force')?.kind, 'float', 'what was accepted meanwhile keeps its own');
  const told = await until(/as another kind/);
  t.same(
    told.map(({ values }) => values),
    [{ count: 2, fields: ['press.force: float here, integer there', 'press.state: string here, integer there'] }],
    'in one line',
  );
});

await t.test('a correction that the store does not have yet stays the newest value', async (t) => {
  const reader = new ScriptedReader();
  reader.isAway = true;
  reader.types = [{ type: 'press', fields: [{ name: 'force', kind: 'float' }] }];
  const ts = BigInt(startMs) * 1_000_000n;
  const seriesOf = (device: string): NewestOfSeries => ({
    type: 'press',
    device,
    tags: {},
    fields: [{ name: 'force', kind: 'float', value: 1, ts }],
  });
  reader.series = [seriesOf('a'), seriesOf('b')];
  const { catalog, spool, until } = await keep(t, reader);
  const series = catalog.addSeries(catalog.addType('press')!, 'a', {})!;
  catalog.addField(series.typeEntry, 'force', 'float');
  const payload = `press,device=a force=2 ${ts}\n`;
  await spool.append({ payload, count: 1, late: false, arrivedMs: startMs }).durable;
  catalog.observe([{ series, ms: startMs, ns: 0, fields: { force: 2 } }], startMs);
  reader.isAway = false;
  await until(/^the store is back/);
  const values = [...catalog.newest()].map(({ series, fields }) => [series.device, fields[0]!.value]);
  t.same(values, [
    ['a', 2],
    ['b', 1],
  ]);
});

await t.test('stopping ends the asking', async (t) => {
  const reader = new ScriptedReader();
  reader.isAway = true;
  let asked = 0;
  await t.test('a keeper that is stopped', async (t) => {
    await keep(t, reader);
    t.equal(reader.asked, 1);
    asked = reader.asked;
  });
  await pause(700);
  t.equal(reader.asked, asked);
});
