import t from 'tap';
import { type InletProcess, startInlet } from '../servers/inlet.js';
import { isRefused } from './http/answers.js';

const start = 1_700_000_000_000;
const range = `from=${start}&to=${start + 3_600_000}`;

function getHistory(service: InletProcess, query: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${service.url}/v1/history?${query}`, { headers });
}

await t.test('the form is chosen by Accept, and by `format` before it', async (t) => {
  const service = await startInlet(t);
  const typeFor = async (accept: string, query = range) =>
    (await getHistory(service, query, { accept })).headers.get('content-type')?.split(';')[0];
  t.equal(await typeFor('text/csv'), 'text/csv');
  t.equal(await typeFor('text/csv;q=0.5, application/x-ndjson'), 'application/x-ndjson');
  t.equal(await typeFor('application/vnd.apache.parquet'), 'application/vnd.apache.parquet');
  t.equal(await typeFor('*/*'), 'application/json');
  t.equal(await typeFor('text/html, */*;q=0.8'), 'application/json');
  t.equal(await typeFor('image/png'), 'application/json', 'what there is not');
  t.equal(await typeFor('text/csv', `${range}&format=ndjson`), 'application/x-ndjson');
  await isRefused(t, await getHistory(service, `${range}&format=xml`), 400, 'invalid_parameter');
  await isRefused(t, await getHistory(service, 'from=x&format=csv'), 400, 'invalid_parameter');
  const head = await fetch(`${service.url}/v1/history?${range}&format=csv`, { method: 'HEAD' });
  t.equal(head.status, 200);
});

await t.test('JSON has an ETag, and nothing is sent twice', async (t) => {
  const service = await startInlet(t);
  await service.send({ device: 'd', ts: start, fields: { value: 1 } });
  await service.settled();
  const first = await getHistory(service, range);
  t.equal(first.headers.get('cache-control'), 'private, no-cache');
  const again = await getHistory(service, range, { 'if-none-match': first.headers.get('etag') ?? '' });
  t.equal(again.status, 304);
  t.equal(await again.text(), '');
  t.equal((await getHistory(service, 'from=-1h')).headers.get('cache-control'), 'no-store');
});
