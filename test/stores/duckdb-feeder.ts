/**
 * A process that writes the readings of `duckdb-feed.ts` to a DuckDB store from where its delivery state says, until it is
 * killed. It prints `open` and then each position up to which the store has confirmed.
 */
import { DuckDbStore } from '../../src/stores/duckdb/store.js';
import { feedBatch, feedState } from './duckdb-feed.js';

const batchReadings = 500;
const store = new DuckDbStore({ directory: process.argv[2]! });
await store.start();
process.stdout.write('open\n');
let position = (await store.deliveryState())?.low ?? 0;
for (;;) {
  const result = await store.write(feedBatch(position, batchReadings), feedState(position + batchReadings));
  if (result.outcome !== 'stored') throw new Error(JSON.stringify(result));
  position += batchReadings;
  process.stdout.write(`${position}\n`);
}
