/** Tells the catalog again what the spool holds. */
import type { Spool } from '../ports/spool.js';
import { Learner, type Counts } from './learner.js';
import type { MemoryCatalog } from './memory-catalog.js';

const readBytes = 4 * 1024 * 1024;

export async function replaySpool(spool: Spool, catalog: MemoryCatalog, from: number, counts?: Counts): Promise<void> {
  const learner = new Learner(catalog, counts);
  for (let position = from; position < spool.head;) {
    const records = await spool.read(position, readBytes);
    if (records.length === 0) return;
    for (const { payload, arrivedMs, position: first } of records) {
      const { buffer, byteOffset, byteLength } = payload;
      learner.learn(Buffer.from(buffer, byteOffset, byteLength).toString('utf8'), arrivedMs, first);
    }
    const last = records.at(-1)!;
    position = last.position + last.count;
  }
}
