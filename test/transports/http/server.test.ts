import { createConnection } from 'node:net';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { startInlet } from '../../servers/inlet.js';
import { isRefused, sendRaw } from './answers.js';

const service = await startInlet(t);
const { host, hostname, port } = new URL(service.url);

/** Begins a request and never ends it. */
const slow = createConnection({ host: hostname, port: Number(port) });
slow.write('POST /v1/readings HTTP/1.1\r\nHost: x\r\n');
const slowSince = Date.now();
const slowAnswer = text(slow);

await t.test('an address that is not there is 404, as a problem', async (t) => {
  for (const address of ['/v1/nothing', '/v1', '/v1/readings/', '/v1/devices/never-heard-of', '/v1/schemas/none']) {
    await isRefused(t, await fetch(service.url + address), 404, 'not_found', address);
  }
  await isRefused(t, await fetch(`${service.url}/v1/nothing`, { method: 'POST' }), 404, 'not_found');
  await isRefused(t, await fetch(`${service.url}/v1/devices/${'d'.repeat(300)}`), 404, 'not_found');
});

await t.test('a method that an address does not have is 405, which says what it has', async (t) => {
  const asked: [method: string, address: string, allowed: string][] = [
    ['GET', '/v1/readings', 'POST'],
    ['DELETE', '/v1/readings', 'POST'],
    ['POST', '/v1/stats', 'GET, HEAD'],
    ['PUT', '/v1/devices/d1/latest', 'GET, HEAD'],
    ['POST', '/v1/stream', 'GET, HEAD'],
  ];
  for (const [method, address, allowed] of asked) {
    const response = await fetch(service.url + address, { method });
    await isRefused(t, response, 405, 'method_not_allowed', `${method} ${address}`);
    t.equal(response.headers.get('allow'), allowed);
  }
});

await t.test('OPTIONS tells what an address takes; HEAD is GET without a body', async (t) => {
  const options = await fetch(`${service.url}/v1/readings`, { method: 'OPTIONS' });
  t.equal(options.status, 204);
  t.equal(options.headers.get('allow'), 'POST');
  const head = await fetch(`${service.url}/v1/stats`, { method: 'HEAD' });
  t.equal(head.status, 200);
  t.match(head.headers.get('content-type'), 'application/json');
  t.equal(await head.text(), '');
});

await t.test('a WebSocket address asked without an upgrade is 426', async (t) => {
  for (const address of ['/v1/stream', '/v1/live', '/v1/live?devices=a*']) {
    const response = await fetch(service.url + address);
    await isRefused(t, response, 426, 'upgrade_required', address);
    t.equal(response.headers.get('upgrade'), 'websocket');
  }
});

await t.test('what is not even HTTP gets a problem as well', async (t) => {
  const asked: [what: string, request: string, status: number, code: string][] = [
    [
      'an address with broken escapes',
      `GET /v1/devices/%ff%E0%A4%A HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
      400,
      'malformed',
    ],
    ['no HTTP at all', 'hello?\r\n\r\n', 400, 'malformed'],
    [
      'two lengths',
      'POST /v1/readings HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx',
      400,
      'malformed',
    ],
    ['huge headers', `GET / HTTP/1.1\r\nHost: x\r\nX-Huge: ${'x'.repeat(100_000)}\r\n\r\n`, 431, 'headers_too_large'],
  ];
  for (const [what, request, status, code] of asked) {
    const answer = await sendRaw(service.url, request);
    const [head = '', body = '{}'] = answer.split('\r\n\r\n');
    t.match(head, new RegExp(`^HTTP/1\\.1 ${status} `), what);
    t.match(head, /content-type: application\/problem\+json/i, what);
    t.match(JSON.parse(body), { status, code, detail: String, title: String, type: String }, what);
  }
  t.equal((await fetch(`${service.url}/healthz`)).status, 200);
});

await t.test('a request that does not get on is ended, and keeps nobody else waiting', async (t) => {
  const started = Date.now();
  t.equal((await service.post({ device: 'd1', fields: { a: 1 } })).status, 202);
  t.ok(Date.now() - started < 2000, 'others are served');
  const answer = await slowAnswer;
  const afterMs = Date.now() - slowSince;
  t.ok(afterMs < 20_000, 'the slow one is cut', { afterMs });
  t.match(answer, /^HTTP\/1\.1 408 .*\r\ncontent-type: application\/problem\+json\r\n/s);
  t.match(JSON.parse(answer.split('\r\n\r\n')[1]!), { status: 408, code: 'request_timeout' }, 'and told why');
});
