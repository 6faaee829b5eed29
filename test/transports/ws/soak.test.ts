import { once } from 'node:events';
import t from 'tap';
import { WebSocket } from 'ws';
import { Service } from '../../../src/app/service.js';
import { readSettings } from '../../../src/config/settings.js';
import { holding, soak } from './soak.js';

const connections = 1_000;
/** Less than a listener, or an entry of a map with what it holds; more than the heap varies by. */
const leftBytes = 100;

const service = new Service(readSettings({ INLET_PORT: '0', INLET_DATA_DIR: t.testdir(), INLET_LOG_LEVEL: 'silent' }));
await service.start();
t.teardown(() => service.stop());

await t.test('however connections end, nothing of them is left', async (t) => {
  // Code is compiled and caches are filled by then.
  t.same(await soak(service.url, connections), []);
  let before = await holding(service.url);
  let left = Infinity;
  // What is left behind is left in every round; what the heap varies by is not.
  for (let round = 0; round < 3 && left > leftBytes; round++) {
    t.same(await soak(service.url, connections), [], 'each ends with its code');
    const after = await holding(service.url);
    t.match(after, { streams: 0, subscriptions: 0, objects: before.objects, handles: before.handles });
    left = (after.heapBytes - before.heapBytes) / connections;
    before = after;
  }
  t.ok(left <= leftBytes, `${left.toFixed(1)} bytes of the heap a connection`);
});

await t.test('an open connection holds nothing of the request that it began as', async (t) => {
  const { objects } = await holding(service.url);
  const sockets = Array.from({ length: 20 }, (_, n) => {
    return new WebSocket(`${service.url.replace('http', 'ws')}${n % 2 === 0 ? '/v1/stream' : '/v1/live'}`);
  });
  await Promise.all(sockets.map(async (socket) => once(socket, 'open')));
  const { objects: opened } = await holding(service.url);
  for (const socket of sockets) socket.terminate();
  t.equal(opened['WebSocket'], objects['WebSocket']! + 2 * sockets.length, 'both ends are in this process');
  // The client's end keeps its own.
  t.equal(opened['IncomingMessage'], objects['IncomingMessage']);
});
