import { mock } from 'node:test';
import t from 'tap';
import { decodeCursor } from '../../src/live/cursor.js';
import { FeedRig, instance, startMs, turn } from './feed-rig.js';

mock.timers.enable({ apis: ['setInterval', 'Date'], now: startMs });
t.teardown(() => mock.timers.reset());

const numbers = (count: number) => Array.from({ length: count }, (_, a) => ({ fields: { a } }));
const positionOf = (cursor: string | undefined) => decodeCursor(cursor!)!.get(instance)!;

await t.test('a subscription that nothing matches gets its place every 30 s', async (t) => {
  const rig = await FeedRig.open(t);
  const quiet = rig.connect();
  quiet.subscribe({ devices: ['nobody'] });
  mock.timers.tick(15_000);
  const early = quiet.messages.length;
  await rig.publish(...numbers(2));
  await turn();
  t.equal(quiet.messages.length, early, 'readings of others do not show');
  for (let k = 0; k < 8; k++) mock.timers.tick(15_000);
  t.ok(quiet.messages.length >= 4, 'about every 30 s', { messages: quiet.messages.length });
  t.ok(quiet.messages.length <= 6);
  const { name, kind, ...last } = quiet.messages.at(-1)!;
  t.same([name, kind], ['s1', 'cursor']);
  t.same(Object.keys(last), ['cursor']);
  t.equal(positionOf(last.cursor), 2, 'a place behind what was published');
});

await t.test('one that gets readings needs no more than their cursors', async (t) => {
  const rig = await FeedRig.open(t);
  const busy = rig.connect();
  busy.subscribe({});
  for (let k = 0; k < 10; k++) {
    await rig.publish({ fields: { a: k } });
    await turn();
    mock.timers.tick(10_000);
  }
  t.equal(busy.messages.length, 10);
  t.ok(busy.messages.every(({ readings }) => readings?.length === 1));
});

await t.test(
  'what is published in one turn comes as one message; a subscription sees nothing from before it',
  async (t) => {
    const rig = await FeedRig.open(t);
    const first = rig.connect();
    const second = rig.connect();
    first.subscribe({});
    await Promise.all([rig.publish({ fields: { a: 1 } }), rig.publish({ fields: { a: 2 } }, { fields: { a: 3 } })]);
    t.equal(positionOf(second.subscribe({}).cursor), 3);
    await rig.publish({ fields: { a: 4 } });
    await turn();
    t.same(
      first.messages.map(({ readings }) => readings!.map(({ fields }) => fields)),
      [[{ a: 1 }, { a: 2 }, { a: 3 }], [{ a: 4 }]],
    );
    t.same(second.fields, [{ a: 4 }]);
  },
);

await t.test('many readings come in messages of 1,000, each with its own place', async (t) => {
  const rig = await FeedRig.open(t);
  const reader = rig.connect();
  reader.subscribe({});
  await rig.publish(...numbers(2500));
  await turn();
  t.same(
    reader.messages.map(({ readings }) => readings!.length),
    [1000, 1000, 500],
  );
  t.same(
    reader.messages.map(({ cursor }) => positionOf(cursor)),
    [1000, 2000, 2500],
  );
});

await t.test('an ended subscription gets nothing more', async (t) => {
  const rig = await FeedRig.open(t);
  const reader = rig.connect();
  const ended = reader.subscribe({});
  reader.subscribe({ fields: ['a'] });
  ended.end();
  await rig.publish({ fields: { a: 1 } });
  await turn();
  t.same(
    reader.messages.map(({ name }) => name),
    ['s2'],
  );
  reader.connection.end();
  await rig.publish({ fields: { a: 1 } });
  await turn();
  t.equal(reader.messages.length, 1);
  t.equal(rig.feed.subscriptionCount, 0);
});

await t.test('who goes on from a cursor gets each reading since then once, then what comes', async (t) => {
  const rig = await FeedRig.open(t);
  await rig.publish(...numbers(5));
  await rig.publish(...numbers(3000));
  const reader = rig.connect();
  reader.subscribe({});
  await rig.publish({ fields: { a: -1 } });
  await turn();
  const from = (position: number) => Buffer.from(`1;${instance}=${position.toString(36)}`).toString('base64url');
  for (const position of [0, 3, 5, 1006, 3005, 3006]) {
    const again = rig.connect();
    t.equal(again.subscribe({ cursor: from(position) }).recovered, true);
    const expected = [...numbers(5), ...numbers(3000), { fields: { a: -1 } }].slice(position);
    // The spool is a file, and how many turns a look at it takes is not for us to say.
    for (let k = 0; k < 100_000 && again.fields.length < expected.length; k++) await turn();
    for (let k = 0; k < 20; k++) await turn();
    t.same(
      again.fields,
      expected.map(({ fields }) => fields),
      `from ${position}`,
    );
    again.connection.end();
  }
  t.equal(positionOf(reader.messages[0]!.cursor), 3006);
});

await t.test('history has a late reading that waits although what came after it is delivered', async (t) => {
  const rig = await FeedRig.open(t);
  await rig.publish({ ms: startMs, fields: { a: 1 } });
  const late = { payload: `pump,device=d1 a=2 ${startMs - 1000}000000\n`, count: 1, late: true, arrivedMs: startMs };
  await rig.spool.append(late).durable;
  await rig.publish({ ms: startMs + 1000, fields: { a: 3 } });
  const records = await rig.spool.read(1, 1024 * 1024);
  await rig.spool.delivered(records, { low: 0, ranges: [[1, 3]], stored: 1, quarantined: 0 }, false);
  const reader = rig.connect();
  reader.subscribe({ history: { since: startMs - 10_000 } });
  const told = () => reader.messages.flatMap(({ history }) => (history ? [history] : []));
  for (let k = 0; k < 1000 && !told().some(({ done }) => done); k++) await turn();
  t.same(
    told().flatMap(({ readings }) => readings.map(({ fields }) => fields)),
    [{ a: 2 }, { a: 1 }, { a: 3 }],
  );
});
