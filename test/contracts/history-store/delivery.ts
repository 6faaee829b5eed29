import type { Test } from 'tap';
import { second, start, Subject, type OpenStore } from './subject.js';

/** What the delivery from the spool relies on. */
export async function deliveryContract(t: Test, open: OpenStore): Promise<void> {
  await t.test('what was stored is there after a restart, with its kinds', async (t) => {
    const subject = await Subject.open(t, open);
    await subject.put(t, [{ device: 'a', tags: { site: 'x y' }, ts: start, fields: { one: 1, two: 'x' } }]);
    const kinds = await subject.store.reader.kinds();
    await subject.restart();
    await subject.sameRows(t, 'before more is written');
    t.same(await subject.store.reader.kinds(), kinds);
    await subject.put(t, [{ device: 'a', tags: { site: 'x y' }, ts: start + second, fields: { one: 2, three: 3n } }]);
    await subject.sameRows(t, 'and after it');
  });

  await t.test('a batch may have several runs', async (t) => {
    const subject = await Subject.open(t, open);
    const lines = [0, 1, 2].map((value) => `machine,device=a value=${value} ${start + BigInt(value)}\n`);
    const payload = Buffer.from(lines.join(''));
    const runs = [
      { position: 5, count: 1 },
      { position: 40, count: 2 },
    ];
    t.same(await subject.store.writer.write({ payload, runs, count: 3 }, subject.stateNow()), { outcome: 'stored' });
    const columns = [{ type: 'machine', fields: [{ name: 'value', kind: 'float' as const }] }];
    t.same(
      (await subject.rows({ columns })).map(({ cells }) => cells[0]),
      [0, 1, 2],
    );
  });

  await t.test('a batch that was prepared is stored like any other, whatever came in between', async (t) => {
    const subject = await Subject.open(t, open);
    const at = (device: string, offset: bigint, type = 'machine') => {
      return { type, device, ts: start + offset * second, fields: { [`of_${device}`]: Number(offset) } };
    };
    await subject.put(t, [at('a', 1n), at('b', 1n)]);
    await subject.putPrepared(t, [at('a', 2n), at('new', 1n), at('new', 1n, 'pump')], async () => undefined);
    await subject.sameRows(t, 'nothing');
    await subject.putPrepared(t, [at('a', 4n), at('c', 3n), at('late', 1n, 'pump')], async () => {
      await subject.put(t, [at('a', 5n), at('a', 3n), at('c', 2n), at('c', 4n), at('late', 2n, 'pump')]);
      await subject.put(t, [at('d', 1n, 'valve')]);
    });
    await subject.sameRows(t, 'other batches');
    await subject.putPrepared(t, [at('a', 6n), at('b', 2n)], () => subject.remove(t, 'a'));
    await subject.sameRows(t, 'the end of a device');
    await subject.putPrepared(t, [at('a', 7n)], async () => {
      subject.store.writer.prepare({ payload: Buffer.from('nonsense'), runs: [{ position: 0, count: 1 }], count: 1 });
      await subject.put(t, [at('b', 3n)]);
    });
    await subject.sameRows(t, 'one that was prepared in its place');
    await subject.putPrepared(t, [at('a', 8n), at('b', 4n)], () => subject.restart());
    await subject.sameRows(t, 'a restart');
  });

  await t.test('a batch without readings is stored at once', async (t) => {
    const subject = await Subject.open(t, open);
    const nothing = { payload: new Uint8Array(), runs: [], count: 0 };
    t.same(await subject.store.writer.write(nothing, subject.stateNow()), { outcome: 'stored' });
    t.same(await subject.rows(), []);
  });

  await t.test('the delivery state is kept with the rows, by a store that keeps one', async (t) => {
    const subject = await Subject.open(t, open);
    const { store } = subject;
    t.equal(await store.writer.deliveryState(), null, 'none before the first');
    if (!store.writer.keepsDeliveryState) return;
    const states = [
      { low: 3, ranges: [[7, 9] as [number, number], [12, 2 ** 52] as [number, number]], stored: 5, quarantined: 2 },
      { low: 2 ** 52, ranges: [], stored: 2 ** 52, quarantined: 0 },
    ];
    for (const state of states) {
      const nothing = { payload: new Uint8Array(), runs: [], count: 0 };
      t.same(await subject.store.writer.write(nothing, state), { outcome: 'stored' });
      t.same(await subject.store.writer.deliveryState(), state);
      await subject.restart();
      t.same(await subject.store.writer.deliveryState(), state, 'also after a restart');
    }
  });

  await t.test('retention gives no error, and keeps what is young enough', async (t) => {
    const subject = await Subject.open(t, open);
    await subject.put(t, [{ device: 'a', ts: start, fields: { value: 1 } }]);
    await subject.store.writer.retain(Number(start / 1_000_000n));
    await subject.sameRows(t, 'the reading of that very millisecond');
  });
}
