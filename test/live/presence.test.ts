import { mock } from 'node:test';
import t, { type Test } from 'tap';
import { FeedRig, startMs, type Reader, turn } from './feed-rig.js';

mock.timers.enable({ apis: ['setInterval', 'Date'], now: startMs });
t.teardown(() => mock.timers.reset());

/** Second by second, and what is told of it goes out. */
async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) mock.timers.tick(1_000);
  await turn();
}

/** A reading of a device, of a type of its own and with tags. */
function meet(rig: FeedRig, device: string, typeName = 'pump', tags: Record<string, string> = {}): void {
  const type = rig.catalog.addType(typeName)!;
  rig.catalog.addField(type, 'a', 'float');
  const series = rig.catalog.addSeries(type, device, tags)!;
  rig.catalog.observe([{ series, ms: startMs, ns: 0, fields: { a: 1 } }], Date.now());
}

/** What the reader was told since the last time. */
function told(reader: Reader): string[] {
  const { presence } = reader;
  reader.messages.length = 0;
  return presence;
}

await t.test('first comes the state of each device, then each change, with its time', async (t) => {
  const rig = await FeedRig.open(t);
  meet(rig, 'gone');
  await pass(70);
  meet(rig, 'here');
  const reader = rig.connect();
  reader.subscribe({ presence: true });
  await turn();
  t.same(reader.messages, [
    {
      name: 's1',
      kind: 'presence',
      presence: [
        { device: 'gone', state: 'offline', at: startMs + 61_000 },
        { device: 'here', state: 'online', at: startMs + 70_000 },
      ],
    },
  ]);
  told(reader);
  meet(rig, 'gone');
  meet(rig, 'new');
  await turn();
  t.equal(reader.messages.length, 1, 'one message for a turn');
  t.same(told(reader), ['gone online', 'new online']);
  for (let second = 0; second < 70; second += 10) {
    meet(rig, 'here');
    await pass(10);
  }
  t.same(told(reader), ['new offline'], 'the other one was silent for longer before');
});

await t.test('who did not ask for presence is told nothing of it', async (t) => {
  const rig = await FeedRig.open(t);
  const reader = rig.connect();
  reader.subscribe({});
  reader.subscribe({ presence: false });
  meet(rig, 'd1');
  await pass(70);
  t.same(told(reader), []);
});

await t.test('where nothing matches, that is said', async (t) => {
  const rig = await FeedRig.open(t);
  const reader = rig.connect();
  reader.subscribe({ presence: true, devices: ['nobody'] });
  await turn();
  t.same(reader.messages, [{ name: 's1', kind: 'presence', presence: [] }]);
});

await t.test('a device comes before its first reading, and what comes first before that', async (t) => {
  const rig = await FeedRig.open(t);
  await rig.publish({ device: 'd1', fields: { a: 1 } });
  const reader = rig.connect();
  reader.subscribe({ presence: true, snapshot: true });
  await rig.publish({ device: 'd2', fields: { a: 2 } });
  await turn();
  t.same(
    reader.messages.map(({ kind }) => kind),
    ['presence', 'snapshot', 'presence', 'readings'],
  );
});

await t.test('devices match by name, and by the type and tags of one of their series', async (t) => {
  const rig = await FeedRig.open(t);
  const filters = {
    all: {},
    exact: { devices: ['boiler-1', 'pump-1'] },
    pattern: { devices: ['boiler-*'] },
    type: { types: ['heat'] },
    tags: { tags: { site: 'ly*' } },
    both: { devices: ['*-1'], types: ['heat'], tags: { site: 'lyon' } },
    fields: { devices: ['boiler-1'], fields: ['nothing that it has'] },
  };
  const expected: Record<keyof typeof filters, string[]> = {
    all: ['boiler-1', 'boiler-2', 'pump-1'],
    exact: ['boiler-1', 'pump-1'],
    pattern: ['boiler-1', 'boiler-2'],
    type: ['boiler-1', 'boiler-2'],
    tags: ['boiler-1', 'pump-1'],
    both: ['boiler-1'],
    fields: ['boiler-1'],
  };
  const subscribe = () =>
    Object.entries(filters).map(([name, filter]) => {
      const reader = rig.connect();
      reader.subscribe({ ...filter, presence: true });
      return { name: name as keyof typeof filters, reader };
    });
  const early = subscribe();
  await turn();
  meet(rig, 'boiler-1', 'flow', { site: 'bonn' });
  meet(rig, 'boiler-2', 'heat', { site: 'bonn' });
  meet(rig, 'pump-1', 'flow', { site: 'lyon' });
  await turn();
  meet(rig, 'boiler-1', 'heat', { site: 'lyon' });
  await turn();
  const late = subscribe();
  await turn();
  for (const { name, reader } of [...early, ...late])
    t.same(
      told(reader).toSorted(byText),
      expected[name].map((device) => `${device} online`),
      name,
    );
  await pass(70);
  for (const { name, reader } of [...early, ...late])
    t.same(
      told(reader).toSorted(byText),
      expected[name].map((device) => `${device} offline`),
      name,
    );
});

await t.test('10,000 devices come in messages of 1,000, and so does their end', async (t) => {
  const rig = await FeedRig.open(t);
  for (let n = 0; n < 10_000; n++) meet(rig, `d${n}`);
  const reader = rig.connect();
  reader.subscribe({ presence: true });
  while (reader.messages.length < 10) await turn();
  await turn();
  t.same(
    reader.messages.map(({ presence }) => presence?.length),
    Array.from({ length: 10 }, () => 1_000),
  );
  t.equal(new Set(told(reader)).size, 10_000);
  await pass(70);
  for (let k = 0; k < 20; k++) await turn();
  t.ok(reader.messages.every(({ presence = [] }) => presence.length <= 1_000));
  t.equal(told(reader).filter((text) => text.endsWith(' offline')).length, 10_000);
});

await t.test('a change while the first states are on their way is told behind them', async (t) => {
  const rig = await FeedRig.open(t);
  const count = 16_000;
  for (let n = 0; n < count; n++) meet(rig, `d${n}`);
  const reader = rig.connect();
  reader.subscribe({ presence: true });
  // Few of many match: so the first turn ends in the middle of a message.
  const few = rig.connect();
  few.subscribe({ presence: true, devices: ['d*77'] });
  rig.catalog.forgetDevice('d77');
  rig.catalog.forgetDevice('d0');
  rig.catalog.forgetDevice(`d${count - 1}`);
  meet(rig, 'd0');
  meet(rig, 'another');
  for (let k = 0; k < 30; k++) await turn();
  const lastOf = (one: Reader) => new Map(told(one).map((text) => text.split(' ') as [string, string]));
  t.equal(lastOf(few).get('d77'), 'offline');
  const last = lastOf(reader);
  t.equal(last.get('d0'), 'online');
  t.equal(last.get(`d${count - 1}`), 'offline');
  t.equal(last.get('another'), 'online');
  t.equal(last.size, count + 1);
});

async function comesBack(t: Test, waitToGoOut: boolean): Promise<void> {
  const rig = await FeedRig.open(t);
  meet(rig, 'steady');
  meet(rig, 'flapping');
  rig.catalog.countStream('steady', 1);
  const [reader, other] = [rig.connect(), rig.connect()];
  for (const one of [reader, other]) one.subscribe({ presence: true });
  await turn();
  told(reader);
  reader.isReading = false;
  const text = 'x'.repeat(1_000);
  for (let round = 0; round < 40; round++)
    await rig.publish(...Array.from({ length: 100 }, () => ({ device: 'steady', fields: { text } })));
  await pass(70);
  for (let round = 0; round < 5; round++) {
    meet(rig, 'flapping');
    await pass(220);
  }
  // Behind much that went out the feed rests for a while.
  const hears = async (change: string) => {
    while (other.presence.at(-1) !== change) await turn();
  };
  meet(rig, 'early');
  await hears('early online');
  meet(rig, 'flapping');
  meet(rig, 'new');
  if (!waitToGoOut) await hears('new online');
  t.same(reader.presence, [], 'nothing waits for it');
  reader.isReading = true;
  for (let k = 0; k < 200; k++) {
    reader.read();
    await turn();
  }
  t.same(told(reader), ['flapping online', 'early online', 'new online']);
  await pass(70);
  await hears('new offline');
  t.same(told(reader), ['early offline', 'new offline'], 'and goes on from there');
}

await t.test('who did not read is told the state of what changed meanwhile, and nothing else', (t) =>
  comesBack(t, false),
);

await t.test('also while the last changes still wait to go out', (t) => comesBack(t, true));

await t.test('an ended subscription is told nothing more, and leaves nothing behind', async (t) => {
  const rig = await FeedRig.open(t);
  const reader = rig.connect();
  const ended = reader.subscribe({ presence: true });
  reader.subscribe({ presence: true, devices: ['d1'] });
  await turn();
  ended.end();
  meet(rig, 'd1');
  await turn();
  t.same(
    reader.messages.slice(2).map(({ name }) => name),
    ['s2'],
  );
  reader.connection.end();
  meet(rig, 'd2');
  await pass(70);
  t.equal(reader.messages.length, 3);
});

await t.test('presence keeps no cursor from being sent', async (t) => {
  const rig = await FeedRig.open(t);
  const reader = rig.connect();
  reader.subscribe({ presence: true, devices: ['d*'] });
  for (let n = 0; n < 20; n++) {
    meet(rig, `d${n}`);
    await pass(5);
  }
  t.ok(reader.messages.filter(({ kind }) => kind === 'cursor').length >= 2);
});

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}
