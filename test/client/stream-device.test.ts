import t from 'tap';
import { WebSocket } from 'ws';
import { StreamDevice } from '../../src/client/index.js';
import { quickBackoff, readings, testDevice, withPeer, Witness } from './device-promises.js';
import type { Fault, Peer } from './peer.js';

function open(
  peer: Peer,
  witness: Witness,
  options: Partial<ConstructorParameters<typeof StreamDevice>[0]> = {},
): StreamDevice {
  return new StreamDevice({ url: peer.url, WebSocket, backoff: quickBackoff, ...witness.events, ...options });
}

/** Sends 20 frames of 3 readings. */
async function sendFrames(device: StreamDevice): Promise<void> {
  device.start();
  for (let from = 0; from < 60; from += 3) await device.send(readings(3, from));
  await device.flush();
  device.stop();
}

await testDevice('StreamDevice', open);

await t.test('never more frames without an answer than the server said', async (t) => {
  await withPeer(async (peer) => {
    peer.ackDelayMs = 10;
    await sendFrames(open(peer, new Witness()));
    t.equal(peer.mostInFlight, 8);
    t.equal(peer.stored.size, 60);
  });
});

await t.test('error frames that pass: the frame goes again, after the time the server named', async (t) => {
  for (const code of ['spool_full', 'spool_failed', 'rate_limited', 'stopping']) {
    await withPeer(async (peer) => {
      peer.faultAt = (n) => (n === 5 ? { error: code, retryAfterMs: 100 } : undefined);
      const witness = new Witness();
      const startedAtMs = performance.now();
      await sendFrames(open(peer, witness));
      t.ok(performance.now() - startedAtMs >= 100, code);
      t.equal(peer.connections, 1, 'on the same connection');
      t.equal(peer.stored.size, 60);
      t.equal(witness.accepted, 60);
      t.match(witness.retries, [{ code }]);
    });
  }
});

await t.test('a frame that goes again overtakes nothing: the reading handed over last wins', async (t) => {
  const refused: ((n: number) => Fault | undefined)[] = [
    (n) => (n >= 27 && n <= 30 ? { error: 'spool_full' } : undefined),
    (n) => (n === 28 ? { error: 'rate_limited' } : undefined),
    (n) => (n % 5 === 0 && n < 60 ? { error: 'spool_failed' } : undefined),
    (n) => (n === 28 ? { error: 'spool_full' } : n === 30 ? { cut: 'after' } : undefined),
    (n) => (n === 28 ? { error: 'too_many_readings' } : undefined),
  ];
  for (const [at, faultAt] of refused.entries()) {
    await withPeer(async (peer) => {
      peer.faultAt = faultAt;
      const witness = new Witness();
      const device = open(peer, witness);
      device.start();
      for (let value = 0; value < 60; value += 2) {
        await device.send([
          { device: 'boiler-7', ts: 1, fields: { temperature: value } },
          { device: 'boiler-7', ts: 1, fields: { temperature: value + 1 } },
        ]);
      }
      await device.flush();
      device.stop();
      t.same([...peer.stored.values()][0]?.fields, { temperature: 59 }, `case ${at}`);
      t.equal(witness.accepted, 60, 'each answered once');
      t.ok(peer.mostInFlight <= 8);
    });
  }
});

await t.test('error frames that do not pass: the frame is given up and reported', async (t) => {
  await withPeer(async (peer) => {
    peer.faultAt = (n) => (n === 5 ? { error: 'malformed' } : undefined);
    const witness = new Witness();
    await sendFrames(open(peer, witness));
    t.match(witness.refusals, [{ readings: readings(3, 12), refused: { code: 'malformed' } }]);
    t.equal(peer.stored.size, 57);
  });
});

await t.test('a batch with too many readings, or larger than a frame may be, is halved', async (t) => {
  await withPeer(async (peer) => {
    peer.faultAt = (n) => (n === 1 ? { error: 'too_many_readings' } : undefined);
    peer.maxFrameBytes = 800;
    const witness = new Witness();
    const device = open(peer, witness);
    device.start();
    await device.send(readings(32));
    await device.flush();
    device.stop();
    t.equal(peer.stored.size, 32);
    t.equal(witness.accepted, 32);
    t.ok(peer.attempts > 5);
  });
});

await t.test('one reading larger than a frame may be is refused here, and does not block the others', async (t) => {
  await withPeer(async (peer) => {
    peer.maxFrameBytes = 200;
    const witness = new Witness();
    const device = open(peer, witness);
    device.start();
    await device.send([{ device: 'boiler-7', ts: 1, fields: { note: 'ä'.repeat(100) } }, ...readings(1)]);
    await device.flush();
    device.stop();
    t.match(witness.refusals, [{ refused: { code: 'too_large' } }]);
    t.equal(peer.stored.size, 1);
  });
});

await t.test('the device comes back after the close codes that allow it', async (t) => {
  for (const code of [1001, 1012, 4408, 4413, 4429]) {
    await withPeer(async (peer) => {
      peer.faultAt = (n) => (n === 3 ? { close: code } : undefined);
      await sendFrames(open(peer, new Witness()));
      t.equal(peer.connections, 2, `${code}`);
      t.equal(peer.stored.size, 60);
    });
  }
});

await t.test('the device stays away after the others, and keeps its readings', async (t) => {
  for (const code of [1000, 1003, 1007, 1009, 4400, 4401, 4403]) {
    await withPeer(async (peer) => {
      peer.faultAt = (n) => (n === 3 ? { close: code } : undefined);
      const device = open(peer, new Witness());
      await t.rejects(sendFrames(device), { name: 'DeviceFailed' }, `${code}`);
      t.equal(peer.connections, 1);
      t.ok(device.unacked().length > 0);
    });
  }
});

await t.test('new credentials are asked for after 4401', async (t) => {
  await withPeer(async (peer) => {
    peer.faultAt = (n) => (n === 3 ? { close: 4401 } : undefined);
    let asked = 0;
    await sendFrames(open(peer, new Witness(), { token: () => `token-${++asked}` }));
    t.equal(asked, 2);
    t.equal(peer.stored.size, 60);
  });
});

await t.test('a server that answers nothing, or nonsense, is left and found again', async (t) => {
  const nonsense: Fault[] = [
    { say: { type: 'ack', seq: 3, accepted: 1000, rejected: 0 } },
    { say: { type: 'ack', seq: 0, accepted: 0, rejected: 0 } },
    { say: { type: 'error', seq: 99, code: 'spool_full' } },
    { say: { type: 'hello' } },
    { say: 'just text' },
    { say: { type: 'ack', seq: null } },
  ];
  for (const fault of nonsense) {
    await withPeer(async (peer) => {
      peer.faultAt = (n) => (n === 3 ? fault : undefined);
      const witness = new Witness();
      await sendFrames(open(peer, witness, { ackTimeoutMs: 500 }));
      t.equal(peer.stored.size, 60, JSON.stringify(fault));
      t.equal(witness.accepted, 60);
      t.equal(peer.connections, 2);
    });
  }
});
