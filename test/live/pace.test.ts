/** Subscriptions that do not want everything: the newest only, at a rate, or changes only. */
import t from 'tap';
import { until } from '../servers/until.js';
import { FeedRig, startMs, turn } from './feed-rig.js';

await t.test(
  'latest: one that takes everything at once gets the newest of each turn, with the count of the others',
  async (t) => {
    const rig = await FeedRig.open(t);
    const reader = rig.connect();
    reader.subscribe({ mode: 'latest' });
    await rig.publish(
      { ms: startMs + 1, fields: { a: 1 } },
      { ms: startMs + 2, fields: { a: 2 } },
      { device: 'd2', fields: { a: 5 } },
      { ms: startMs + 3, fields: { a: 3 } },
    );
    await turn();
    const [message, ...others] = reader.messages;
    t.same(others, []);
    t.match(message, { conflated: 2, readings: [{ device: 'd2' }, { device: 'd1', fields: { a: 3 } }] });
  },
);

await t.test('latest: one that is busy gets the newest when it is ready, and nothing meanwhile', async (t) => {
  const rig = await FeedRig.open(t);
  const reader = rig.connect();
  reader.subscribe({ mode: 'latest' });
  reader.isReading = false;
  for (let a = 0; a < 10; a++) {
    await rig.publish({ ms: startMs + a, fields: { a } });
    await turn();
  }
  t.same(reader.fields, [{ a: 0 }]);
  reader.read();
  t.same(reader.fields, [{ a: 0 }, { a: 9 }]);
  t.equal(reader.messages.at(-1)!.conflated, 8);
});

await t.test('newest is by event time, and field by field', async (t) => {
  const rig = await FeedRig.open(t);
  const reader = rig.connect();
  reader.subscribe({ mode: 'latest' });
  await rig.publish(
    { ms: startMs + 5, fields: { a: 5 } },
    { ms: startMs + 2, fields: { a: 2 } },
    { ms: startMs + 1, fields: { a: 1, b: 1 } },
    { ms: startMs + 5, fields: { a: 6 } },
  );
  await turn();
  t.same(reader.fields, [{ a: 1, b: 1 }, { a: 6 }]);
  t.equal(reader.messages[0]!.conflated, 2);
});

await t.test('maxRateHz: pushes come at the rate, the last value always comes, and the count is right', async (t) => {
  const rig = await FeedRig.open(t);
  const reader = rig.connect();
  reader.subscribe({ maxRateHz: 10 });
  const startedMs = Date.now();
  let sent = 0;
  while (Date.now() - startedMs < 650) {
    await rig.publish({ ms: startMs + sent, fields: { a: sent } });
    sent++;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  t.ok(await until(async () => reader.fields.at(-1)?.['a'] === sent - 1));
  const elapsedMs = Date.now() - startedMs;
  t.ok(reader.messages.length >= 2);
  t.ok(reader.messages.length <= elapsedMs / 100 + 2, 'no more than the rate', { messages: reader.messages.length });
  const conflated = reader.messages.reduce((sum, message) => sum + (message.conflated ?? 0), 0);
  t.equal(reader.fields.length + conflated, sent);
});

await t.test(
  'onChange: fields that have the value they had are left out, readings without a change do not come',
  async (t) => {
    const rig = await FeedRig.open(t);
    await rig.publish({ ms: startMs, fields: { a: 1, s: 'x' } });
    const reader = rig.connect();
    const whole = rig.connect();
    reader.subscribe({ onChange: true });
    whole.subscribe({});
    const sent = [
      { ms: startMs + 1, fields: { a: 1, s: 'x' } },
      { ms: startMs + 2, fields: { a: 2, s: 'x' } },
      { ms: startMs + 3, fields: { a: 2, s: 'x' } },
      { ms: startMs + 4, fields: { a: 2, s: 'y', b: 1 } },
      { device: 'new', ms: startMs, fields: { a: 2 } },
      { ms: startMs + 2, fields: { a: 7, s: 'z' } },
      { ms: startMs + 5, fields: { a: 2 } },
    ];
    for (const reading of sent) await rig.publish(reading);
    await turn();
    t.same(
      reader.fields,
      [{ a: 2 }, { s: 'y', b: 1 }, { a: 2 }, { a: 7, s: 'z' }],
      'a late reading comes whole and changes nothing',
    );
    t.equal(whole.fields.length, sent.length, 'others get everything');
  },
);

await t.test('onChange with chosen fields: only changes of these count', async (t) => {
  const rig = await FeedRig.open(t);
  const reader = rig.connect();
  reader.subscribe({ onChange: true, fields: ['a'] });
  await rig.publish({ ms: startMs, fields: { a: 1, s: 'x' } }, { ms: startMs + 1, fields: { a: 1, s: 'y' } });
  await rig.publish({ ms: startMs + 2, fields: { a: 3, s: 'y' } });
  await turn();
  t.same(reader.fields, [{ a: 1 }, { a: 3 }]);
});

await t.test('onChange goes on from a cursor: what was missed comes as changes, then the rest', async (t) => {
  const rig = await FeedRig.open(t);
  const reader = rig.connect();
  const { cursor } = reader.subscribe({ onChange: true });
  for (let k = 0; k < 4; k++) await rig.publish({ ms: startMs + k, fields: { a: k >>> 1 } });
  await turn();
  const again = rig.connect();
  again.subscribe({ onChange: true, cursor });
  for (let k = 0; k < 5; k++) await turn();
  await rig.publish({ ms: startMs + 9, fields: { a: 1 } }, { ms: startMs + 10, fields: { a: 2 } });
  await turn();
  t.same(again.fields, [{ a: 0 }, { a: 1 }, { a: 2 }]);
});
