import { setTimeout as pause } from 'node:timers/promises';
import { Influxd, influxdIsMissing } from '../../servers/influxd.js';
import { MoodyProxy, type Mood } from '../../servers/moody-proxy.js';
import type { FaultCase, FaultContext } from '../fault-case.js';
import { JudgedService } from '../judged-service.js';
import { Random } from '../random.js';
import { walkSpool } from '../spool-walk.js';
import type { Tally } from '../tally.js';

const awayMs = 700;
const badLines = 3;
const otherShardMs = 60 * 24 * 3_600_000;
const stored = '?ack=store&timeout=30';
const mebibyte = 1024 * 1024;
/** What the process may grow by while some thousand readings wait: far below what they and their batches take. */
const growthBytes = 192 * mebibyte;
const moods: readonly Mood[] = ['429', '503', 'slow', 'silent', 'flapping'];

export const store: FaultCase = {
  name: 'store',
  fault: 'store away, slow, flapping, 429, 503, partial 400',
  how:
    'a real InfluxDB stopped with -9, paused and started again, and behind a proxy that answers its writes with 429 and 503, ' +
    'late, never, or by chance, under load with corrections; lines that InfluxDB itself refuses with a partial 400; the ' +
    'service killed with -9 while the store is away',
  unit: 'outages',
  share: 1.5,
  async run(context, tally) {
    if (influxdIsMissing('A store that is away')) return ['There was NO influxd here: nothing was tried.'];
    let growth = 0;
    for (let number = 0; number === 0 || Date.now() < context.until; number++) {
      growth = Math.max(growth, await oneLife(context, tally, number));
      context.say(`${tally.tries} outages`);
    }
    return [`Resident memory grew by at most ${Math.round(growth / mebibyte)} MiB.`];
  },
};

/** @returns by how much the process grew while the store was away */
async function oneLife({ seed }: FaultContext, tally: Tally, number: number): Promise<number> {
  const influxd = await new Influxd().start();
  const random = new Random(seed + number);
  const proxy = await new MoodyProxy(influxd.url, () => random.next()).start();
  const settings = { INLET_STORE: 'influxdb', INLET_INFLUX_URL: proxy.url };
  const service = new JudgedService(tally, seed + number, settings);
  const { inlet, load } = service;
  try {
    await inlet.start();
    load.begin(inlet.url);
    await service.untilAcked();
    const before = await inlet.residentBytes();
    await influxd.kill();
    await untilBehind(service);
    await influxd.restart();
    await untilTaken(service);
    await influxd.pause();
    await untilBehind(service);
    influxd.resume();
    await untilTaken(service);
    for (const mood of moods) {
      proxy.mood = mood;
      await pause(awayMs);
      await service.untilAcked();
      proxy.mood = 'willing';
      await untilTaken(service);
    }
    const growth = (await inlet.residentBytes()) - before;
    tally.expect(growth < growthBytes, `resident memory grew by ${growth} bytes`);
    await killedWhileAway(service, influxd);
    const quarantined = await refusedLines(service, influxd);
    await load.end();
    await service.judge({ quarantined });
    tally.tries += moods.length + 4;
    return growth;
  } finally {
    await load.end();
    await inlet.end();
    await proxy.stop();
    await influxd.stop();
  }
}

async function untilBehind(service: JudgedService): Promise<void> {
  await pause(awayMs);
  await service.untilAcked();
  await service.waitUntil('readings wait for the store', async () => (await service.inlet.stats()).pending > 0);
  service.tally.expect(await service.isReady(), 'it is not ready while the store is away');
}

/** The store has all that was accepted until now. */
async function untilTaken({ inlet, tally }: JudgedService): Promise<void> {
  const { accepted } = await inlet.stats();
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await pause(50)) {
    const { stored, quarantined } = await inlet.stats();
    if (stored + quarantined >= accepted) return;
  }
  tally.expect(false, 'the store is back, and the backlog does not go');
}

/** With nothing under way, what is pending can be counted on the disk. */
async function killedWhileAway(service: JudgedService, influxd: Influxd): Promise<void> {
  const { inlet, load, tally } = service;
  await influxd.kill();
  await untilBehind(service);
  await service.killAndStart();
  const stats = await inlet.stats();
  const walk = await walkSpool(inlet.dataDirectory);
  tally.expectConservation(stats);
  tally.expect(stats.pending > 0 && walk.pending === stats.pending, `${stats.pending} pending, ${walk.pending} walked`);
  await influxd.restart();
  load.begin(inlet.url);
  await service.untilAcked();
}

/** InfluxDB has a field of another kind than the service knows of: it takes the good lines of a batch and refuses the others. */
async function refusedLines({ inlet, tally }: JudgedService, influxd: Influxd): Promise<number> {
  const ts = Date.now();
  // InfluxDB locks a kind for each of its shards: here it is a float in one of another month, and a string in this one's.
  const older = await inlet.post({ device: 'x', type: 'clash', ts: ts - otherShardMs, fields: { value: 1.5 } }, stored);
  tally.expect(older.status === 200, `the first of them was answered ${older.status}`);
  await influxd.write(`clash,device=x value="text" ${ts}000000`, 'telemetry');
  const readings = Array.from({ length: badLines * 2 }, (_, k) => ({
    device: 'x',
    type: k % 2 === 0 ? 'clash' : 'fine',
    ts: ts + k,
    fields: { value: k },
  }));
  const answer = await inlet.post(readings, stored);
  tally.expect(answer.status === 202 || answer.status === 200, `lines that clash were answered ${answer.status}`);
  const { entries } = await inlet.getJson<{ entries: { reason: string; reading: { type: string } }[] }>(
    '/v1/quarantine',
  );
  const isRight = entries.every(({ reading, reason }) => reading.type === 'clash' && reason.includes('conflict'));
  tally.expect(entries.length === badLines && isRight, `in quarantine: ${JSON.stringify(entries)}`);
  return badLines;
}
