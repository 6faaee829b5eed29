import t from 'tap';
import { overBothStores } from '../servers/both-stores.js';

const hostile = [
  "'",
  '"',
  '`',
  '\\',
  "\\'",
  '\\"',
  "x' OR '1'='1",
  'x" OR "1"="1',
  "'; DROP MEASUREMENT machine; --",
  '"; DROP MEASUREMENT "machine"; --',
  "d1'; DROP TABLE t1; --",
  'machine"; DELETE FROM t1; SELECT "',
  '1); DROP TABLE t1; --',
  '/* */',
  '*/ OR /.*/',
  '--',
  '#',
  '$$',
  '{{7*7}}',
  'a\nb',
  'a\r\nb',
  'a\0b',
  '\0',
  '\u202e',
  '*)$/ OR /(',
  '*\\',
  '=~ /.*/',
  'now() - 1h; DROP DATABASE telemetry',
  '%27%3B%20DROP',
  '__proto__',
  'constructor',
  "tag.site' OR ''='",
];

const parameters = [
  'devices',
  'types',
  'fields',
  'tag.site',
  'from',
  'to',
  'every',
  'fn',
  'group',
  'fill',
  'tz',
  'order',
  'limit',
  'cursor',
  'maxPoints',
  'precision',
  'format',
];

const start = 1_700_000_000_000;
const range = `from=${start}&to=${start + 60_000}`;
const readings = [1, 2, 3].map((step) => ({
  device: 'd1',
  type: 'machine',
  ts: start + step,
  tags: { site: 'lyon' },
  fields: { value: step, state: 'ok' },
}));

interface Answer {
  rows: unknown[][];
}

await overBothStores(t, 'Hostile parameters', async (t, { service }) => {
  await service.send(...readings);
  await service.settled();
  const before = await service.getJson<Answer>(`/v1/history?${range}`);
  t.equal(before.rows.length, 3);

  async function isHarmless(query: string, what: string): Promise<void> {
    const response = await fetch(`${service.url}/v1/history?${query}`);
    const text = await response.text();
    if (response.status === 400) {
      t.match(JSON.parse(text), { code: /^invalid_(parameter|cursor)$/ }, `${what}: refused`);
      return;
    }
    t.equal(response.status, 200, `${what}: ${text}`);
    t.same((JSON.parse(text) as Answer).rows, [], `${what}: nothing comes`);
  }

  for (const text of hostile) {
    for (const name of parameters) {
      const others = name === 'from' || name === 'to' ? '' : range;
      const every = name === 'fn' || name === 'group' || name === 'fill' ? '&every=1h' : '';
      await isHarmless(`${others}${every}&${name}=${encodeURIComponent(text)}`, `${name}=${JSON.stringify(text)}`);
    }
    const name = encodeURIComponent(text);
    await isHarmless(`${range}&tag.${name}=x`, `the tag ${JSON.stringify(text)}`);
    await isHarmless(`${range}&every=1m&group=tag.${name}`, `grouped by the tag ${JSON.stringify(text)}`);
    await isHarmless(`${range}&${name}=x`, `the parameter ${JSON.stringify(text)}`);
    await isHarmless(`${range}&every=1m&devices=${name}&tag.site=${name}*`, `together: ${JSON.stringify(text)}`);
  }

  t.same(await service.getJson(`/v1/history?${range}`), before, 'the data is still there');
  await service.send({ ...readings[0], ts: start + 4 });
  await service.settled();
  t.equal((await service.getJson<Answer>(`/v1/history?${range}`)).rows.length, 4, 'and more comes in');
});
