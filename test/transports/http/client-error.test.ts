import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { answerClientError, letTakeItsTime } from '../../../src/transports/http/client-error.js';

/** As the service has it, in less time. */
const server = createServer({ requestTimeout: 300, headersTimeout: 200, connectionsCheckingInterval: 50 });
server.on('clientError', answerClientError);
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
t.teardown(() => server.close());

async function answerTo(begun: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(begun);
  return text(socket);
}

await t.test('headers and bodies that do not get on are answered 408, as a problem', async (t) => {
  for (const begun of [
    'POST / HTTP/1.1\r\nHost: x\r\n',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{',
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n',
  ]) {
    const [head = '', body = ''] = (await answerTo(begun)).split('\r\n\r\n');
    t.match(head, /^HTTP\/1\.1 408 Request Timeout\r\n/, begun);
    t.match(head, /content-type: application\/problem\+json\r\ncontent-length: \d+\r\nconnection: close/);
    t.match(JSON.parse(body), { type: 'urn:inlet:problem:request_timeout', status: 408, code: 'request_timeout' });
  }
});

await t.test('one that was being answered is cut, without a second answer in the first', async (t) => {
  server.once('request', (_, response) => response.writeHead(200).write('half of it'));
  const answer = await answerTo('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{').catch(() => '');
  t.notMatch(answer, /408/);
});

await t.test('a body that may be of any length may take its time', async (t) => {
  server.once('request', (request, response) => {
    letTakeItsTime(request);
    request.resume().on('end', () => response.end('all of it'));
  });
  const socket = connect(port, '127.0.0.1');
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{');
  setTimeout(() => socket.write('}'), 800);
  t.match(await text(socket), /^HTTP\/1\.1 200 OK\r\n[^]*all of it/);
});
