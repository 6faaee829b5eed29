import { EventEmitter } from 'node:events';
import { mock } from 'node:test';
import t from 'tap';
import type { WebSocket } from 'ws';
import { Heartbeat, pingIntervalMs } from '../../../src/transports/ws/heartbeat.js';

/** What the heartbeat sees of a connection. */
class Peer extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  isPaused = false;
  bufferedAmount = 0;
  pings = 0;
  closed: number | undefined;
  answers = true;

  ping(): void {
    this.pings++;
    if (this.answers) this.emit('pong');
  }

  close(code: number): void {
    this.closed = code;
    this.readyState = 2;
  }

  terminate(): void {
    this.readyState = 3;
    this.emit('close');
  }
}

mock.timers.enable({ apis: ['setInterval'] });
const heartbeat = new Heartbeat();
heartbeat.start();
t.teardown(() => {
  heartbeat.stop();
  mock.timers.reset();
});

function watched(change: Partial<Peer> = {}): Peer {
  const peer = Object.assign(new Peer(), change);
  heartbeat.watch(peer as unknown as WebSocket);
  return peer;
}

await t.test('one that answers stays, one that does not is closed with 4408 by the second ping', async (t) => {
  const alive = watched();
  const dead = watched({ answers: false });
  mock.timers.tick(pingIntervalMs);
  t.equal(dead.pings, 1);
  t.equal(dead.closed, undefined, 'it has until the next one');
  mock.timers.tick(pingIntervalMs);
  t.equal(dead.closed, 4408);
  t.equal(dead.readyState, 3, 'and does not hang on');
  mock.timers.tick(5 * pingIntervalMs);
  t.equal(alive.closed, undefined);
  t.equal(alive.pings, 7);
  t.equal(dead.pings, 1, 'what is closed is forgotten');
});

await t.test(
  'there is no deadline while its pong may wait behind what is not read, or its ping behind what is not taken',
  async (t) => {
    const paused = watched({ answers: false, isPaused: true });
    const stuck = watched({ answers: false, bufferedAmount: 1 });
    mock.timers.tick(4 * pingIntervalMs);
    t.equal(paused.closed, undefined);
    t.equal(stuck.closed, undefined);
    paused.isPaused = false;
    mock.timers.tick(pingIntervalMs);
    t.equal(paused.closed, undefined, 'it gets a whole interval then');
    mock.timers.tick(pingIntervalMs);
    t.equal(paused.closed, 4408);
  },
);
