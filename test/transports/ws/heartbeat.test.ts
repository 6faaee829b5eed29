import { mock } from 'node:test';
import type { Socket } from 'node:net';
import t from 'tap';
import type { WebSocket } from 'ws';
import { Heartbeat, pingIntervalMs, type Beating } from '../../../src/transports/ws/heartbeat.js';

/** What the heartbeat sees of a connection. */
class Peer {
  readonly OPEN = 1;
  readyState = 1;
  isPaused = false;
  bufferedAmount = 0;
  bytesRead = 100;
  bytesWritten = 100;
  pings = 0;
  closed: number | undefined;
  answers = true;
  beating: Beating | undefined;

  ping(): void {
    this.pings++;
    if (this.answers) this.bytesRead += 6;
  }

  close(code: number): void {
    this.closed = code;
    this.readyState = 2;
  }

  terminate(): void {
    this.readyState = 3;
    heartbeat.forget(this.beating!);
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
  peer.beating = heartbeat.watch(peer as unknown as WebSocket, peer as unknown as Socket);
  return peer;
}

/** Rounds of the wheel; who is watched has its ping in each of them. */
function rounds(count: number): void {
  mock.timers.tick(count * pingIntervalMs);
}

/** Stops right behind its next ping. */
function untilPinged(peer: Peer): void {
  for (const { pings } = peer; peer.pings === pings;) mock.timers.tick(tickMs);
}

const tickMs = 1_000;
const secondLookMs = 5_000;

await t.test('one that answers stays; one that does not is closed with 4408, and forgotten', async (t) => {
  const alive = watched();
  const dead = watched({ answers: false });
  untilPinged(dead);
  mock.timers.tick(pingIntervalMs);
  t.equal(dead.closed, undefined, 'it is looked at once more');
  mock.timers.tick(secondLookMs - tickMs);
  t.equal(dead.closed, undefined);
  mock.timers.tick(tickMs);
  t.equal(dead.closed, 4408);
  t.equal(dead.readyState, 3, 'and does not hang on');
  const { pings } = alive;
  rounds(5);
  t.equal(alive.closed, undefined);
  t.equal(alive.pings, pings + 5);
  t.equal(dead.pings, 1);
  t.equal(heartbeat.size, 1);
  alive.terminate();
});

await t.test('one that sends is alive, whether it answers pings or not', async (t) => {
  const busy = watched({ answers: false });
  for (let round = 0; round < 5; round++) {
    busy.bytesRead += 1;
    rounds(1);
  }
  t.equal(busy.closed, undefined);
  busy.terminate();
});

await t.test(
  'there is no deadline while its pong may wait behind what is not read, or its ping behind what is not taken',
  async (t) => {
    const paused = watched({ answers: false, isPaused: true });
    const stuck = watched({ answers: false, bufferedAmount: 1 });
    rounds(4);
    t.equal(paused.closed, undefined);
    t.equal(stuck.closed, undefined);
    paused.isPaused = false;
    untilPinged(paused);
    mock.timers.tick(pingIntervalMs);
    t.equal(paused.closed, undefined, 'it gets a whole interval then');
    mock.timers.tick(secondLookMs);
    t.equal(paused.closed, 4408);
    stuck.terminate();
  },
);

await t.test('one that was not read until a moment before its deadline is not taken for silent', async (t) => {
  const late = watched({ answers: false });
  untilPinged(late);
  rounds(1);
  late.bytesRead += 6;
  mock.timers.tick(secondLookMs);
  rounds(1);
  t.equal(late.closed, undefined);
  late.terminate();
});

await t.test('one that takes nothing for a quarter of an hour is cut; one that takes a little is not', async (t) => {
  const slow = watched({ bufferedAmount: 1000, bytesWritten: 1100 });
  const hung = watched({ bufferedAmount: 1000, bytesWritten: 1100 });
  for (let ms = 0; ms <= 16 * 60_000; ms += pingIntervalMs) {
    slow.bytesWritten += 10;
    rounds(1);
  }
  t.equal(hung.readyState, 3);
  t.equal(hung.closed, undefined, 'a close frame would not be taken either');
  t.equal(slow.readyState, 1);
  slow.terminate();
});

await t.test('pings are spread over the interval', async (t) => {
  const peers = Array.from({ length: 100 }, () => watched());
  mock.timers.tick(pingIntervalMs / 5);
  const pinged = peers.filter(({ pings }) => pings > 0).length;
  t.ok(pinged > 10 && pinged < 30, `${pinged} of 100 in a fifth of it`);
  for (const peer of peers) peer.terminate();
});
