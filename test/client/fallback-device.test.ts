import t from 'tap';
import { WebSocket } from 'ws';
import { FallbackDevice, type FallbackDeviceOptions } from '../../src/client/index.js';
import { quickBackoff, readings, testDevice, withPeer, Witness } from './device-promises.js';
import { Peer } from './peer.js';

function open(peer: Peer, witness: Witness, options: Partial<FallbackDeviceOptions> = {}): FallbackDevice {
  return new FallbackDevice({
    name: 'boiler-7',
    url: peer.url,
    WebSocket,
    batchDelayMs: 1,
    backoff: quickBackoff,
    ...witness.events,
    ...options,
  });
}

await testDevice('FallbackDevice', open);

await t.test('where no WebSocket gets through, everything goes over HTTP, in its order', async (t) => {
  await withPeer(async (peer) => {
    peer.refusesSockets = true;
    const witness = new Witness();
    const transports: string[] = [];
    const device = open(peer, witness, {
      fallbackAfterFailures: 3,
      maxBufferedReadings: 6,
      onTransport: (transport) => void transports.push(transport),
    });
    device.start();
    for (let from = 0; from < 30; from += 3) await device.send(readings(3, from));
    await device.flush();
    device.stop();
    t.same(transports, ['stream', 'http']);
    t.same(peer.accepted, readings(30));
    t.equal(witness.accepted, 30);
  });
});

await t.test('a service that is away altogether is waited for, on the stream', async (t) => {
  const peer = new Peer();
  await peer.start();
  await peer.stop();
  const transports: string[] = [];
  const device = open(peer, new Witness(), {
    fallbackAfterFailures: 3,
    onTransport: (transport) => void transports.push(transport),
  });
  device.start();
  await device.send(readings(3));
  await new Promise((resolve) => setTimeout(resolve, 150));
  await peer.start();
  await device.flush();
  device.stop();
  t.same(transports, ['stream']);
  t.equal(peer.stored.size, 3);
  await peer.stop();
});

await t.test('the share of devices that stream is as asked for, and a larger one only adds to it', async (t) => {
  const streams = (share: number): Set<string> => {
    const names = new Set<string>();
    for (let n = 0; n < 2000; n++) {
      const name = `meter-${n}`;
      const onTransport = (transport: string): void => void (transport === 'stream' && names.add(name));
      const device = new FallbackDevice({
        url: 'http://127.0.0.1:9',
        WebSocket,
        name,
        streamShare: share,
        onTransport,
      });
      device.start();
      device.stop();
    }
    return names;
  };
  const [none, tenth, half, all] = [streams(0), streams(0.1), streams(0.5), streams(1)];
  t.equal(none.size, 0);
  t.ok(tenth.size > 150 && tenth.size < 250, `${tenth.size}`);
  t.ok(half.size > 900 && half.size < 1100, `${half.size}`);
  t.equal(all.size, 2000);
  t.ok([...tenth].every((name) => half.has(name)));
});
