/** The service over each of the stores that this machine has. */
import type { Test } from 'tap';
import { Influxd, influxdIsMissing } from './influxd.js';
import { startInlet, type InletProcess } from './inlet.js';

export interface Over {
  service: InletProcess;
  /** Where the store is a server. */
  influxd: Influxd | undefined;
}

/** Runs the tests over DuckDB, and over InfluxDB where there is an `influxd`. */
export async function overBothStores(
  t: Test,
  suite: string,
  tests: (t: Test, over: Over) => Promise<void>,
): Promise<void> {
  await t.test('over DuckDB', async (t) => {
    await tests(t, { service: await startInlet(t), influxd: undefined });
  });
  if (influxdIsMissing(`${suite} over InfluxDB`)) return;
  await t.test('over InfluxDB', async (t) => {
    const influxd = await new Influxd().start();
    t.teardown(() => influxd.stop());
    const settings = { INLET_STORE: 'influxdb', INLET_INFLUX_URL: influxd.url, INLET_INFLUX_DATABASE: 'telemetry' };
    await tests(t, { service: await startInlet(t, settings), influxd });
  });
}
