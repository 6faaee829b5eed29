import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import type { QuarantineEntry } from '../../src/ports/quarantine.js';
import { FileQuarantine } from '../../src/quarantine/file-quarantine.js';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

function freshDirectory(t: Test): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'inlet-quarantine-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  return directory;
}

async function open(directory: string, maxEntries?: number): Promise<FileQuarantine> {
  const quarantine = new FileQuarantine(directory, silent, maxEntries);
  await quarantine.start();
  return quarantine;
}

function entry(id: number, reason = 'no'): QuarantineEntry {
  return { id, at: 1_700_000_000_000, reason, line: `m,device=d v=${id} 1700000000000000000` };
}

function ids(quarantine: FileQuarantine): number[] {
  return quarantine.list({ after: null, limit: 100 }).map(({ id }) => id);
}

t.test('additions at the same time do not get into each other, however long they are', async (t) => {
  const directory = freshDirectory(t);
  const quarantine = await open(directory, 20_000);
  const long = Array.from({ length: 20_000 }, (_, id) => entry(id, 'a reason of some length '.repeat(5)));
  const additions = [long, ...Array.from({ length: 20 }, (_, id) => [entry(100_000 + id)])];
  await Promise.all([
    ...additions.map((entries) => quarantine.add(entries)),
    ...[5000, 5000].map((id) => quarantine.remove([id], 'replayed')),
  ]);
  const { counts } = quarantine;
  t.same(counts, { held: 19_999, replayed: 1, discarded: 20 });
  await quarantine.stop();
  const again = await open(directory, 20_000);
  t.same(again.counts, counts);
  await again.stop();
});

t.test('entries and what became of them are the same after a restart', async (t) => {
  const directory = freshDirectory(t);
  const quarantine = await open(directory);
  await quarantine.add([entry(3), entry(1), entry(2, 'say "no"\n🌡')]);
  t.equal(await quarantine.remove([1, 99], 'replayed'), 1);
  t.equal(await quarantine.remove([3], 'discarded'), 1);
  for (let start = 0; start < 3; start++) {
    const again = await open(directory);
    t.same(again.list({ after: null, limit: 100 }), [entry(2, 'say "no"\n🌡')]);
    t.same(again.counts, { held: 1, replayed: 1, discarded: 1 });
    await again.stop();
  }
  await quarantine.stop();
});

t.test('a reading that is refused twice is one entry', async (t) => {
  const quarantine = await open(freshDirectory(t));
  await quarantine.add([entry(1)]);
  await quarantine.add([entry(1), entry(2)]);
  t.same(ids(quarantine), [1, 2]);
  await quarantine.stop();
});

t.test('a line that a crash cut off costs nothing that was kept', async (t) => {
  const directory = freshDirectory(t);
  const quarantine = await open(directory);
  await quarantine.add([entry(1)]);
  await quarantine.stop();
  appendFileSync(path.join(directory, 'entries.ndjson'), '{"id":2,"at":17');
  const again = await open(directory);
  t.same(ids(again), [1]);
  await again.add([entry(2)]);
  await again.stop();
  t.same(ids(await open(directory)), [1, 2]);
});

t.test('pages follow each other without a gap, by reason too, and reasons are counted', async (t) => {
  const quarantine = await open(freshDirectory(t));
  await quarantine.add(Array.from({ length: 10 }, (_, id) => entry(id, id % 3 === 0 ? 'third' : 'other')));
  const first = quarantine.list({ after: null, limit: 4 });
  const second = quarantine.list({ after: first.at(-1)!.id, limit: 100 });
  t.same(
    [...first, ...second].map(({ id }) => id),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
  t.same(
    quarantine.list({ after: 0, limit: 100, reason: 'third' }).map(({ id }) => id),
    [3, 6, 9],
  );
  t.same(quarantine.reasons(), [
    { reason: 'other', count: 6 },
    { reason: 'third', count: 4 },
  ]);
  await quarantine.stop();
});

t.test('it is bounded: beyond that the oldest are discarded, and counted', async (t) => {
  const quarantine = await open(freshDirectory(t), 3);
  await quarantine.add([entry(1), entry(2)]);
  await quarantine.add([entry(3), entry(4), entry(5)]);
  t.same(ids(quarantine), [3, 4, 5]);
  t.same(quarantine.counts, { held: 3, replayed: 0, discarded: 2 });
  await quarantine.stop();
});
