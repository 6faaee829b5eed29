import { once } from 'node:events';
import t from 'tap';
import { WebSocket } from 'ws';
import { restartNotice } from '../../../src/transports/ws/restart-notice.js';
import { startInlet } from '../../servers/inlet.js';

const form = /^restart; retry-after-ms=(\d+)$/;

await t.test('the more are sent away, the longer the time over which they come back', (t) => {
  const delay = (open: number, random: number) => Number(form.exec(restartNotice(open, random))?.[1]);
  t.equal(delay(1, 0.99), 0, 'one alone need not wait');
  t.equal(delay(10_000, 0), 0);
  t.equal(delay(10_000, 0.5), 5_000);
  t.equal(delay(10_000_000, 0.999999), 29_999, 'and never longer than this');
  t.ok(Buffer.byteLength(restartNotice(10_000_000)) <= 123, 'it fits a close frame (RFC 6455 §5.5)');
  t.end();
});

await t.test(
  'at a restart every socket is closed with 1012 and a delay of its own, also one that is stuck',
  async (t) => {
    const service = await startInlet(t);
    const count = 200;
    const open = async (n: number) => {
      const socket = new WebSocket(`${service.url.replace('http', 'ws')}/v1/${n % 2 === 0 ? 'stream' : 'live'}`);
      await once(socket, 'open');
      return { socket, closed: once(socket, 'close') as Promise<[number, Buffer]> };
    };
    const sockets = await Promise.all(Array.from({ length: count }, (_, n) => open(n)));
    const stuck = await open(0);
    stuck.socket.pause();
    const { code } = await service.stop();
    t.equal(code, 0, 'one that answers nothing holds nobody up');
    const closes = await Promise.all(sockets.map(async ({ closed }) => closed));
    t.same([...new Set(closes.map(([code]) => code))], [1012]);
    const delays = closes.map(([, reason]) => Number(form.exec(reason.toString())?.[1]));
    t.ok(delays.every((ms) => ms >= 0 && ms < count + 1));
    t.ok(new Set(delays).size > count / 4, 'they differ', { delays });
    stuck.socket.terminate();
  },
);
