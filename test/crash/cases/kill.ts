import { availableParallelism } from 'node:os';
import { Influxd, influxdIsMissing } from '../../servers/influxd.js';
import type { FaultCase } from '../fault-case.js';
import { Life } from '../killer.js';

/** A life is short enough for all that it stored to be asked for at its end. */
const killsOfLife = 25;
/** A service that starts has a core to itself, as it has where it is the only one: its time to be ready again is told. */
const lanes = availableParallelism();

export const kill: FaultCase = {
  name: 'kill',
  fault: 'kill -9',
  how:
    'the real service over DuckDB and over InfluxDB, killed at random moments and at each named step of append, rotate, ' +
    'deliver, commit and delete, under HTTP and stream load; a kill counts while unacknowledged data is in flight',
  unit: 'kills',
  share: 14,
  async run({ until, seed, say }, tally) {
    const influxd = influxdIsMissing('Kills over InfluxDB') ? undefined : await new Influxd().start();
    const kills = new Map<string, number>();
    try {
      const lane = async (first: number) => {
        for (let number = first; Date.now() < until; number += lanes) {
          // Of four lives one is over InfluxDB; every other one deletes segments.
          const isInflux = influxd !== undefined && number % 4 === (number % 8 < 4 ? 2 : 3);
          const store = isInflux ? 'influxdb' : 'duckdb';
          const environment: Record<string, string> = isInflux
            ? { INLET_INFLUX_URL: influxd.url, INLET_INFLUX_DATABASE: `life${number}` }
            : {};
          const life = new Life({ seed: seed + number, store, environment, kills: killsOfLife });
          tally.join(await life.run(until));
          for (const [point, count] of life.kills) kills.set(point, (kills.get(point) ?? 0) + count);
          say(`${tally.tries} kills, ${tally.acked} readings acknowledged, ${tally.lost} lost`);
        }
      };
      await Promise.all(Array.from({ length: lanes }, (_, first) => lane(first)));
    } finally {
      await influxd?.stop();
    }
    const points = [...kills].sort(([a], [b]) => a.localeCompare(b)).map(([point, count]) => `${point} ${count}`);
    return [`Kills at: ${points.join('; ')}.`];
  },
};
