import type { Test } from 'tap';
import type { Sample } from './plain-store.js';
import { second, start, Subject, type OpenStore } from './subject.js';

/** A device in several types and series, in order and late, among others whose names look like its own. */
function fleet(): Sample[] {
  const samples: Sample[] = [];
  for (const device of ['a', 'a.b', 'a:b', 'A', 'ab', 'b-a']) {
    for (const type of ['machine', 'pump']) {
      for (const site of ['lyon', 'x y', `' OR "device" != '`]) {
        for (const offset of [2n, 1n, 3n, 1n]) {
          const fields = { value: samples.length, state: `device=${device}` };
          samples.push({ type, device, tags: { site }, ts: start + offset * second, fields });
        }
      }
    }
  }
  return samples;
}

/** Deleting a device with all that it ever sent. */
export async function removalContract(t: Test, open: OpenStore): Promise<void> {
  const subject = await Subject.open(t, open);
  await subject.put(t, fleet());

  await t.test('all readings of a device go, in every type and series, and nobody else notices', async (t) => {
    for (const device of ['a', 'a.b']) {
      await subject.remove(t, device);
      t.same(await subject.rows({ series: { devices: [device] } }), [], device);
      await subject.sameRows(t, `without ${device}`);
    }
    const edges = [start, start + 10n * second];
    const group = { device: true, type: true, tags: 'all' as const };
    await subject.sameAggregate(t, 'sums of the others', { edges, group, cells: [{ field: 'value', fn: 'sum' }] });
    t.notOk((await subject.newest()).some(({ device }) => device === 'a' || device === 'a.b'));
  });

  await t.test('a device that is not there is removed at once', async (t) => {
    for (const device of ['a', 'nobody', 'a*']) await subject.remove(t, device);
    await subject.sameRows(t, 'as before');
  });

  await t.test('it is gone after a restart as well', async (t) => {
    await subject.restart();
    await subject.sameRows(t, 'as before');
  });

  await t.test('what is written later stays, whatever its time', async (t) => {
    await subject.put(t, [
      { device: 'a', tags: { site: 'lyon' }, ts: start + second, fields: { value: 1 } },
      { device: 'a', tags: { site: 'lyon' }, ts: start, fields: { value: 2 } },
      { device: 'ab', tags: { site: 'lyon' }, ts: start + 4n * second, fields: { value: 3 } },
      { device: 'a', tags: { site: 'lyon' }, ts: start, fields: { state: 'late' } },
    ]);
    await subject.sameRows(t, 'at once');
    await subject.restart();
    await subject.sameRows(t, 'and after a restart');
  });

  await t.test('a device that reports behind another one as ever is taken again', async (t) => {
    const round = (ts: bigint) => ['x', 'y'].map((device) => ({ device, ts, fields: { value: Number(ts - start) } }));
    for (const offset of [1n, 2n, 3n]) await subject.put(t, round(start + offset));
    await subject.remove(t, 'y');
    for (const offset of [4n, 5n]) await subject.put(t, round(start + offset));
    await subject.sameRows(t, 'both are there');
  });

  await t.test('another device inherits nothing', async (t) => {
    const last = ['last', 'last', 'late'].map((device, index) => ({
      device,
      ts: start - BigInt(index),
      fields: { value: 1 },
    }));
    await subject.put(t, [...last, { device: 'late', ts: start - 9n, fields: { value: 1 } }]);
    await subject.remove(t, 'last');
    await subject.remove(t, 'late');
    await subject.restart();
    await subject.put(
      t,
      ['new', 'newer'].map((device) => ({ device, ts: start + 9n, fields: { value: 1 } })),
    );
    await subject.sameRows(t, 'only what it sent');
  });
}
