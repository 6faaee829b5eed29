/** A few kills in every run of the tests; `npm run test:faults` does hundreds. */
import t from 'tap';
import { Influxd, influxdIsMissing } from '../servers/influxd.js';
import { Life } from './killer.js';

const kills = 5;
const longestMs = 20_000;

for (const store of ['duckdb', 'influxdb'] as const) {
  if (store === 'influxdb' && influxdIsMissing('Kills over InfluxDB')) continue;
  await t.test(`kill -9 under load, over ${store}: nothing acknowledged is lost, doubled or wrong`, async (t) => {
    const environment: Record<string, string> = {};
    if (store === 'influxdb') {
      const influxd = await new Influxd().start();
      t.teardown(() => influxd.stop());
      environment['INLET_INFLUX_URL'] = influxd.url;
    }
    const seed = Date.now() % 1_000_000;
    const life = new Life({ seed, store, environment, kills });
    const tally = await life.run(Date.now() + longestMs);
    t.match(tally, { lost: 0, doubled: 0, wrong: 0 });
    t.same(tally.problems, []);
    t.ok(tally.tries > 0, `seed ${seed}, ${tally.tries} kills with data in flight: ${[...life.kills].join('; ')}`);
    t.ok(tally.acked > 100, `${tally.acked} readings`);
  });
}

await t.test('the proof bites: a service that acknowledges before it has written loses readings', async (t) => {
  const sabotage = { point: 'append, before', nth: 1, times: 1e9, act: 'lie', delayMs: 60 } as const;
  const life = new Life({ seed: 1, store: 'duckdb', environment: {}, kills: 2, sabotage });
  const tally = await life.run(Date.now() + longestMs);
  t.ok(tally.lost + tally.wrong > 0, `${tally.lost} lost, ${tally.wrong} wrong: ${tally.problems[0]}`);
});
