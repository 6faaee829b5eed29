/** The benchmark's arguments, its arithmetic, and what it is measured with. */
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { readArguments, WrongArgument } from '../../bench/arguments.js';
import { allCases, caseGroups } from '../../bench/cases/all.js';
import { Counter } from '../../bench/load/counter.js';
import { Latencies } from '../../bench/load/latencies.js';
import { Load } from '../../bench/load/load.js';
import { MessageRing } from '../../bench/load/message-ring.js';
import { ratioLine, type Pair } from '../../bench/result.js';
import { writeResultsPage } from '../../bench/results-page.js';
import { deviceCount, stepMs } from '../../bench/shape.js';
import { spread } from '../../bench/statistics.js';
import { bench } from './bench.js';

await t.test('the median is the middle one, or lies between the two middle ones', (t) => {
  t.same(spread([3, 1, 2]), { median: 2, min: 1, max: 3 });
  t.same(spread([4, 1, 3, 2]), { median: 2.5, min: 1, max: 4 });
  t.throws(() => spread([]));
  t.end();
});

await t.test('the ratio is the median of the ratios of the pairs, not the ratio of the medians', (t) => {
  const run = (rate: number) => ({ rate, cpuSecondsPerMillion: null, loadBusy: 0 });
  const pair = (ours: number, bare: number): Pair => ({ ours: run(ours), bare: run(bare) });
  const line = ratioLine('batch 1', 'readings/s', [0.8, 0.9], [pair(10, 10), pair(30, 20), pair(20, 40)]);
  t.same(line.ratio, { median: 1, min: 0.5, max: 1.5 });
  t.equal(line.ours.median, 20);
  t.equal(line.bare.median, 20);
  t.end();
});

await t.test('arguments that make no sense are named', async (t) => {
  const cases: [args: string[], message: string][] = [
    [['--pairs', '0'], '--pairs "0": expected a number from 1 to 1000'],
    [['--pairs', '1.5'], '--pairs 1.5: expected an integer'],
    [['--seconds', 'soon'], '--seconds "soon": expected a number from 0.1 to 3600'],
    [['--spool-mib', ''], '--spool-mib "": expected a number from 1 to 3072'],
    [['--fast'], "Unknown option '--fast'"],
  ];
  for (const [args, message] of cases) t.throws(() => readArguments(args), { constructor: WrongArgument, message });
  const { errors, code } = await bench('no-such-case');
  t.equal(code, 2);
  t.match(errors, /"no-such-case" is no case; there are http-batch, /);
});

await t.test('a run that is too short for a median is not kept, unless a place is named', (t) => {
  t.match(readArguments([]), { cases: allCases, pairs: 5, out: /bench$/ });
  t.match(readArguments(['start', '--pairs', '1']), { cases: [{ name: 'start' }], pairs: 1, out: undefined });
  t.match(readArguments(['--profile', '/tmp/profiles']), { out: undefined });
  t.match(readArguments(['--pairs', '1', '--out', '/tmp/figures']), { out: '/tmp/figures' });
  t.end();
});

await t.test('--list and --help measure nothing', async (t) => {
  const { out } = await bench('--list');
  for (const { name } of allCases) t.match(out, name);
  t.match((await bench('--help')).out, '--pairs N');
});

await t.test('each group of cases has a file that runs it', (t) => {
  const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('-cases.test.js'));
  t.same(
    files.toSorted(),
    Object.keys(caseGroups)
      .map((group) => `${group}-cases.test.js`)
      .toSorted(),
  );
  t.end();
});

await t.test('the times of each device rise, also when the ring begins again', (t) => {
  const wrap = (readings: string[]) => {
    return { bytes: Buffer.from(`[${readings.join(',')}]`), bodyAt: 0, mask: new Uint8Array(4) };
  };
  for (const batch of [1, 7, 100]) {
    const ring = new MessageRing({ connection: 3, connections: 128, batch, inFlight: 1, wrap });
    const newest = new Map<string, number>();
    for (let message = 0; message < 50; message++) {
      const [piece] = ring.take(1);
      for (const { device, ts } of JSON.parse(piece!.toString()) as { device: string; ts: number }[]) {
        const before = newest.get(device);
        if (before !== undefined && ts !== before + stepMs) t.fail(`${device}: ${ts} follows ${before}`);
        newest.set(device, ts);
      }
    }
    t.ok(newest.size <= Math.ceil(deviceCount / 128), 'a connection sends its own devices only');
  }
  t.end();
});

await t.test('a run that is too short for an answer goes on until there is one', async (t) => {
  const counter = new Counter();
  let isOver = false;
  const run = counter.rises(1).then(() => (isOver = true));
  await pause(200);
  t.notOk(isOver);
  counter.add(1);
  t.ok(await run);
});

await t.test('a share of the answers is that of those since it was asked last', (t) => {
  const latencies = new Latencies();
  latencies.add(1000, 50);
  const before = latencies.counts();
  latencies.add(1, 98);
  latencies.add(20, 1);
  latencies.add(1e9, 1);
  const [p50, p99, all] = latencies.since(before, [0.5, 0.99, 1]);
  t.match([p50!.toFixed(2), p99!.toFixed(2), all!.toFixed(2)], ['1.01', '20.01', '5000.00']);
  t.throws(() => latencies.since(latencies.counts(), [0.5]));
  t.end();
});

await t.test('at a rate that is not kept up with, the time counts that messages wait for room', async (t) => {
  const answerMs = 20;
  const server = createServer((request, response) => {
    request.resume();
    setTimeout(() => response.writeHead(202, { 'content-length': 0 }).end(), answerMs);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const load = new Load('http', { url, connections: 2, batch: 1, window: 1 });
  await load.start();
  // Ten times what two connections can have answered.
  load.pace((10 * 2 * 1000) / answerMs);
  const before = load.latencies.counts();
  await load.during(pause(500));
  const [p90] = load.latencies.since(before, [0.9]);
  await load.stop();
  t.ok(p90! > 10 * answerMs, `${p90} ms`);
});

await t.test('the page shows whole results only, and every figure that it shows is from a file', (t) => {
  const out = t.testdir();
  mkdirSync(path.join(out, 'results'));
  const run = (rate: number) => ({ rate, cpuSecondsPerMillion: null, loadBusy: 0 });
  const pairs = Array.from({ length: 5 }, () => ({ ours: run(1234), bare: run(4936) }));
  const result = {
    title: 'Something',
    how: [],
    command: 'npm run bench',
    at: '2026-01-02T03:04:05Z',
    seconds: 5,
    versions: { node: 'v20', inlet: '1' },
    machine: { cpu: 'a processor', cores: 2, memoryGiB: 4, system: 'linux' },
    lines: [ratioLine('batch 1', 'readings/s', [0.2, 0.3], pairs)],
  };
  const write = (name: string, count: number) =>
    writeFileSync(path.join(out, 'results', `${name}.json`), JSON.stringify({ ...result, case: name, pairs: count }));
  write('http-batch', 5);
  write('stream', 4);
  writeResultsPage(out, ['http-batch', 'stream']);
  const page = readFileSync(path.join(out, 'RESULTS.md'), 'utf8');
  t.match(
    page,
    '| batch 1 | 1,234 readings/s | 4,936 readings/s | 0.25 | 0.25 to 0.25 | >= 0.20 | >= 0.30 | reached |',
  );
  t.match(page, 'Only 4 pairs, 5 s each: not a figure to go by');
  t.equal(page.split('1,234').length, 2);
  t.end();
});
