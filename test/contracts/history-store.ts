/**
 * The contract of the `HistoryStore` port, one suite for every store:
 *
 *     await historyStoreContract(t, 'DuckDB', openStore);
 *
 * `open` gives a store that is started and empty, each time another.
 */
import type { Test } from 'tap';
import { aggregateContract } from './history-store/aggregates.js';
import { deliveryContract } from './history-store/delivery.js';
import { identityContract } from './history-store/identity.js';
import { orderContract } from './history-store/order.js';
import { removalContract } from './history-store/removal.js';
import type { OpenStore } from './history-store/subject.js';
import { valuesContract } from './history-store/values.js';

export type { OpenedStore, OpenStore } from './history-store/subject.js';

export async function historyStoreContract(t: Test, name: string, open: OpenStore): Promise<void> {
  await t.test(`${name}: what is put in comes out as it was`, (t) => valuesContract(t, open));
  await t.test(`${name}: one reading for each identity`, (t) => identityContract(t, open));
  await t.test(`${name}: rows in order, in pages, of the series asked for`, (t) => orderContract(t, open));
  await t.test(`${name}: aggregates are what their definitions say`, (t) => aggregateContract(t, open));
  await t.test(`${name}: what the delivery relies on`, (t) => deliveryContract(t, open));
  await t.test(`${name}: a device is deleted`, (t) => removalContract(t, open));
}
