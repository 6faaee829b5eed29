import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import t from 'tap';
import { WebSocket, type ClientOptions } from 'ws';
import { startInlet } from '../../servers/inlet.js';
import { sendRaw } from '../http/answers.js';

const service = await startInlet(t, { INLET_ALLOWED_ORIGINS: 'https://plant.example, http://localhost:3000' });

/** @returns 101, or the status with which the handshake was refused */
async function handshake(
  address: string,
  options: ClientOptions = {},
  protocols: string[] = [],
): Promise<{ status: number; protocol: string; body: string }> {
  const socket = new WebSocket(service.url.replace('http', 'ws') + address, protocols, options);
  socket.on('error', () => undefined);
  const opened = once(socket, 'open').then(() => ({ status: 101, protocol: socket.protocol, body: '' }));
  const refused = once(socket, 'unexpected-response').then(async ([, response]) => {
    const answer = response as IncomingMessage;
    let body = '';
    for await (const chunk of answer) body += String(chunk);
    return { status: answer.statusCode ?? 0, protocol: '', body };
  });
  opened.catch(() => undefined);
  refused.catch(() => undefined);
  const outcome = await Promise.race([opened, refused]);
  socket.terminate();
  return outcome;
}

await t.test('pages of other sites may not connect; those that are allowed may, and what is no browser', async (t) => {
  const { host, port } = new URL(service.url);
  const origins: [origin: string | undefined, status: number][] = [
    [undefined, 101],
    [service.url, 101],
    ['https://plant.example', 101],
    ['http://localhost:3000', 101],
    ['https://evil.example', 403],
    ['https://plant.example.evil.example', 403],
    ['http://plant.example', 403],
    [`http://evil.example:${port}`, 403],
    [`http://${host}.evil.example`, 403],
    ['null', 403],
    ['nonsense', 403],
  ];
  for (const address of ['/v1/stream', '/v1/live']) {
    for (const [origin, status] of origins) {
      const answer = await handshake(address, origin === undefined ? {} : { origin });
      t.equal(answer.status, status, `${address} from ${origin}`);
      if (status === 403) t.match(JSON.parse(answer.body), { code: 'forbidden', status: 403 });
    }
  }
});

await t.test('the subprotocol inlet.v1 is agreed on when it is offered, and no other', async (t) => {
  for (const address of ['/v1/stream', '/v1/live']) {
    t.match(await handshake(address, {}, ['inlet.v1']), { status: 101, protocol: 'inlet.v1' });
    t.match(await handshake(address, {}, ['other', 'inlet.v1']), { status: 101, protocol: 'inlet.v1' });
    t.match(await handshake(address), { status: 101, protocol: '' });
  }
});

await t.test('frames are never deflated, whatever is offered', async (t) => {
  const socket = new WebSocket(`${service.url.replace('http', 'ws')}/v1/stream`, { perMessageDeflate: true });
  await once(socket, 'open');
  t.equal(socket.extensions, '');
  socket.terminate();
});

await t.test('other addresses speak no WebSocket', async (t) => {
  for (const address of ['/v1/nothing', '/v1/stats', '/v1/readings', '/']) {
    const { status } = await handshake(address);
    t.ok(status >= 200 && status < 500, address, { status });
  }
  t.equal((await fetch(`${service.url}/healthz`)).status, 200);
});

await t.test(
  'a handshake that is none is refused as a problem, and what another upgrade asks for is answered',
  async (t) => {
    const upgrade = (headers: string, request = 'GET /v1/stream') =>
      sendRaw(service.url, `${request} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n${headers}\r\n`);
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
    const asked: [what: string, answer: string, status: number, code: string][] = [
      ['without a key', await upgrade('Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n'), 400, 'malformed'],
      [
        'of another version',
        await upgrade(`Upgrade: websocket\r\nSec-WebSocket-Version: 7\r\n${key}`),
        400,
        'malformed',
      ],
      ['with a body', await upgrade('Upgrade: h2c\r\nContent-Length: 1\r\n', 'POST /v1/readings'), 400, 'malformed'],
      ['to something else', await upgrade('Upgrade: h2c\r\n'), 426, 'upgrade_required'],
    ];
    for (const [what, answer, status, code] of asked) {
      const [head = '', body = '{}'] = answer.split('\r\n\r\n');
      t.match(head, new RegExp(`^HTTP/1\\.1 ${status} `), what);
      t.match(JSON.parse(body), { status, code }, what);
    }
    t.match(asked[1]![1], /\r\nsec-websocket-version: 13\r\n/, 'it says which version it speaks (RFC 6455 §4.4)');
    t.match(await upgrade('Upgrade: h2c\r\n', 'GET /healthz'), /^HTTP\/1\.1 200 /, 'which may be passed over');
  },
);

await t.test('a filter in the URL that is none is refused before the upgrade', async (t) => {
  for (const query of [
    'colour=red',
    'snapshot=maybe',
    'devices=',
    'devices=a&devices=b',
    'cursor=abc',
    'cursor=MTswYTFiMmMzZD01&since=-1h',
    'since=yesterday',
    'maxPoints=5',
    'since=-1h&maxPoints=0',
    'mode=some',
    'maxRateHz=0',
    'maxRateHz=fast',
    'tag.=x',
    'tag.__proto__=x',
  ]) {
    const answer = await handshake(`/v1/live?${query}`);
    t.equal(answer.status, 400, query);
    t.match(JSON.parse(answer.body || '{}'), { status: 400, code: /^invalid_(parameter|filter|cursor)$/ }, query);
  }
});
