import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { Delivery } from '../../src/pipeline/delivery.js';
import { usualPace } from '../../src/pipeline/delivery-pace.js';
import type { QuarantineEntry } from '../../src/ports/quarantine.js';
import { SegmentedSpool } from '../../src/spool/log.js';
import { FileQuarantine } from '../../src/quarantine/file-quarantine.js';
import { MemoryFiles } from '../spool/memory-files.js';
import { ScriptedWriter } from './scripted-writer.js';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

async function run(t: Test, writer: ScriptedWriter, files = new MemoryFiles(), pace = usualPace) {
  const spool = new SegmentedSpool({ directory: '/spool', maxBytes: 64 * 1024 * 1024, keepBytes: 0, files });
  await spool.start(writer.state);
  const quarantine = new FileQuarantine(t.testdir(), silent);
  await quarantine.start();
  const delivery = new Delivery({ spool, writer, quarantine, clock: { now: () => 1 }, log: silent }, pace);
  delivery.start();
  t.teardown(async () => {
    await delivery.stop();
    await spool.stop();
    await quarantine.stop();
  });
  return { spool, delivery, quarantine };
}

function line(value: string): string {
  return `m,device=d v="${value}" 1700000000000000000`;
}

async function append(spool: SegmentedSpool, ...values: string[]): Promise<void> {
  const payload = values.map((value) => `${line(value)}\n`).join('');
  await spool.append({ payload, count: values.length, late: false, arrivedMs: 1 }).durable;
}

function reasons(entries: QuarantineEntry[]): [number, string, string | null][] {
  return entries.map(({ id, reason, line }) => [id, reason, line && line.trimEnd()]);
}

for (const keepsState of [true, false]) {
  const kind = keepsState ? 'a store that keeps the state' : 'a store that does not';

  t.test(`${kind}: a temporary refusal costs time only; the very same readings are given again`, async (t) => {
    const writer = new ScriptedWriter(keepsState);
    let refusals = 2;
    writer.answer = () => (refusals-- > 0 ? { outcome: 'temporary', reason: 'away', retryAfterMs: 1 } : undefined);
    const { spool, delivery } = await run(t, writer);
    await append(spool, 'a', 'b');
    t.ok(await delivery.untilStored(2, 10_000));
    t.same(
      [...writer.stored],
      [
        [0, line('a')],
        [1, line('b')],
      ],
    );
    t.match(spool.delivery, { low: 2, stored: 2, quarantined: 0 });
    t.match(spool.status(), { pendingReadings: 0, pendingBytes: 0, oldestPendingMs: null });
  });

  t.test(`${kind}: what it refuses as a whole is split down to the readings at fault`, async (t) => {
    const writer = new ScriptedWriter(keepsState);
    const isBad = ({ text }: { text: string }) => text.includes('bad');
    writer.answer = (lines) => (lines.some(isBad) ? { outcome: 'permanent', reason: 'no bad ones' } : undefined);
    const { spool, delivery, quarantine } = await run(t, writer);
    const values = Array.from({ length: 200 }, (_, index) =>
      index === 0 || index === 77 || index === 199 ? 'bad' : `v${index}`,
    );
    await append(spool, ...values);
    t.ok(await delivery.untilStored(200, 10_000));
    t.equal(writer.stored.size, 197);
    t.same(
      reasons(quarantine.list({ after: null, limit: 10 })),
      [0, 77, 199].map((id) => [id, 'no bad ones', line('bad')]),
    );
    t.match(spool.delivery, { low: 200, stored: 197, quarantined: 3 });
    t.equal(spool.status().pendingReadings, 0);
    if (keepsState) t.match(writer.state, { low: 200, stored: 197, quarantined: 3 });
    t.ok(writer.writes < 60, `${writer.writes} writes`);
  });

  t.test(`${kind}: of a partial refusal the named readings go to quarantine`, async (t) => {
    const writer = new ScriptedWriter(keepsState);
    writer.answer = (lines) => {
      const refused = lines.flatMap(({ text }, index) => (text.includes('bad') ? [{ index, reason: 'bad' }] : []));
      return refused.length > 0 ? { outcome: 'partial', refused } : undefined;
    };
    const { spool, delivery, quarantine } = await run(t, writer);
    await append(spool, 'a', 'bad', 'c');
    t.ok(await delivery.untilStored(3, 10_000));
    t.same([...writer.stored.keys()], [0, 2]);
    t.same(reasons(quarantine.list({ after: null, limit: 10 })), [[1, 'bad', line('bad')]]);
    t.match(spool.delivery, { low: 3, stored: 2, quarantined: 1 });
    if (keepsState) t.match(writer.state, { low: 3, stored: 2, quarantined: 1 });
  });

  t.test(`${kind}: what was delivered before a restart is not delivered again, the rest is`, async (t) => {
    const writer = new ScriptedWriter(keepsState);
    const files = new MemoryFiles();
    const first = await run(t, writer, files);
    await append(first.spool, 'a', 'b');
    t.ok(await first.delivery.untilStored(2, 10_000));
    await first.delivery.stop();
    await append(first.spool, 'c');
    writer.stored.clear();
    const second = await run(t, writer, files.afterPowerCut());
    t.ok(await second.delivery.untilStored(3, 10_000));
    t.same([...writer.stored], [[2, line('c')]]);
    t.match(second.spool.delivery, { low: 3, stored: 3 });
  });
}

t.test('a stop in the middle of a refusal leaves the readings pending', async (t) => {
  const writer = new ScriptedWriter(false);
  writer.answer = () => ({ outcome: 'temporary', reason: 'away' });
  const { spool, delivery } = await run(t, writer);
  await append(spool, 'a');
  while (writer.writes === 0) await pause(10);
  await delivery.stop();
  t.match(spool.delivery, { low: 0, stored: 0 });
  t.equal(spool.status().pendingReadings, 1);
});

t.test('a batch is as it was until the store has answered, though the next one is read meanwhile', async (t) => {
  const files = new MemoryFiles();
  const filler = new SegmentedSpool({ directory: '/spool', maxBytes: 64 * 1024 * 1024, keepBytes: 0, files });
  await filler.start(null);
  const values = Array.from({ length: 500 }, (_, index) => `v${index}`);
  for (const value of values) await append(filler, value);
  const writer = new ScriptedWriter(true);
  let largest = 0;
  writer.answer = async (lines) => {
    largest = Math.max(largest, lines.length);
    await pause(1);
    return undefined;
  };
  const { delivery } = await run(t, writer, files, { ...usualPace, batchBytes: 1000 });
  t.ok(await delivery.untilStored(values.length, 10_000));
  t.ok(largest < values.length / 20, 'there are many batches');
  t.same(
    [...writer.stored],
    values.map((value, index) => [index, line(value)]),
  );
});

t.test('positions whose record is damaged are counted, listed and passed over', async (t) => {
  const files = new MemoryFiles();
  const writer = new ScriptedWriter(true);
  const filler = new SegmentedSpool({ directory: '/spool', maxBytes: 64 * 1024 * 1024, keepBytes: 0, files });
  await filler.start(null);
  for (const value of ['first', 'second', 'third']) await append(filler, value);
  const segment = files.get(files.names().find((name) => name.endsWith('.seg'))!)!;
  segment[segment.indexOf('second')]! ^= 1;
  const { spool, delivery, quarantine } = await run(t, writer, files);
  t.ok(await delivery.untilStored(3, 10_000));
  t.same([...writer.stored.keys()], [0, 2]);
  t.same(reasons(quarantine.list({ after: null, limit: 10 })), [[1, 'its record in the spool is damaged', null]]);
  t.match(spool.delivery, { low: 3, stored: 2, quarantined: 1 });
});
