/** Connections that keep a device online: on a real pipeline, with a clock that goes on when it is told to. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mock } from 'node:test';
import { connectAsync } from 'mqtt';
import { Registry } from 'prom-client';
import t, { type Test } from 'tap';
import { WebSocketServer } from 'ws';
import { MemoryCatalog } from '../../src/catalog/memory-catalog.js';
import { Codecs } from '../../src/codecs/codecs.js';
import { Ingest } from '../../src/pipeline/ingest.js';
import { SegmentedSpool } from '../../src/spool/log.js';
import { Intake } from '../../src/transports/mqtt/intake.js';
import { MqttListener } from '../../src/transports/mqtt/listener.js';
import { MqttMetrics } from '../../src/transports/mqtt/metrics.js';
import { StreamConnection } from '../../src/transports/ws/stream.js';
import { until } from '../servers/until.js';
import { openStream } from './stream-client.js';

mock.timers.enable({ apis: ['setInterval'] });
t.teardown(() => mock.timers.reset());

const mebibyte = 1024 * 1024;

class House {
  #aheadMs = 0;
  readonly clock = { now: () => Date.now() + this.#aheadMs };
  readonly catalog = new MemoryCatalog(this.clock, []);
  readonly spool: SegmentedSpool;
  readonly ingest: Ingest;
  readonly told: string[] = [];

  constructor(directory: string) {
    const { clock, catalog } = this;
    this.spool = new SegmentedSpool({ directory, maxBytes: mebibyte, keepBytes: 0 });
    this.ingest = new Ingest({
      codecs: new Codecs({ clock, lineDeviceTags: [] }),
      catalog,
      spool: this.spool,
      feed: { publish: () => undefined },
      clock,
      limits: { maxBatchReadings: 100, maxInFlightBytes: mebibyte },
    });
  }

  static async open(t: Test): Promise<House> {
    const house = new House(t.testdir());
    await house.spool.start(null);
    house.catalog.presence.onChange = ({ device, state }) => void house.told.push(`${device} ${state}`);
    house.catalog.presence.start(0);
    t.teardown(async () => {
      house.catalog.presence.stop();
      await house.spool.stop();
    });
    return house;
  }

  pass(seconds: number): void {
    for (let second = 0; second < seconds; second++) {
      this.#aheadMs += 1_000;
      mock.timers.tick(1_000);
    }
  }

  streamsOf(device: string): number {
    return [...this.catalog.allDevices()].find(({ name }) => name === device)?.openStreams ?? 0;
  }

  /** Silent for ten minutes with the connection; gone for less than a minute; gone for good. */
  async judge(t: Test, connect: () => Promise<{ send(): Promise<void>; close(): Promise<void> }>): Promise<void> {
    const closed = () => until(async () => this.streamsOf('d1') === 0);
    const first = await connect();
    await first.send();
    t.equal(this.streamsOf('d1'), 1);
    this.pass(600);
    t.same(this.told, ['d1 online'], 'it is online while it is connected');
    await first.close();
    t.ok(await closed());
    this.pass(50);
    const second = await connect();
    await second.send();
    this.pass(600);
    t.same(this.told, ['d1 online'], 'a reconnect makes no noise');
    await second.close();
    t.ok(await closed());
    this.pass(3_600);
    t.same(this.told, ['d1 online', 'd1 offline']);
  }
}

const reading = JSON.stringify({ device: 'd1', fields: { a: 1 } });

await t.test('a stream keeps its device online, also while it is silent', async (t) => {
  const house = await House.open(t);
  const { ingest, catalog: inventory, clock } = house;
  const sockets = new WebSocketServer({ noServer: true });
  const server = createServer().on('upgrade', (request, socket, head) =>
    sockets.handleUpgrade(request, socket, head, (accepted) => {
      new StreamConnection(accepted, {
        ingest,
        inventory,
        clock,
        maxFrameBytes: mebibyte,
        countMessages: () => undefined,
      }).start();
    }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  await house.judge(t, async () => {
    const stream = await openStream(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return {
      async send() {
        stream.send({ ...(JSON.parse(reading) as object), seq: 1 });
        await stream.next();
      },
      close: () => stream.close(),
    };
  });
});

await t.test('a connection to our own MQTT listener keeps the device online that published on it', async (t) => {
  const house = await House.open(t);
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const rooms = { metrics: new MqttMetrics(new Registry()), log, maxPayloadBytes: mebibyte };
  const listener = new MqttListener({
    ...rooms,
    intake: new Intake('listener', { ...rooms, ingest: house.ingest }),
    inventory: house.catalog,
    host: '127.0.0.1',
    port: 0,
    maxConnections: 10,
  });
  const url = await listener.start();
  t.teardown(async () => listener.stop());
  await house.judge(t, async () => {
    const client = await connectAsync(url, { protocolVersion: 4, reconnectPeriod: 0, keepalive: 0 });
    return {
      async send() {
        await client.publishAsync('inlet/v1/readings/d1', reading, { qos: 1 });
      },
      close: () => client.endAsync(),
    };
  });
});
