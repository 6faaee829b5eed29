import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import { Load } from '../load/load.js';
import { inPairs, measure, type Pace } from '../measure.js';
import { hasMosquitto, MosquittoProcess } from '../servers/mosquitto.js';
import { brokerConnections } from '../../src/transports/mqtt/broker.js';
import { describePair } from '../report.js';
import { ratioLine, timeLine, type Line, type Run } from '../result.js';
import { ServerProcess } from '../server-process.js';
import { firstTimeMs, readingText } from '../shape.js';
import { ourProcess } from '../subject.js';
import type { Case, CaseContext } from './case.js';

export const mqttLoad = { connections: 8, batch: 1, window: 64 } as const;
const { connections, window } = mqttLoad;
const askEveryMs = 50;
/** Messages at the broker beyond which the load holds back. */
const holdAbove = 20_000;
const bareProgram = new URL('../bare/mqtt-subscriber.js', import.meta.url);

/** The one who takes from the broker sets the pace; what counts is what it has taken. */
class SubscriberPace implements Pace {
  readonly #server: ServerProcess;
  #isHeld = false;

  constructor(server: ServerProcess) {
    this.#server = server;
  }

  async warmUp(load: Load, milliseconds: number): Promise<void> {
    await this.#during(load, milliseconds);
  }

  async measured(load: Load, milliseconds: number): Promise<number> {
    const before = await this.#taken();
    await this.#during(load, milliseconds);
    return (await this.#taken()) - before;
  }

  async #during(load: Load, milliseconds: number): Promise<void> {
    const startedAtMs = performance.now();
    while (performance.now() - startedAtMs < milliseconds) {
      await load.during(pause(askEveryMs));
      const isHeld = load.acked - (await load.during(this.#taken())) > holdAbove;
      if (isHeld === this.#isHeld) continue;
      this.#isHeld = isHeld;
      if (isHeld) load.hold();
      else load.go();
    }
    load.go();
  }

  async #taken(): Promise<number> {
    const response = await fetch(new URL('/v1/stats', this.#server.url));
    return ((await response.json()) as { accepted: number }).accepted;
  }
}

async function throughBroker(context: CaseContext): Promise<Line> {
  const { pairs, seconds, scratch, profile, say } = context;
  const name = 'through Mosquitto, 1 reading a message';
  const unit = 'messages/s';
  say(name);

  async function take(program: (directory: string, broker: string) => ServerProcess): Promise<Run> {
    const directory = scratch.next();
    const mosquitto = new MosquittoProcess(path.join(directory, 'mosquitto'));
    const server = program(path.join(directory, 'data'), (await mosquitto.start(), mosquitto.url));
    try {
      await server.start();
      await subscribed(server);
      const load = new Load('mqtt', { ...mqttLoad, url: mosquitto.url });
      return await measure({ server, stop: () => server.stop() }, load, seconds, new SubscriberPace(server));
    } finally {
      await server.stop();
      await mosquitto.stop();
    }
  }

  const measured = await inPairs(
    pairs,
    () =>
      take((directory, broker) => {
        const { environment, ...ours } = ourProcess(directory, profile);
        return new ServerProcess({ ...ours, environment: { ...environment, INLET_MQTT_URL: broker } });
      }),
    () => take((_, broker) => new ServerProcess({ program: bareProgram, programArguments: [broker] })),
    (pair) => say(`  ${describePair(pair, unit)}`),
  );
  return ratioLine(name, unit, [0.5, 0.75], measured);
}

/** Ours subscribes in its own time; the bare one has no such figure, and says that it is ready when it has. */
async function subscribed(server: ServerProcess): Promise<void> {
  for (;;) {
    const text = await (await fetch(new URL('/metrics', server.url))).text();
    const [, count] = /^inlet_mqtt_connections\{way="broker"\} (\d+)$/m.exec(text) ?? [];
    if (!text.includes('inlet_mqtt') || Number(count) === brokerConnections) return;
    await pause(askEveryMs);
  }
}

/** One message at a time on each connection: so what is timed is the answer, and not a queue in front of it. */
async function pubacks(context: CaseContext): Promise<Line> {
  const { pairs, seconds, scratch, profile, say } = context;
  const name = `PUBACK of our own listener, ${connections} connections with one message at a time, p99`;
  say(name);
  const p99s: number[] = [];
  for (let run = 0; run < pairs; run++) {
    const { environment, ...ours } = ourProcess(scratch.next(), profile);
    const server = new ServerProcess({ ...ours, environment: { ...environment, INLET_MQTT_LISTEN: '127.0.0.1:0' } });
    try {
      await server.start();
      const taken = await Promise.all(
        Array.from({ length: connections }, (_, device) => timePubacks(server.mqttUrl, device, seconds)),
      );
      const sorted = taken.flat().sort((a, b) => a - b);
      p99s.push(sorted[Math.floor(sorted.length * 0.99)]! / 1000);
      say(`  p50 ${sorted[Math.floor(sorted.length / 2)]!.toFixed(2)} ms, p99 ${(p99s.at(-1)! * 1000).toFixed(2)} ms`);
    } finally {
      await server.stop();
    }
  }
  return timeLine(name, [0.01, 0.005], p99s);
}

async function timePubacks(url: string, device: number, seconds: number): Promise<number[]> {
  const client = await connectAsync(url, { protocolVersion: 4 });
  const tookMs: number[] = [];
  const endMs = performance.now() + seconds * 1000;
  for (let n = 0; performance.now() < endMs; n++) {
    const text = readingText(device, n, firstTimeMs + n);
    const [topic] = /(?<="device":")[^"]+/.exec(text) ?? [];
    const sentAtMs = performance.now();
    await client.publishAsync(`inlet/v1/readings/${topic}`, text, { qos: 1 });
    tookMs.push(performance.now() - sentAtMs);
  }
  await client.endAsync();
  return tookMs;
}

export const mqtt: Case = {
  name: 'mqtt',
  title: 'Durable ingest by MQTT, QoS 1',
  how: [
    `${connections} connections publish to Mosquitto, with ${window} messages under way on each, and hold back while ` +
      `${holdAbove.toLocaleString('en')} wait at the broker. What counts is what was taken from it.`,
    `Ours takes from it on ${brokerConnections} connections in a shared subscription, acknowledges behind the fsync of the spool, ` +
      `and delivers to DuckDB meanwhile.`,
    'Bare is mqtt.js with one connection and a plain subscription: JSON.parse, and the PUBACK at once.',
    'Both have a Mosquitto of their own with deploy/mosquitto.conf, on the same machine.',
  ],
  async run(context) {
    if (!hasMosquitto()) throw new Error('there is no mosquitto on this machine');
    return [await throughBroker(context), await pubacks(context)];
  },
};
