import t from 'tap';
import { HttpDevice } from '../../src/client/index.js';
import { retryAfterMs } from '../../src/client/post-readings.js';
import { quickBackoff, readings, testDevice, withPeer, Witness } from './device-promises.js';
import type { Fault, Peer } from './peer.js';

function open(
  peer: Peer,
  witness: Witness,
  options: Partial<ConstructorParameters<typeof HttpDevice>[0]> = {},
): HttpDevice {
  return new HttpDevice({
    url: peer.url,
    batchReadings: 3,
    batchDelayMs: 1,
    backoff: quickBackoff,
    ...witness.events,
    ...options,
  });
}

await testDevice('HttpDevice', open);

await t.test('a busy server is asked again, not before the time it named', async (t) => {
  const busy: Fault[] = [
    { status: 503, headers: { 'retry-after': '1' }, body: { code: 'spool_full', detail: 'no room' } },
    { status: 429 },
    { status: 502 },
  ];
  await withPeer(async (peer) => {
    peer.faultAt = (n) => busy[n - 1];
    const witness = new Witness();
    const device = open(peer, witness);
    const startedAtMs = performance.now();
    device.start();
    await device.send(readings(3));
    await device.flush();
    device.stop();
    t.ok(performance.now() - startedAtMs >= 1000);
    t.match(witness.retries, [{ code: 'spool_full', message: 'no room', readings: 3 }, { code: 'http_429' }, {}]);
    t.equal(peer.stored.size, 3);
  });
});

await t.test('a batch that is too large is halved until it fits', async (t) => {
  await withPeer(async (peer) => {
    const witness = new Witness();
    const device = open(peer, witness, { batchReadings: 16 });
    peer.faultAt = (n) => (n <= 3 ? { status: 413 } : undefined);
    device.start();
    await device.send(readings(16));
    await device.flush();
    device.stop();
    t.equal(peer.stored.size, 16);
    t.equal(witness.answers[0]?.readings.length, 2);
  });
});

await t.test('a batch refused for good is given up and reported, and the next one goes', async (t) => {
  await withPeer(async (peer) => {
    const witness = new Witness();
    const device = open(peer, witness);
    peer.faultAt = (n) => (n === 1 ? { status: 400, body: { code: 'malformed', detail: 'no' } } : undefined);
    device.start();
    await device.send(readings(6));
    await device.flush();
    device.stop();
    t.match(witness.refusals, [{ refused: { code: 'malformed', message: 'no' } }]);
    t.equal(peer.stored.size, 3);
  });
});

await t.test('wrong credentials end the device and keep its readings; renewed ones go on', async (t) => {
  await withPeer(async (peer) => {
    peer.faultAt = (n) => (n === 1 ? { status: 401, body: { code: 'unauthorized', detail: 'who?' } } : undefined);
    const fixed = open(peer, new Witness(), { token: 'old' });
    fixed.start();
    await fixed.send(readings(3));
    await t.rejects(fixed.flush(), { name: 'DeviceFailed', code: 'unauthorized' });
    t.equal(fixed.unacked().length, 3);

    peer.faultAt = (n) => (n === 2 ? { status: 401 } : undefined);
    let asked = 0;
    const renewed = open(peer, new Witness(), { token: () => `token-${++asked}` });
    renewed.start();
    await renewed.send(readings(3));
    await renewed.flush();
    renewed.stop();
    t.equal(asked, 2);
    t.equal(peer.stored.size, 3);
  });
});

await t.test('compressed batches arrive as they were', async (t) => {
  await withPeer(async (peer) => {
    const device = open(peer, new Witness(), { gzip: true });
    device.start();
    await device.send(readings(3));
    await device.flush();
    device.stop();
    t.same(peer.accepted, readings(3));
  });
});

await t.test('an answer without a receipt is no acknowledgement', async (t) => {
  await withPeer(async (peer) => {
    peer.faultAt = (n) => (n === 1 ? { status: 200, body: { hello: 'from a proxy' } } : undefined);
    const witness = new Witness();
    const device = open(peer, witness);
    device.start();
    await device.send(readings(3));
    await device.flush();
    device.stop();
    t.equal(peer.stored.size, 3);
    t.equal(witness.retries.length, 1);
  });
});

await t.test('Retry-After is seconds or a date', (t) => {
  t.equal(retryAfterMs('2'), 2000);
  t.equal(retryAfterMs(null), 0);
  t.equal(retryAfterMs('soon'), 0);
  const inAMinute = retryAfterMs(new Date(Date.now() + 60_000).toUTCString());
  t.ok(inAMinute > 57_000 && inAMinute <= 60_000);
  t.end();
});
