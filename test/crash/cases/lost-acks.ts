import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { Influxd, influxdIsMissing } from '../../servers/influxd.js';
import type { FaultCase } from '../fault-case.js';
import { JudgedService } from '../judged-service.js';
import type { ProofBatch } from '../oracle.js';
import { Random } from '../random.js';
import type { Tally } from '../tally.js';

const batchesOfLife = 40;
const framesOfConnection = 5;
const longestWaitMs = 8;

export const lostAcks: FaultCase = {
  name: 'lost-acks',
  fault: 'lost acks',
  how:
    'clients over HTTP and over streams that drop the connection before they have read an acknowledgement, and then send ' +
    'everything again, twice; over DuckDB and over InfluxDB',
  unit: 'dropped connections',
  share: 1,
  async run({ until, seed, say }, tally) {
    const influxd = influxdIsMissing('Lost acks over InfluxDB') ? undefined : await new Influxd().start();
    let again = 0;
    try {
      for (let number = 0; number < 2 || Date.now() < until; number++) {
        const overInflux = {
          INLET_STORE: 'influxdb',
          INLET_INFLUX_URL: influxd?.url ?? '',
          INLET_INFLUX_DATABASE: `acks${number}`,
        };
        again += await oneLife(tally, seed + number, influxd && number % 2 === 1 ? overInflux : {});
        say(`${tally.tries} dropped connections`);
      }
    } finally {
      await influxd?.stop();
    }
    return [`${again} readings were accepted again, and stored once.`];
  },
};

/** @returns how many readings were accepted more than once */
async function oneLife(tally: Tally, seed: number, store: Record<string, string>): Promise<number> {
  const service = new JudgedService(tally, seed, store);
  const { inlet, oracle } = service;
  const random = new Random(seed);
  try {
    await inlet.start();
    const sent: ProofBatch[] = [];
    while (sent.length < batchesOfLife) {
      const batches = Array.from({ length: framesOfConnection }, () => oracle.nextBatch());
      sent.push(...batches);
      if (random.below(2) === 0) await dropPost(inlet.url, batches[0]!, random.below(longestWaitMs));
      else await dropStream(inlet.url, batches, random.below(longestWaitMs));
      tally.tries++;
    }
    for (let round = 0; round < 2; round++) {
      for (const batch of sent) {
        const { status } = await inlet.post(batch.readings);
        tally.expect(status === 202, `sent again, it was answered ${status}`);
        oracle.acked(batch);
      }
    }
    const { accepted } = await inlet.stats();
    const distinct = oracle.ackedReadings;
    // Each was acknowledged twice; what is beyond that came with connections that were dropped.
    tally.expect(accepted > 2 * distinct, `${accepted} accepted: no acknowledgement was lost`);
    await service.judge();
    return accepted - distinct;
  } finally {
    await inlet.end();
  }
}

/** The whole request is given to the system, and the answer is not waited for. */
async function dropPost(url: string, { readings }: ProofBatch, waitMs: number): Promise<void> {
  const body = JSON.stringify(readings);
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => socket.destroy());
  const head = ['POST /v1/readings HTTP/1.1', 'host: inlet', 'content-type: application/json'];
  const text = [...head, `content-length: ${Buffer.byteLength(body)}`, '', body].join('\r\n');
  await new Promise((resolve) => socket.write(text, resolve));
  await pause(waitMs);
  socket.destroy();
}

async function dropStream(url: string, batches: ProofBatch[], waitMs: number): Promise<void> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/stream`);
  socket.on('error', () => socket.terminate());
  await once(socket, 'open');
  for (const [index, { readings }] of batches.entries()) socket.send(JSON.stringify({ seq: index + 1, readings }));
  await pause(waitMs);
  socket.terminate();
}
