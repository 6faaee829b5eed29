import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import t from 'tap';
import { startInlet } from '../../servers/inlet.js';
import { isAnswered, isRefused, postBytes } from './answers.js';

const service = await startInlet(t);
const readings = `${service.url}/v1/readings`;
const json = { 'content-type': 'application/json' };
const good = { device: 'd1', ts: 1_700_000_000_000, fields: { a: 1 } };
const bad = { device: 'd1', fields: {} };

await t.test('202, 207 and 422 say whether all, some or none of the readings were accepted', async (t) => {
  await isAnswered(t, await service.post([good, good]), 202, { accepted: 2, rejected: 0, results: undefined });
  await isAnswered(t, await service.post([good, bad]), 207, { accepted: 1, rejected: 1, results: [{ index: 1 }] });
  await isAnswered(t, await service.post([bad]), 422, { accepted: 0, rejected: 1, results: [{ index: 0 }] });
});

await t.test('what is no batch is a problem, and says which', async (t) => {
  await isRefused(t, await postBytes(readings, '{'), 400, 'malformed');
  await isRefused(t, await postBytes(readings, ''), 400, 'empty_batch', 'an empty body');
  await isRefused(t, await postBytes(readings, undefined, {}), 400, 'empty_batch', 'no body at all');
  await isRefused(t, await postBytes(readings, '[]'), 400, 'empty_batch');
  await isRefused(t, await postBytes(readings, `[${'{},'.repeat(10_000)}{}]`), 413, 'too_many_readings');
  await isRefused(t, await postBytes(readings, ' '.repeat(1024 * 1024 + 1)), 413, 'too_large');
});

await t.test('the precision of the query holds where the batch does not say', async (t) => {
  const seconds = { ...good, ts: 1_700_000_000 };
  await isAnswered(t, await service.post(seconds, '?precision=s'), 202, { accepted: 1 });
  await isAnswered(t, await service.post({ precision: 'ms', readings: [seconds] }, '?precision=s'), 422, {
    results: [{ code: 'ts_out_of_range' }],
  });
  await isAnswered(t, await service.post({ ...good, precision: 'ms' }, '?precision=s'), 202, { accepted: 1 });
  await isRefused(t, await service.post(seconds, '?precision=minutes'), 400, 'malformed');
  await isRefused(t, await service.post(seconds, '?precision=s&precision=s'), 400, 'malformed');
});

await t.test('media types: JSON is taken, anything else is not', async (t) => {
  const body = JSON.stringify(good);
  const withType = (type: string) => postBytes(readings, body, { 'content-type': type });
  await isAnswered(t, await withType('application/json; charset=utf-8'), 202, { accepted: 1 });
  await isAnswered(t, await withType('Application/JSON'), 202, { accepted: 1 });
  for (const type of ['text/xml', 'application/x-www-form-urlencoded', 'application/jsonp', 'nonsense']) {
    await isRefused(t, await withType(type), 415, 'unsupported_media_type', type);
  }
  await isRefused(t, await postBytes(readings, Buffer.from(body), {}), 415, 'unsupported_media_type', 'none');
});

await t.test('compressed bodies', async (t) => {
  const body = JSON.stringify([good, good]);
  const encoded = (encoding: string, bytes: Uint8Array) =>
    postBytes(readings, bytes, { ...json, 'content-encoding': encoding });
  await isAnswered(t, await encoded('gzip', gzipSync(body)), 202, { accepted: 2 });
  await isAnswered(t, await encoded('GZIP', gzipSync(body)), 202, { accepted: 2 });
  await isAnswered(t, await encoded('deflate', deflateSync(body)), 202, { accepted: 2 });
  await isAnswered(t, await encoded('Identity', Buffer.from(body)), 202, { accepted: 2 });
  await isRefused(t, await encoded('br', Buffer.from(body)), 415, 'unsupported_media_type');
  await isRefused(t, await encoded('gzip, gzip', gzipSync(gzipSync(body))), 415, 'unsupported_media_type');
  await isRefused(t, await encoded('gzip', Buffer.from(body)), 400, 'malformed', 'not gzip');
  await isRefused(t, await encoded('gzip', gzipSync(body).subarray(0, -9)), 400, 'malformed', 'half a gzip');
  await isRefused(t, await encoded('deflate', deflateRawSync(body)), 400, 'malformed', 'no zlib header');
  await isRefused(t, await encoded('gzip', gzipSync('')), 400, 'empty_batch', 'nothing, compressed');
});

await t.test('a body may be eight times as large once decompressed, and no byte more', async (t) => {
  const limit = 8 * 1024 * 1024;
  const padded = (bytes: number) => gzipSync(JSON.stringify(good).padEnd(bytes));
  const encoded = (bytes: Uint8Array) => postBytes(readings, bytes, { ...json, 'content-encoding': 'gzip' });
  await isAnswered(t, await encoded(padded(limit)), 202, { accepted: 1 });
  await isRefused(t, await encoded(padded(limit + 1)), 413, 'too_large');
  const before = await service.residentBytes();
  const bomb = gzipSync(Buffer.alloc(512 * 1024 * 1024));
  t.ok(bomb.length < 1024 * 1024, 'half a gigabyte fits into a body');
  const answers = await Promise.all(Array.from({ length: 8 }, () => encoded(bomb)));
  for (const answer of answers) await isRefused(t, answer, 413, 'too_large', 'a bomb');
  const grown = (await service.residentBytes()) - before;
  t.ok(grown < 200 * 1024 * 1024, 'and is never unpacked', { grown });
});

await t.test('ack=store waits until the store has what was accepted', async (t) => {
  const now = { device: 'waited-for', ts: 1_700_000_000_000, fields: { a: 1 } };
  await isAnswered(t, await service.post(now, '?ack=store'), 200, { accepted: 1, stored: true });
  const history = `/v1/history?devices=waited-for&from=${now.ts}&to=${now.ts + 1}`;
  t.match(await service.getJson(history), { rows: [[now.ts, 'waited-for', 'telemetry', 1]] });
  await isAnswered(t, await service.post([now, bad], '?ack=store'), 207, { accepted: 1, stored: true });
  await isAnswered(t, await service.post([bad], '?ack=store'), 422, { accepted: 0, stored: undefined });
  await isRefused(t, await service.post(now, '?ack=disk'), 400, 'invalid_parameter');
  for (const timeout of ['soon', '-1', '']) {
    await isRefused(t, await service.post(now, `?ack=store&timeout=${timeout}`), 400, 'invalid_parameter');
  }
  await isAnswered(t, await service.post(now, '?ack=store&timeout=1e9'), 200, { stored: true }, 'a long time is cut');
});
