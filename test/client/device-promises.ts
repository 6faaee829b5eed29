/** What both devices promise, against a peer that does its worst. Each device runs the same cases. */
import t from 'tap';
import type { AnsweredBatch, Device, DeviceEvents, OutgoingReading, Refused, Retry } from '../../src/client/index.js';
import { Peer, type Fault } from './peer.js';

/** Everything a device told, in order. */
export class Witness {
  readonly answers: AnsweredBatch[] = [];
  readonly refusals: { readings: readonly OutgoingReading[]; refused: Refused }[] = [];
  readonly retries: Retry[] = [];
  readonly events: DeviceEvents = {
    onReceipt: (answered) => void this.answers.push(answered),
    onRefused: (readings, refused) => void this.refusals.push({ readings, refused }),
    onRetry: (retry) => void this.retries.push(retry),
  };

  get accepted(): number {
    return this.answers.reduce((sum, answer) => sum + answer.accepted, 0);
  }
}

export const quickBackoff = { firstMs: 2, maxMs: 10 };

export function readings(count: number, from = 0): OutgoingReading[] {
  return Array.from({ length: count }, (_, n) => ({
    device: 'boiler-7',
    type: 'machine',
    ts: 1_700_000_000_000 + from + n,
    fields: { temperature: from + n },
  }));
}

export async function withPeer(run: (peer: Peer) => Promise<void>): Promise<void> {
  const peer = new Peer();
  await peer.start();
  try {
    await run(peer);
  } finally {
    await peer.stop();
  }
}

type Open = (peer: Peer, witness: Witness, options?: { maxBufferedReadings?: number }) => Device;

/** Sends 60 readings in batches of 3. */
async function sendAll(device: Device): Promise<void> {
  device.start();
  for (let from = 0; from < 60; from += 3) await device.send(readings(3, from));
  await device.flush();
  device.stop();
}

export async function testDevice(name: string, open: Open): Promise<void> {
  await t.test(
    `${name}: everything is answered once, and stored once, whatever breaks at whichever batch`,
    async (t) => {
      const faults: Fault[] = [{ cut: 'before' }, { cut: 'after' }];
      for (const fault of faults) {
        for (let at = 1; at <= 12; at++) {
          await withPeer(async (peer) => {
            peer.faultAt = (n) => (n === at || n === at + 2 ? fault : undefined);
            const witness = new Witness();
            await sendAll(open(peer, witness));
            const what = `${JSON.stringify(fault)} at ${at} and ${at + 2}`;
            t.equal(peer.stored.size, 60, `${what}: all stored`);
            t.equal(witness.accepted, 60, `${what}: all answered, none twice`);
          });
        }
      }
    },
  );

  await t.test(
    `${name}: where two readings have one identity, the one handed over last wins, lost answers or not`,
    async (t) => {
      await withPeer(async (peer) => {
        peer.faultAt = (n) => (n % 3 === 2 && n < 20 ? { cut: 'after' } : undefined);
        const device = open(peer, new Witness());
        device.start();
        for (let value = 0; value < 30; value++) {
          await device.send([{ device: 'boiler-7', ts: 1_700_000_000_000, fields: { temperature: value } }]);
        }
        await device.flush();
        device.stop();
        t.same([...peer.stored.values()][0]?.fields, { temperature: 29 });
      });
    },
  );

  await t.test(`${name}: a reading without a time gets one before the first attempt, and keeps it`, async (t) => {
    await withPeer(async (peer) => {
      peer.faultAt = (n) => (n === 1 ? { cut: 'after' } : undefined);
      const device = open(peer, new Witness());
      device.start();
      await device.send([
        { device: 'boiler-7', fields: { temperature: 1 } },
        { device: 'boiler-7', fields: { temperature: 2 } },
      ]);
      await device.flush();
      device.stop();
      t.equal(peer.accepted.length, 4, 'accepted twice');
      t.equal(peer.stored.size, 2, 'stored once, and two readings of one moment stay two');
    });
  });

  await t.test(`${name}: rejected readings are reported with their place, the others are kept`, async (t) => {
    await withPeer(async (peer) => {
      const witness = new Witness();
      const device = open(peer, witness);
      device.start();
      await device.send([...readings(2), { device: 'boiler-7', ts: 5, fields: { bad: true } }]);
      await device.flush();
      device.stop();
      const [answer] = witness.answers;
      t.match(answer, { accepted: 2, rejected: 1, rejections: [{ index: 2, code: 'schema' }] });
      t.equal(peer.stored.size, 2);
    });
  });

  await t.test(
    `${name}: a caller is held back when the buffer is full, and nothing is lost over a restart`,
    async (t) => {
      const peer = new Peer();
      await peer.start();
      const { url } = peer;
      const witness = new Witness();
      const device = open(peer, witness, { maxBufferedReadings: 6 });
      device.start();
      await device.send(readings(3));
      await device.flush();
      await peer.stop();
      let handedOver = 3;
      const sending = (async () => {
        for (let from = 3; from < 30; from += 3) {
          await device.send(readings(3, from));
          handedOver += 3;
        }
        await device.flush();
      })();
      await new Promise((resolve) => setTimeout(resolve, 60));
      t.equal(handedOver, 9, 'two batches found room');
      t.equal(device.unacked().length, 6);
      await peer.start();
      t.equal(peer.url, url);
      await sending;
      device.stop();
      t.equal(peer.stored.size, 30);
      t.equal(witness.accepted, 30);
      t.ok(witness.retries.length > 0, 'the caller was told');
      await peer.stop();
    },
  );

  await t.test(
    `${name}: who waits for a stopped device is told, and what had no answer can be taken back`,
    async (t) => {
      const peer = new Peer();
      await peer.start();
      await peer.stop();
      const device = open(peer, new Witness(), { maxBufferedReadings: 3 });
      device.start();
      await device.send(readings(3));
      const flushed = t.rejects(device.flush(), { name: 'DeviceFailed', code: 'closed' });
      const sent = t.rejects(device.send(readings(1)), { name: 'DeviceFailed' });
      device.stop();
      await Promise.all([flushed, sent]);
      t.same(device.unacked(), readings(3));
      await t.rejects(device.send(readings(1)), { name: 'DeviceFailed' });
    },
  );
}
