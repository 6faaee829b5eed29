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
// Each of them mostly waits.
t.jobs = 3;
const atOnce = { buffered: true };
const document = 'docs/device-makers.md';
const readings = 100;
const patienceMs = 60_000;

t.test('its commands are answered as it says', async (t) => {
  const service = await startInlet(t);
  const commands = [...commandsOf(document, 'A reading'), ...commandsOf(document, 'By request')];
  t.equal(commands.length, 2);
  for (const { command, answer } of commands) {
    const example = new RunningExample('sh', command, service.url);
    t.equal(await example.ended, 0, command);
    t.same(JSON.parse(example.lines.at(-1)!), answer, command);
  }
});

t.test('its readings in other formats are taken', async (t) => {
  const service = await startInlet(t);
  const rows = [...textOf().matchAll(/^\| `([a-z]+\/[a-z+-]+)` +\| `(.*)` +\|$/gm)];
  t.equal(rows.length, 3);
  for (const [, mediaType, body] of rows) {
    const headers = { 'content-type': mediaType! };
    const response = await fetch(`${service.url}/v1/readings`, { method: 'POST', headers, body: body! });
    t.equal(response.status, 202, mediaType!);
  }
});

interface Device {
  language: string;
  program: string;
  name: string;
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
  ] as [number, Fault][],
  givenUp: 1,
  fatal: { close: 4400 },
  lastWords: /closed for good: 4400/,
} satisfies Partial<Device>;

t.test('its device in JavaScript loses nothing', atOnce, async (t) => {
  const program = programOf(document, 'A whole device in JavaScript', 'js');
  await losesNothing(t, { ...onStream, language: 'js', program, name: 'boiler-7' });
});

if (!pythonIsMissing('The devices in Python')) {
  t.test('its device in Python loses nothing', atOnce, async (t) => {
    const program = programOf(document, 'The same in Python', 'python');
    await losesNothing(t, { ...onStream, language: 'python', program, name: 'boiler-8' });
  });

  t.test('its device that sleeps loses nothing', atOnce, async (t) => {
    const program = programOf(document, 'A whole device that sleeps', 'python');
    const faults: Device['faults'] = [
      [1, { cut: 'after' }],
      [3, { status: 503, headers: { 'retry-after': '1' } }],
      [5, { status: 413 }],
      [8, { cut: 'before' }],
    ];
    const fatal = { status: 400 };
    await losesNothing(t, {
      language: 'python',
      program,
      name: 'boiler-9',
      faults,
      givenUp: 0,
      fatal,
      lastWords: /400/,
    });
  });
}

async function losesNothing(t: Test, device: Device): Promise<void> {
  await Promise.all([killed(t, device), refused(t, device), ended(t, device)]);
}

/** The service is killed and started again while it sends. */
async function killed(t: Test, { language, program, name }: Device): Promise<void> {
  const service = await startInlet(t);
  const example = new RunningExample(language, program, service.url);
  t.ok(await until(async () => (await service.stats()).accepted >= 20, patienceMs), 'it sends');
  await service.kill9();
  await pause(1_000);
  await service.start();
  t.equal(await example.ended, 0, example.errors);
  t.match(example.lines.at(-1), `${readings} readings are on disk`);
  await service.settled();
  const address = `/v1/history?devices=${name}&from=-1h&limit=1000`;
  const { rows } = await service.getJson<{ rows: unknown[] }>(address);
  t.equal(rows.length, readings, 'all of them, each once');
}

/** Whatever passes goes again, and what does not is said. */
async function refused(t: Test, { language, program, faults, givenUp }: Device): Promise<void> {
  const planned = new Map(faults);
  const peer = await startPeer(t, (n) => planned.get(n));
  const example = new RunningExample(language, program, peer.url);
  t.equal(await example.ended, 0, example.errors);
  t.equal(peer.stored.size, readings - givenUp, 'all but what was refused for good');
  const words = [...example.lines, example.errors].join('\n');
  t.equal(words.split('given up').length - 1, givenUp);
  t.ok(peer.mostInFlight <= peer.maxInFlight);
}

/** What would be refused again ends it. */
async function ended(t: Test, { language, program, fatal, lastWords }: Device): Promise<void> {
  const peer = await startPeer(t, () => fatal);
  const example = new RunningExample(language, program, peer.url);
  t.equal(await example.ended, 1);
  t.match(example.errors, lastWords);
  t.equal(peer.attempts, 1, 'it does not try again');
}

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
