/** What docs/device-makers.md shows, run as it stands there. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { projectRoot } from '../../src/config/settings.js';
import { postReadings } from '../../src/transports/http/openapi/readings.js';
import { Peer, type Fault } from '../client/peer.js';
import { readSchema } from '../schemas/load.js';
import { startInlet } from '../servers/inlet.js';
import { pythonIsMissing } from '../servers/python.js';
import { until } from '../servers/until.js';
import { commandsOf, programOf, RunningExample } from './examples.js';

const document = 'docs/device-makers.md';
const readings = 100;
const patienceMs = 60_000;

const service = await startInlet(t);

await t.test('its commands are answered as it says', async (t) => {
  const commands = [...commandsOf(document, 'A reading'), ...commandsOf(document, 'By request')];
  t.equal(commands.length, 2);
  for (const { command, answer } of commands) {
    const example = new RunningExample('sh', command, service.url);
    t.equal(await example.ended, 0, command);
    t.same(JSON.parse(example.lines.at(-1)!), answer, command);
  }
});

await t.test('its readings in other formats are taken', async (t) => {
  const rows = [...textOf().matchAll(/^\| `([a-z]+\/[a-z+-]+)` +\| `(.*)` +\|$/gm)];
  t.equal(rows.length, 3);
  for (const [, mediaType, body] of rows) {
    const headers = { 'content-type': mediaType! };
    const response = await fetch(`${service.url}/v1/readings`, { method: 'POST', headers, body: body! });
    t.equal(response.status, 202, mediaType!);
  }
});

interface Device {
  name: string;
  language: string;
  program: string;
  /** At which posts or frames the peer does what. */
  faults: [n: number, fault: Fault][];
  /** What it is to give up for good. */
  givenUp: number;
  /** What has to end it, and what it says then. */
  fatal: Fault;
  lastWords: RegExp;
}

const onStream = {
  faults: [
    [3, { error: 'spool_full', retryAfterMs: 100 }],
    [10, { cut: 'after' }],
    [20, { cut: 'before' }],
    [30, { close: 1012 }],
    [40, { error: 'malformed' }],
  ] as Device['faults'],
  givenUp: 1,
  fatal: { close: 4400 },
  lastWords: /closed for good: 4400/,
};

const byRequest = {
  faults: [
    [1, { cut: 'after' }],
    [3, { status: 503, headers: { 'retry-after': '1' } }],
    [5, { status: 413 }],
    [8, { cut: 'before' }],
  ] as Device['faults'],
  givenUp: 0,
  fatal: { status: 400 },
  lastWords: /400/,
};

const devices: Device[] = [deviceOf('boiler-7', 'js', 'A whole device in JavaScript', onStream)];
if (!pythonIsMissing('The devices in Python')) {
  devices.push(
    deviceOf('boiler-8', 'python', 'The same in Python', onStream),
    deviceOf('boiler-9', 'python', 'A whole device that sleeps', byRequest),
  );
}

function deviceOf(
  name: string,
  language: string,
  heading: string,
  answers: typeof onStream | typeof byRequest,
): Device {
  return { name, language, program: programOf(document, heading, language), ...answers };
}

await t.test('its devices lose nothing when the service is killed while they send', async (t) => {
  const { accepted } = await service.stats();
  const from = Date.now();
  const examples = devices.map(({ language, program }) => new RunningExample(language, program, service.url));
  const enough = accepted + 20 * devices.length;
  t.ok(await until(async () => (await service.stats()).accepted >= enough, patienceMs), 'they send');
  await service.kill9();
  await pause(1_000);
  await service.start();
  for (const example of examples) {
    t.equal(await example.ended, 0, example.errors);
    t.match(example.lines.at(-1), `${readings} readings are on disk`);
  }
  await service.settled();
  for (const { name } of devices) {
    const address = `/v1/history?devices=${name}&from=${from}&limit=1000`;
    const { rows } = await service.getJson<{ rows: unknown[] }>(address);
    t.equal(rows.length, readings, `${name}: all of them, each once`);
  }
});

await t.test('they send again what passes, and say what they give up', async (t) => {
  const runs = devices.map(async ({ name, language, program, faults, givenUp }) => {
    const planned = new Map(faults);
    const peer = await startPeer(t, (n) => planned.get(n));
    const example = new RunningExample(language, program, peer.url);
    t.equal(await example.ended, 0, example.errors);
    t.equal(peer.stored.size, readings - givenUp, `${name}: all but what was refused for good`);
    const words = [...example.lines, example.errors].join('\n');
    t.equal(words.split('given up').length - 1, givenUp);
    t.ok(peer.mostInFlight <= peer.maxInFlight);
  });
  await Promise.all(runs);
});

await t.test('what would be refused again ends them', async (t) => {
  const runs = devices.map(async ({ name, language, program, fatal, lastWords }) => {
    const peer = await startPeer(t, () => fatal);
    const example = new RunningExample(language, program, peer.url);
    t.equal(await example.ended, 1);
    t.match(example.errors, lastWords);
    t.equal(peer.attempts, 1, `${name} does not try again`);
  });
  await Promise.all(runs);
});

async function startPeer(t: Test, faultAt: Peer['faultAt']): Promise<Peer> {
  const peer = new Peer();
  peer.faultAt = faultAt;
  await peer.start();
  t.teardown(() => peer.stop());
  return peer;
}

t.test('its tables have every code that a device can be answered with', async (t) => {
  const codes = [
    ...codesIn('receipt.schema.json', 'rejectionCode'),
    ...codesIn('stream-frames.schema.json', 'errorCode'),
    ...postReadings.refusals!,
  ];
  t.ok(codes.length > 20);
  for (const code of codes) t.match(textOf(), new RegExp(`^\\|[^|]*\`${code}\`[^|]*\\|`, 'm'), code);
});

function textOf(): string {
  return readFileSync(path.join(projectRoot, document), 'utf8');
}

function codesIn(schema: string, definition: string): string[] {
  return (readSchema(schema).$defs![definition] as { enum: string[] }).enum;
}
