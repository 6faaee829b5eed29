/** NDJSON over HTTP, as a process: bodies that are longer than anything that is held in memory. */
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import type { Receipt } from '../../../src/domain/refusal.js';
import { startInlet, type InletProcess } from '../../servers/inlet.js';
import { until } from '../../servers/until.js';

const mediaType = { 'content-type': 'application/x-ndjson' };
const at = 1_700_000_000_000;
const line = (index: number, more: object = {}) =>
  `${JSON.stringify({ device: 'nd-1', type: 'nd', ts: at + index, fields: { a: index }, ...more })}\n`;

async function post(service: InletProcess, body: BodyInit, headers: Record<string, string> = {}, query = '') {
  const init = { method: 'POST', body, headers: { ...mediaType, ...headers }, duplex: 'half' };
  const response = await fetch(`${service.url}/v1/readings${query}`, init);
  return { status: response.status, answer: (await response.json()) as Receipt & { code?: string; detail?: string } };
}

function body(chunks: Iterable<string>): BodyInit {
  return Readable.toWeb(Readable.from(chunks).map((text: string) => Buffer.from(text))) as unknown as BodyInit;
}

const service = await startInlet(t, { INLET_MAX_BODY_BYTES: '64 KiB', INLET_MAX_BATCH_READINGS: '500' });

await t.test('a body has more readings and bytes than a batch may have, and one receipt', async (t) => {
  const count = 20_000;
  const lines = Array.from({ length: count }, (_, index) => line(index));
  lines[7] = '{"device":\n';
  lines[15_000] = line(15_000, { fields: { a: 'x' } });
  lines[15_001] = line(0, { pad: 'x'.repeat(70_000) });
  const { status, answer } = await post(service, body(lines), {}, '?ack=store&timeout=30');
  t.equal(status, 207);
  t.match(answer, { accepted: count - 3, rejected: 3, stored: true });
  t.match(answer.results, [
    { index: 7, code: 'malformed', path: '' },
    { index: 15_000, code: 'field_type', path: '/fields/a' },
    { index: 15_001, code: 'malformed', path: '' },
  ]);
  const { accepted, stored } = await service.stats();
  t.equal(stored, accepted);
});

await t.test('all, some or none accepted, nothing in it, and compressed', async (t) => {
  t.match(await post(service, line(1)), { status: 202, answer: { accepted: 1, rejected: 0 } });
  t.match(await post(service, '{}\n7\n'), { status: 422, answer: { accepted: 0, rejected: 2 } });
  t.match(await post(service, '\n\r\n'), { status: 400, answer: { code: 'empty_batch' } });
  t.match(await post(service, ''), { status: 400, answer: { code: 'empty_batch' } });
  t.match(await post(service, line(1).replace(`${at + 1}`, '1700000000'), {}, '?precision=s'), { status: 202 });
  const packed = gzipSync(Array.from({ length: 5000 }, (_, index) => line(index)).join(''));
  t.match(await post(service, packed, { 'content-encoding': 'gzip' }), { status: 202, answer: { accepted: 5000 } });
  t.match(await post(service, packed, { 'content-encoding': 'br' }), { status: 415 });
  const cut = await post(service, packed.subarray(0, packed.length - 20), { 'content-encoding': 'gzip' });
  t.match(cut, { status: 400, answer: { code: 'malformed', detail: /readings of the body are durable/ } });
  t.match(await post(service, 'no gzip', { 'content-encoding': 'gzip' }), {
    status: 400,
    answer: { code: 'malformed' },
  });
});

await t.test('what was durable when the connection broke stays', async (t) => {
  const before = (await service.stats()).accepted;
  const sending = request(`${service.url}/v1/readings`, { method: 'POST', headers: mediaType });
  sending.on('error', () => undefined);
  const lines = Array.from({ length: 1000 }, (_, index) => line(100_000 + index));
  sending.write(lines.join('') + '{"device":"nd-1","fields":{"a"');
  await until(async () => (await service.stats()).accepted === before + 1000);
  sending.destroy();
  await new Promise((resolve) => sending.once('close', resolve));
  t.match(await post(service, line(1)), { status: 202 }, 'the service goes on');
  t.equal((await service.stats()).accepted, before + 1001, 'the line that was not whole is none');
});

await t.test('a long body needs memory for a part of it only', async (t) => {
  // Held as a whole it would take more than its own size. A body of a gigabyte takes the same way, and minutes.
  const block = Array.from({ length: 1000 }, (_, index) =>
    line(index, { type: 'memory', tags: { pad: 'x'.repeat(200) } }),
  ).join('');
  const blocks = Math.ceil(100_000_000 / block.length);
  function* chunks(count: number) {
    for (let sent = 0; sent < count; sent++) yield block;
  }
  await post(service, body(chunks(blocks / 2)));
  const before = await service.residentBytes();
  let most = 0;
  const watching = setInterval(() => void service.residentBytes().then((bytes) => (most = Math.max(most, bytes))), 50);
  const { answer } = await post(service, body(chunks(blocks)));
  clearInterval(watching);
  t.match(answer, { accepted: blocks * 1000, rejected: 0 });
  const bodyBytes = blocks * block.length;
  const grewBytes = most - before;
  t.ok(
    grewBytes < bodyBytes,
    `grew by ${Math.round(grewBytes / 1e6)} MB over a body of ${Math.round(bodyBytes / 1e6)} MB`,
  );
});
