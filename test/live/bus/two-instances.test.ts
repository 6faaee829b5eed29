/** Two instances, a real broker and a real InfluxDB: what one accepts, the subscribers of both get. */
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { influxdIsMissing } from '../../servers/influxd.js';
import { mosquittoIsMissing } from '../../servers/mosquitto.js';
import { until } from '../../servers/until.js';
import { LiveClient } from '../live-client.js';
import { busOf, meet, startPair } from './pair.js';

const suite = 'The live feed of two instances';

if (!mosquittoIsMissing(suite) && !influxdIsMissing(suite)) {
  const { broker, one, other } = await startPair(t);
  let n = 0;
  const numbered = (count: number, device = 'd1') =>
    Array.from({ length: count }, () => ({ device, fields: { n: ++n } }));
  const numbersOf = (readings: { fields: Record<string, unknown> }[]) =>
    readings.map(({ fields }) => Number(fields['n']));
  const inOrder = (numbers: number[]) => numbers.toSorted((a, b) => a - b);

  await t.test('each subscriber gets what either accepts, once, and a snapshot of it', async (t) => {
    const clients = await Promise.all([one, other].map(({ url }) => LiveClient.open(t, url)));
    for (const client of clients) await client.subscribe({});
    await one.send(...numbered(3));
    await other.send(...numbered(3));
    for (const client of clients) {
      const { readings } = await client.readings(6);
      t.same(inOrder(numbersOf(readings)), [1, 2, 3, 4, 5, 6]);
    }
    await pause(300);
    for (const client of clients) t.ok(await client.isQuiet());
    await one.send({ device: 'only-here', type: 'pump', fields: { n: 0 } });
    await meet(one, other);
    const client = await LiveClient.open(t, other.url);
    await client.subscribe({ devices: ['only-here'], snapshot: true });
    t.match(await client.next(), { snapshot: [{ device: 'only-here', fields: { n: 0 } }] });
    t.match(await other.getJson('/v1/devices/only-here'), { device: 'only-here', types: [{ type: 'pump' }] });
  });

  await t.test('a cursor of one is good at the other, which has or fetches what came since', async (t) => {
    const client = await LiveClient.open(t, one.url);
    await client.subscribe({});
    await other.send(...numbered(1));
    const { cursors } = await client.readings(1);
    await client.close();
    const first = n + 1;
    for (let k = 0; k < 20; k++) await (k % 2 === 0 ? one : other).send(...numbered(10));
    const expected = Array.from({ length: 200 }, (_, k) => first + k);
    await meet(one, other);
    // The second time it does not have the other's at hand.
    for (const restarted of [false, true]) {
      if (restarted) await other.restart();
      const again = await LiveClient.open(t, other.url);
      again.command({ subscribe: { cursor: cursors[0] } });
      t.match(await again.next(), { subscribed: { recovered: true } });
      const { readings } = await again.readings(200);
      t.same(inOrder(numbersOf(readings)), expected);
      await pause(300);
      t.ok(await again.isQuiet());
      await again.close();
    }
    t.equal((await busOf(other)).gaps, 0);
  });

  await t.test('history has what either accepted, and goes on without a seam', async (t) => {
    const sinceMs = Date.now();
    const first = n + 1;
    const clients: LiveClient[] = [];
    const ending = new AbortController();
    const sending = (async () => {
      for (let k = 0; !ending.signal.aborted; k++) {
        await (k % 2 === 0 ? one : other).send(...numbered(5, 'h1'));
        await pause(5);
      }
    })();
    for (let k = 0; k < 6; k++) {
      await pause(200);
      const client = await LiveClient.open(t, (k % 2 === 0 ? other : one).url);
      clients.push(client);
      client.command({ subscribe: { devices: ['h1'], history: { since: sinceMs } } });
    }
    await pause(500);
    ending.abort();
    await sending;
    const expected = Array.from({ length: n - first + 1 }, (_, k) => first + k);
    for (const client of clients) {
      const got: number[] = [];
      while (got.length < expected.length) {
        const { history, readings, gap } = await client.next();
        t.notOk(gap);
        got.push(...numbersOf([...(history?.readings ?? []), ...(readings ?? [])]));
      }
      t.same(inOrder(got), expected);
      await pause(100);
      t.ok(await client.isQuiet());
    }
  });

  await t.test('without the broker each goes on with its own, and the rest comes when it is back', async (t) => {
    const clients = await Promise.all([one, other].map(({ url }) => LiveClient.open(t, url)));
    for (const client of clients) await client.subscribe({ devices: ['b1'] });
    await broker.stop();
    await until(async () => !(await busOf(one)).connected && !(await busOf(other)).connected);
    t.same(await one.getJson('/readyz'), { status: 'ready', bus: 'away' });
    const first = n + 1;
    await one.send(...numbered(50, 'b1'));
    t.same(
      numbersOf((await clients[0]!.readings(50)).readings),
      Array.from({ length: 50 }, (_, k) => first + k),
    );
    await other.send(...numbered(50, 'b1'));
    t.same(
      numbersOf((await clients[1]!.readings(50)).readings),
      Array.from({ length: 50 }, (_, k) => first + 50 + k),
    );
    await broker.start();
    t.same(
      numbersOf((await clients[0]!.readings(50)).readings),
      Array.from({ length: 50 }, (_, k) => first + 50 + k),
    );
    t.same(
      numbersOf((await clients[1]!.readings(50)).readings),
      Array.from({ length: 50 }, (_, k) => first + k),
    );
    await meet(one, other);
    t.ok((await busOf(one)).fetched >= 50);
    t.equal((await busOf(one)).gaps + (await busOf(other)).gaps, 0);
  });
}
