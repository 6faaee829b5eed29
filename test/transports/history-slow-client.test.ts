import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { startInlet } from '../servers/inlet.js';
import { fill, hour } from './history-filling.js';

await t.test('a client that does not read makes nothing grow', async (t) => {
  const service = await startInlet(t);
  await fill(service, 300_000);
  await (await fetch(`${service.url}/v1/history?${hour}&format=csv&limit=60000`)).text();
  const before = await service.residentBytes();
  const { hostname, port } = new URL(service.url);
  const sockets = await Promise.all(
    ['csv', 'ndjson', 'csv', 'ndjson'].map(async (format) => {
      const socket = connect({ host: hostname, port: Number(port) });
      await once(socket, 'connect');
      socket.pause();
      socket.write(`GET /v1/history?${hour}&format=${format} HTTP/1.1\r\nHost: x\r\n\r\n`);
      return socket;
    }),
  );
  await delay(3000);
  const grownMiB = ((await service.residentBytes()) - before) / 2 ** 20;
  t.comment(`${grownMiB.toFixed(0)} MiB more with four clients that do not read`);
  t.ok(grownMiB < 64, 'of the 100 MiB that they asked for');
  for (const socket of sockets) socket.destroy();
});
