import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { MosquittoProcess } from '../../../bench/servers/mosquitto.js';
import { InletProcess } from '../../servers/inlet.js';
import { mosquittoIsMissing } from '../../servers/mosquitto.js';
import { compare, readingsOf, startSimulator, type Fleet } from '../../simulators/recorded-run.js';
import type { FaultCase } from '../fault-case.js';
import type { Tally } from '../tally.js';

/** More than Inlet takes by MQTT with a message for each reading, so that something is on its way at any time. */
const fleet = { devices: 20, rateHz: 500 };
const shortestSeconds = 5;
const killsOfListener = 5;
/** How long the one that was taken away is away. */
const awayMs = 500;

/** What is done to a run, one after the other, spread over its time. */
type Fault = () => Promise<void>;

export const mqtt: FaultCase = {
  name: 'mqtt',
  fault: 'MQTT devices, and the broker or Inlet gone',
  how:
    'simulated devices that publish at full rate with QoS 1: through Mosquitto with the recommended settings, which is stopped ' +
    'and started twice, while Inlet is killed with -9 twice; and to Inlet’s own listener, killed with -9 five times',
  unit: 'kills and stops',
  share: 2,
  async run({ until, say }, tally) {
    const isBrokerMissing = mosquittoIsMissing('Faults behind a broker');
    const runs = isBrokerMissing ? 1 : 2;
    const seconds = Math.max(shortestSeconds, Math.round((until - Date.now()) / 1000 / runs));
    const notes: string[] = [];
    const directory = await mkdtemp(path.join(tmpdir(), 'inlet-mqtt-faults-'));
    try {
      if (!isBrokerMissing) notes.push(await throughBroker(directory, { ...fleet, seconds }, tally, say));
      notes.push(await atListener(directory, { ...fleet, seconds }, tally, say));
    } finally {
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    }
    return notes;
  },
};

type Say = (text: string) => void;

async function throughBroker(directory: string, fleet: Fleet, tally: Tally, say: Say): Promise<string> {
  const mosquitto = new MosquittoProcess(path.join(directory, 'mosquitto'));
  await mosquitto.start();
  const inlet = new InletProcess({ INLET_MQTT_URL: mosquitto.url });
  try {
    await inlet.start();
    await inlet.takesFromBroker();
    const restart: Fault = async () => {
      await mosquitto.stop();
      await pause(awayMs);
      await mosquitto.start();
    };
    const kill: Fault = () => killAndStart(inlet, tally);
    const faults = [restart, kill, restart, kill];
    return await judged('through Mosquitto', { directory, url: mosquitto.url, inlet, fleet, faults }, tally, say);
  } finally {
    await inlet.end();
    await mosquitto.kill9();
  }
}

async function atListener(directory: string, fleet: Fleet, tally: Tally, say: Say): Promise<string> {
  const inlet = new InletProcess({ INLET_MQTT_LISTEN: '127.0.0.1:0' });
  try {
    await inlet.start();
    const faults = Array.from({ length: killsOfListener }, (): Fault => () => killAndStart(inlet, tally));
    return await judged('on its own listener', { directory, url: inlet.mqttUrl, inlet, fleet, faults }, tally, say);
  } finally {
    await inlet.end();
  }
}

async function killAndStart(inlet: InletProcess, tally: Tally): Promise<void> {
  await inlet.kill9();
  const startedAtMs = performance.now();
  await inlet.start();
  tally.readyAgainMs.push(performance.now() - startedAtMs);
}

interface Run {
  directory: string;
  url: string;
  inlet: InletProcess;
  fleet: Fleet;
  faults: Fault[];
}

async function judged(name: string, { directory, url, inlet, fleet, faults }: Run, tally: Tally, say: Say) {
  const record = path.join(directory, 'acked.ndjson');
  const run = startSimulator(fleet, { url, protocol: 'mqtt', record });
  try {
    let isOver = false;
    const ended = run.ended.finally(() => (isOver = true));
    for (const fault of faults) {
      await Promise.race([pause((fleet.seconds * 1000) / (faults.length + 1)), ended]);
      if (isOver) break;
      await fault();
      tally.tries++;
      say(`${name}: ${tally.tries} kills and stops`);
    }
    const { summary } = await ended;
    tally.expect(/resent +[1-9]/.test(summary), `${name}: nothing was on its way: ${summary}`);
  } finally {
    run.kill();
  }
  const { acked, acknowledged, lost, wrong, doubled, unknown, stats } = await compare(inlet.url, record);
  tally.acked += acked;
  const problems = [...lost.map((one) => `lost: ${one}`), ...wrong.map((one) => `wrong: ${one}`)].slice(0, 5);
  // A slow machine leaves some without an answer at the end of the run; these may be stored or not.
  const unanswered = readingsOf(fleet) - acknowledged;
  tally.add({ lost: lost.length, doubled, wrong: wrong.length + Math.max(0, unknown - unanswered), problems });
  tally.expect(acked > 0 && acked === acknowledged, `${name}: ${acked} were acknowledged, ${acknowledged} distinct`);
  tally.expectConservation(stats);
  const seconds = `${fleet.seconds} s`;
  say(`${name}: ${acked} acknowledged in a run of ${seconds}, ${lost.length} lost, ${doubled} doubled`);
  return `${name[0]!.toUpperCase()}${name.slice(1)}: ${acked} readings acknowledged in a run of ${seconds}, ${stats.accepted} accepted, ${unanswered} without an answer at its end.`;
}
