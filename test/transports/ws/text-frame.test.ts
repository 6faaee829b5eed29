import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import { textFrame } from '../../../src/transports/ws/text-frame.js';

const texts = [0, 1, 125, 126, 0xffff, 0x10000, 300_000].map((length) => 'x'.repeat(length));

await t.test('a client gets texts of every length, in order with what the socket itself sends', async (t) => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  t.teardown(() => server.close());
  await once(server, 'listening');
  const all = [...texts, 'température 21 °C 🌡'];
  server.on('connection', (socket, { socket: connection }) => {
    for (const text of all) {
      connection.write(textFrame(text));
      socket.send(`behind ${text.length}`);
    }
    socket.close(1000);
  });
  const client = new WebSocket(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const seen: string[] = [];
  client.on('message', (data: Buffer, isBinary) => seen.push(isBinary ? 'binary' : data.toString()));
  const [code] = (await once(client, 'close')) as [number];
  t.equal(code, 1000);
  const wanted = all.flatMap((text) => [text, `behind ${text.length}`]);
  t.equal(seen.length, wanted.length);
  t.ok(wanted.every((text, at) => seen[at] === text));
});
