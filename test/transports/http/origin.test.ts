import t from 'tap';
import { startInlet } from '../../servers/inlet.js';
import { isRefused } from './answers.js';

const page = 'https://plant.example';
const service = await startInlet(t, { INLET_ALLOWED_ORIGINS: page });
const closed = await startInlet(t);

function preflight(url: string, origin: string, method: string): Promise<Response> {
  const headers = { origin, 'access-control-request-method': method, 'access-control-request-headers': 'content-type' };
  return fetch(url, { method: 'OPTIONS', headers });
}

await t.test('a page of an allowed origin may read every answer, refusals and what is not there too', async (t) => {
  for (const address of ['/v1/stats', '/v1/devices', '/v1/history', '/v1/history?from=x', '/v1/none', '/v1/live']) {
    const { headers } = await fetch(service.url + address, { headers: { origin: page } });
    t.equal(headers.get('access-control-allow-origin'), page, address);
    t.match(headers.get('access-control-expose-headers'), /etag.*retry-after/);
    t.match(headers.get('vary'), /origin/, 'and no cache gives it to another');
  }
  t.match((await fetch(`${service.url}/v1/history`)).headers.get('vary'), /accept.*origin/, 'whoever asks');
});

await t.test('it may send what it was given leave to send', async (t) => {
  const asked = await preflight(`${service.url}/v1/readings`, page, 'POST');
  t.equal(asked.status, 204);
  t.equal(asked.headers.get('access-control-allow-origin'), page);
  t.equal(asked.headers.get('access-control-allow-methods'), 'POST');
  t.match(asked.headers.get('access-control-allow-headers'), /authorization.*content-type/);
  t.ok(Number(asked.headers.get('access-control-max-age')) > 0);
  const one = await preflight(`${service.url}/v1/quarantine/7`, page, 'DELETE');
  t.match(one.headers.get('access-control-allow-methods'), /DELETE/);
  const body = JSON.stringify({ device: 'd1', fields: { a: 1 } });
  const headers = { 'content-type': 'application/json', origin: page };
  const sent = await fetch(`${service.url}/v1/readings`, { method: 'POST', headers, body });
  t.equal(sent.status, 202);
  t.equal(sent.headers.get('access-control-allow-origin'), page);
});

await t.test('pages of other origins get no leave, and change nothing', async (t) => {
  const strangers = ['https://evil.example', 'http://plant.example', `${page}.evil.example`, 'null', 'nonsense'];
  for (const [{ url }, origins] of [[service, strangers] as const, [closed, [...strangers, page]] as const]) {
    for (const origin of origins) {
      const read = await fetch(`${url}/v1/stats`, { headers: { origin } });
      t.equal(read.status, 200);
      t.equal(read.headers.get('access-control-allow-origin'), null, origin);
      const asked = await preflight(`${url}/v1/readings`, origin, 'POST');
      t.equal(asked.headers.get('access-control-allow-origin'), null);
      t.equal(asked.headers.get('access-control-allow-methods'), null);
      // Forms and plain texts are sent without a preflight.
      const simple = { method: 'POST', headers: { origin, 'content-type': 'text/plain' }, body: '{}' };
      await isRefused(t, await fetch(`${url}/v1/quarantine/replay`, simple), 403, 'forbidden', origin);
      await isRefused(t, await fetch(`${url}/v1/readings`, simple), 403, 'forbidden', origin);
    }
  }
  t.equal((await closed.stats()).received, 0);
});

await t.test("the service's own pages, and what is no browser, need no leave", async (t) => {
  for (const origin of [{}, { origin: closed.url }] as Record<string, string>[]) {
    const headers = { 'content-type': 'application/json', ...origin };
    const body = JSON.stringify({ device: 'd1', fields: { a: 1 } });
    const sent = await fetch(`${closed.url}/v1/readings`, { method: 'POST', headers, body });
    t.equal(sent.status, 202);
    t.equal(sent.headers.get('access-control-allow-origin'), null);
  }
});
