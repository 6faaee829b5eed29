import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { Influxd, influxdIsMissing } from '../servers/influxd.js';
import { startInlet } from '../servers/inlet.js';

if (!influxdIsMissing('The kind lock from InfluxDB')) {
  await t.test("fields have InfluxDB's kinds, also when it was away at the start", async (t) => {
    const influxd = await new Influxd().start();
    t.teardown(() => influxd.stop());
    await influxd.query('CREATE DATABASE "telemetry"');
    await influxd.write(`press,device=a force=1i,count=1i ${Date.now()}000000`, 'telemetry');
    await influxd.kill();
    const inlet = await startInlet(t, { INLET_STORE: 'influxdb', INLET_INFLUX_URL: influxd.url });
    const press = (fields: object) => inlet.post({ device: 'b', type: 'press', ts: Date.now(), fields });
    t.equal((await press({ force: 1.5 })).status, 202, 'nobody knows better yet');

    await influxd.restart();
    const told = /press\.force: float here, integer there/;
    for (let wait = 0; wait < 300 && !told.test(inlet.stdout.join('\n')); wait++) await pause(50);
    t.equal(inlet.stdout.filter((line) => told.test(line)).length, 1, 'what was accepted as another kind is told once');
    const refused = await press({ count: 2.5 });
    t.equal(refused.status, 422, 'and what InfluxDB would refuse now is refused at the door');
    t.match(await refused.json(), { results: [{ code: 'field_type', path: '/fields/count' }] });
    t.equal((await press({ count: 2 })).status, 202);

    await inlet.settled();
    const { accepted, stored, quarantined, pending } = await inlet.stats();
    t.same({ accepted, stored, quarantined, pending }, { accepted: 3, stored: 2, quarantined: 1, pending: 0 });
  });
}
