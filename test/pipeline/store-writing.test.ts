import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { putTogether } from '../../src/pipeline/part.js';
import { passAhead, passInOrder } from '../../src/pipeline/progress.js';
import { StoreWriting } from '../../src/pipeline/store-writing.js';
import { FileQuarantine } from '../../src/quarantine/file-quarantine.js';
import { ScriptedWriter } from './scripted-writer.js';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
/** So long that no test outlives it. */
const retry = { firstMs: 600_000, longestMs: 600_000 };

function batchAt(position: number) {
  return putTogether([{ position, line: `m,device=d v=${position} 1700000000000000000\n` }]);
}

t.test('a store that answers one of two batches is asked again at once for the other', async (t) => {
  const writer = new ScriptedWriter(false);
  const quarantine = new FileQuarantine(t.testdir(), silent);
  await quarantine.start();
  const stop = new AbortController();
  t.teardown(async () => {
    stop.abort();
    await quarantine.stop();
  });
  const writing = new StoreWriting({ writer, quarantine, clock: { now: () => 1 }, log: silent }, retry, stop.signal);
  let isAway = true;
  writer.answer = () => (isAway ? { outcome: 'temporary', reason: 'away' } : undefined);
  const inOrder = { batch: batchAt(0), end: 1, pass: passInOrder };
  const first = writing.deliver(inOrder);
  await pause(1);
  t.ok(writing.isWaiting);
  isAway = false;
  const fresh = { batch: batchAt(5), end: 6, pass: passAhead(5) };
  t.same(await writing.deliver(fresh), { stored: 1, quarantined: 0 });
  t.same(await first, { stored: 1, quarantined: 0 });
  t.notOk(writing.isWaiting);
  writing.conclude(fresh, { stored: 1, quarantined: 0 });
  t.same(writing.conclude(inOrder, { stored: 1, quarantined: 0 }), {
    low: 1,
    ranges: [[5, 6]],
    stored: 2,
    quarantined: 0,
  });
});

t.test('a stop ends the waiting of both, and neither counts', async (t) => {
  const writer = new ScriptedWriter(false);
  writer.answer = () => ({ outcome: 'temporary', reason: 'away' });
  const quarantine = new FileQuarantine(t.testdir(), silent);
  await quarantine.start();
  t.teardown(() => quarantine.stop());
  const stop = new AbortController();
  const writing = new StoreWriting({ writer, quarantine, clock: { now: () => 1 }, log: silent }, retry, stop.signal);
  const both = [
    writing.deliver({ batch: batchAt(0), end: 1, pass: passInOrder }),
    writing.deliver({ batch: batchAt(5), end: 6, pass: passAhead(5) }),
  ];
  await pause(1);
  stop.abort();
  t.same(await Promise.all(both), [undefined, undefined]);
  t.same(writing.state, { low: 0, ranges: [], stored: 0, quarantined: 0 });
});
