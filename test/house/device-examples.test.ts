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

t.setTimeout(240_000);
const document = 'docs/device-makers.md';
const readings = 100;
const patienceMs = 60_000;

await t.test('its commands are answered as it says', async (t) => {
  const service = await startInlet(t);
  const commands = [...commandsOf(document, 'A reading'), ...commandsOf(document, 'By request')];
  t.equal(commands.length, 2);
  for (const { command, answer } of commands) {
    const example = new RunningExample('sh', command, service.url);
    t.equal(await example.ended, 0, command);
    t.same(JSON.parse(example.lines.at(-1)!), answer, command);
  }
});

await t.test('its readings in other formats are taken', async (t) => {
  const service = await startInlet(t);
  const rows = [...textOf().matchAll(/^\| `([a-z]+\/[a-z+-]+)` +\| `(.*)` +\|$/gm)];
  t.equal(rows.length, 3);
  for (const [, mediaType, body] of rows) {
    const headers = { 'content-type': mediaType! };
    const response = await fetch(`${service.url}/v1/readings`, { method: 'POST', headers, body: body! });
    t.equal(response.status, 202, mediaType!);
  }
});

await t.test('its device in JavaScript loses nothing', async (t) => {
  await losesNothing(t, 'js', 'A whole device in JavaScript', 'boiler-7');
});

if (!pythonIsMissing('The device in Python')) {
  await t.test('its device in Python loses nothing', async (t) => {
    await losesNothing(t, 'python', 'The same in Python', 'boiler-8');
  });
}

async function losesNothing(t: Test, language: string, heading: string, device: string): Promise<void> {
  const program = programOf(document, heading, language);
  await Promise.all([
    killed(t, language, program, device),
    refused(t, language, program),
    closed(t, language, program),
  ]);
}

/** The service is killed and started again while it sends. */
async function killed(t: Test, language: string, program: string, device: string): Promise<void> {
  const service = await startInlet(t);
  const example = new RunningExample(language, program, service.url);
  t.ok(await until(async () => (await service.stats()).accepted >= 20, patienceMs), 'it sends');
  await service.kill9();
  await pause(1_000);
  await service.start();
  t.equal(await example.ended, 0, example.errors);
  t.match(example.lines.at(-1), `${readings} readings are on disk`);
  await service.settled();
  const address = `/v1/history?devices=${device}&from=-1h&limit=1000`;
  const { rows } = await service.getJson<{ rows: unknown[] }>(address);
  t.equal(rows.length, readings, 'all of them, each once');
}

/** Whatever passes goes again, and what does not is said. */
async function refused(t: Test, language: string, program: string): Promise<void> {
  const faults = new Map<number, Fault>([
    [3, { error: 'spool_full', retryAfterMs: 100 }],
    [10, { cut: 'after' }],
    [20, { cut: 'before' }],
    [30, { close: 1012 }],
    [40, { error: 'malformed' }],
  ]);
  const peer = await startPeer(t, (n) => faults.get(n));
  const example = new RunningExample(language, program, peer.url);
  t.equal(await example.ended, 0, example.errors);
  t.equal(peer.stored.size, readings - 1, 'one was refused for good');
  t.match([...example.lines, example.errors].join('\n'), /given up/);
  t.ok(peer.mostInFlight <= peer.maxInFlight);
}

/** A code that says not to come back ends it. */
async function closed(t: Test, language: string, program: string): Promise<void> {
  const peer = await startPeer(t, () => ({ close: 4400 }));
  const example = new RunningExample(language, program, peer.url);
  t.equal(await example.ended, 1);
  t.match(example.errors, /closed for good: 4400/);
  t.equal(peer.connections, 1);
}

async function startPeer(t: Test, faultAt: Peer['faultAt']): Promise<Peer> {
  const peer = new Peer();
  peer.faultAt = faultAt;
  await peer.start();
  t.teardown(() => peer.stop());
  return peer;
}

await t.test('its tables have every code that a device can be answered with', async (t) => {
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
