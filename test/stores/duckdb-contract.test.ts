import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import { DuckDbStore } from '../../src/stores/duckdb/store.js';
import { historyStoreContract } from '../contracts/history-store.js';

await historyStoreContract(t, 'DuckDB', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'inlet-duckdb-'));
  let store = new DuckDbStore({ directory });
  await store.start();
  return {
    store,
    restart: async () => {
      await store.stop();
      store = new DuckDbStore({ directory });
      await store.start();
      return store;
    },
    close: async () => {
      await store.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
});
