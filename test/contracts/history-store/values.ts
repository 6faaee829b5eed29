import type { Test } from 'tap';
import { second, start, Subject, type OpenStore } from './subject.js';

/** What is put in comes out as it was. */
export async function valuesContract(t: Test, open: OpenStore): Promise<void> {
  await t.test('every kind of field comes back as itself, and the kinds are known', async (t) => {
    const subject = await Subject.open(t, open);
    await subject.put(t, [
      { device: 'boiler-7', ts: start, fields: { temperature: 73.9, starts: 12n, running: true, state: 'ok' } },
      { type: 'meter', device: 'meter-1', ts: start, fields: { power: 5n } },
    ]);
    const kinds = (await subject.store.reader.kinds()).sort((a, b) => (a.type < b.type ? -1 : 1));
    const fieldsOf = (index: number) => new Map(kinds[index]?.fields.map(({ name, kind }) => [name, kind]));
    t.same(
      kinds.map(({ type }) => type),
      ['machine', 'meter'],
    );
    t.same(
      fieldsOf(0),
      new Map(Object.entries({ temperature: 'float', starts: 'integer', running: 'boolean', state: 'string' })),
    );
    t.same(fieldsOf(1), new Map([['power', 'integer']]));
    await subject.sameRows(t, 'the values too');
  });

  await t.test('times keep their nanoseconds', async (t) => {
    const subject = await Subject.open(t, open);
    const times = [start, start + 1n, start + 999_999n, start + 1_000_000n, start + 123_456_789n];
    await subject.put(
      t,
      times.map((ts) => ({ device: 'a', ts, fields: { value: 1 } })),
    );
    const rows = await subject.sameRows(t, 'all of them');
    t.same(
      rows.map((row) => row.ts),
      times,
    );
    t.equal((await subject.rows({ from: start + 1n, to: start + 999_999n })).length, 1, 'from is included, to is not');
  });

  await t.test('numbers keep every digit', async (t) => {
    const subject = await Subject.open(t, open);
    const floats = [0, -1, 0.1, -273.15, 1e21, 1.7976931348623157e308, -1.7976931348623157e308, 5e-324, 2 ** 53, 1 / 3];
    const integers = [0n, -1n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)];
    await subject.put(
      t,
      floats.map((value, index) => ({ device: 'f', ts: start + BigInt(index), fields: { value } })),
    );
    await subject.put(
      t,
      integers.map((count, index) => ({ device: 'i', ts: start + BigInt(index), fields: { count } })),
    );
    await subject.sameRows(t, 'floats and integers');
  });

  await t.test('minus zero is zero', async (t) => {
    const subject = await Subject.open(t, open);
    await subject.put(t, [{ device: 'a', ts: start, fields: { value: -0 } }]);
    t.ok((await subject.rows())[0]?.cells[0] === 0);
  });

  await t.test('characters that mean something to a database are characters', async (t) => {
    const subject = await Subject.open(t, open);
    const texts = [
      '',
      ' ',
      'a b',
      'a,b=c',
      '"',
      `'; DROP TABLE x; --`,
      '\\',
      'ends in \\',
      '\\"',
      '\\\\n',
      '%_*$1',
      '🌡️ 21 °C',
      '\u0001',
    ];
    const strings = [...texts, 'two\nlines', 'tab\there', 'a'.repeat(1024)];
    await subject.put(
      t,
      strings.map((text, index) => ({ device: 'a', ts: start + BigInt(index), fields: { text } })),
    );
    const tags = [...texts, '\u2060', 'a\\\u2060'].filter((text) => text !== '' && !text.includes('\u0001'));
    await subject.put(
      t,
      tags.map((site, index) => ({ device: 'b', tags: { site }, ts: start + BigInt(index), fields: { value: 1 } })),
    );
    await subject.sameRows(t, 'in string fields and in tags');
    for (const site of tags.filter((site) => !site.includes('*'))) {
      await subject.sameRows(t, `a selection by the tag ${JSON.stringify(site)}`, { series: { tags: { site } } });
    }
  });

  await t.test('names may be anything that the wire allows, and differ by case', async (t) => {
    const subject = await Subject.open(t, open);
    await subject.put(t, [
      { type: 'machine', device: 'a', ts: start, fields: { temperature: 1 } },
      { type: 'Machine', device: 'A', ts: start, fields: { Temperature: 2, temperature: 'warm', TEMPERATURE: true } },
      {
        type: 'select',
        device: 'select.from:where-1',
        tags: { group: 'x', Group: 'y' },
        ts: start,
        fields: { 'order.by': 3n },
      },
      { type: 'a.b-c_d', device: '0', ts: start, fields: { _value: 4, 'x-y': 5, null: 6, rowid: 7, seq: 8 } },
    ]);
    await subject.sameRows(t, 'types, devices, tags and fields');
  });

  await t.test('readings have only the fields that they have, and new fields may come at any time', async (t) => {
    const subject = await Subject.open(t, open);
    await subject.put(t, [{ device: 'a', ts: start, fields: { one: 1 } }]);
    await subject.put(t, [
      { device: 'a', ts: start + second, fields: { two: 2n } },
      { device: 'a', ts: start + 2n * second, fields: { one: 1, three: 'x' } },
      { device: 'b', ts: start, fields: { four: false } },
    ]);
    await subject.sameRows(t, 'all columns');
    const columns = subject.columns.map(({ type, fields }) => ({
      type,
      fields: fields.filter(({ name }) => name === 'one'),
    }));
    const rows = await subject.sameRows(t, 'one column', { columns });
    t.equal(rows.length, 2, 'a row without a value of what is asked for does not come');
  });
}
