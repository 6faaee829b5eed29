import t from 'tap';
import { csvText } from '../../src/history/csv.js';
import { ndjsonText } from '../../src/history/ndjson.js';
import { parquetTable } from '../../src/history/parquet.js';
import type { Parameters } from '../../src/history/parameter.js';
import { readHistoryQuery } from '../../src/history/parameters.js';
import type { KnownColumns } from '../../src/ports/catalog.js';
import { now, ns } from './ask.js';
import { MemoryReader } from './memory-reader.js';

const ts = ns('2024-06-01T11:30:00Z');
const ms = Number(ts / 1_000_000n);
const fields = ['value', 'text', 'count', 'tag.site'];
const known: KnownColumns = { tags: ['site'], fields: new Map([['machine', new Set(fields)]]) };

function reader(): MemoryReader {
  return new MemoryReader().add(
    { ts, device: 'a', type: 'machine', tags: { site: 'a,b' }, fields: { value: 1.5, text: '', count: 2n ** 60n } },
    { ts: ts + 1n, device: 'a', type: 'machine', fields: { text: '=1+1', 'tag.site': 'x' } },
    { ts: ts + 2n, device: 'a', type: 'machine', fields: { text: ' "two"\nlines' } },
  );
}

async function textOf(chunks: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const chunk of chunks) text += chunk;
  return text;
}

function queryOf(parameters: Parameters) {
  return readHistoryQuery(parameters, { now, types: reader().types() });
}

await t.test('CSV tells an empty text from none, and keeps every text as it was sent', async (t) => {
  const text = await textOf(csvText(queryOf({ fields: 'value,text,count' }), reader(), known));
  t.same(text.split('\r\n'), [
    'ts,device,type,tag.site,value,text,count',
    `${ms},a,machine,"a,b",1.5,"",${2n ** 60n}`,
    `${ms},a,machine,,,=1+1,`,
    `${ms},a,machine,,," ""two""\nlines",`,
    '',
  ]);
});

await t.test('a field that is called as a tag is has a column of its own', async (t) => {
  const [header] = (await textOf(csvText(queryOf({ fields: 'tag.site' }), reader(), known))).split('\r\n');
  t.equal(header, 'ts,device,type,tag.site,tag.site_');
  const both = reader().add({ ts, device: 'b', type: 'machine', tags: { site: 'y' }, fields: { 'tag.site': 'z' } });
  const lines = await textOf(ndjsonText(queryOf({ fields: 'tag.site', devices: 'b' }), both));
  t.match(JSON.parse(lines), { 'tag.site': 'y', 'tag.site_': 'z' });
});

await t.test('many rows come in small pieces, all of them and in order', async (t) => {
  const many = new MemoryReader();
  many.chunkRows = 1000;
  const stored = 1500;
  many.add(
    ...Array.from({ length: stored }, (_, k) => ({
      ts: ts + BigInt(k),
      device: 'a',
      type: 'machine',
      fields: { value: k },
    })),
  );
  for (const limit of [undefined, 700]) {
    const pieces: string[] = [];
    for await (const piece of ndjsonText(queryOf({ fields: 'value', ...(limit && { limit: String(limit) }) }), many))
      pieces.push(piece);
    const rows = pieces.map((piece) => piece.trimEnd().split('\n'));
    t.ok(rows.every(({ length }) => length <= 256));
    const values = rows.flat().map((row) => (JSON.parse(row) as { value: number }).value);
    t.same(
      values,
      Array.from({ length: limit ?? stored }, (_, k) => k),
    );
  }
});

await t.test('without rows there is a header, and NDJSON is empty', async (t) => {
  const query = queryOf({ devices: 'none', fields: 'value' });
  t.equal(await textOf(csvText(query, reader(), known)), 'ts,device,type,tag.site,value\r\n');
  t.equal(await textOf(ndjsonText(query, reader())), '');
});

await t.test('what has no column ends the answer with an error', async (t) => {
  const withoutTag = { ...known, tags: [] };
  await t.rejects(textOf(csvText(queryOf({}), reader(), withoutTag)), /the tag site came while/);
  const withoutField = { ...known, fields: new Map([['machine', new Set(['value'])]]) };
  await t.rejects(textOf(csvText(queryOf({}), reader(), withoutField)), /the field text came while/);
});

await t.test('a precision is that of CSV and NDJSON too', async (t) => {
  const query = queryOf({ precision: 'ns', limit: '1', fields: 'value' });
  t.match(await textOf(csvText(query, reader(), known)), `\n${ts},a,`);
  t.same(JSON.parse(await textOf(ndjsonText(query, reader()))), {
    ts: String(ts),
    device: 'a',
    type: 'machine',
    'tag.site': 'a,b',
    value: 1.5,
  });
});

await t.test('columns of Parquet have the kind that their values have', (t) => {
  const kindsOf = (parameters: Parameters) =>
    parquetTable(queryOf(parameters), reader(), known).columns.map(({ name, kind }) => `${name} ${kind}`);
  const texts = ['ts time', 'device string', 'type string', 'tag.site string'];
  t.same(kindsOf({ fields: 'value,text,count' }), [...texts, 'value float', 'text string', 'count integer']);
  t.same(kindsOf({ fields: 'count', every: '1h', fn: 'mean,max,sum,count' }), [
    ...texts,
    'count_mean float',
    'count_max integer',
    'count_sum float',
    'count_count integer',
  ]);
  t.same(kindsOf({ fields: 'count', every: '1h', fn: 'max', fill: 'linear', group: 'none' }), [
    'ts time',
    'count_max float',
  ]);
  t.end();
});
