import { once } from 'node:events';
import t, { type Test } from 'tap';
import type { StreamAck } from '../../../src/domain/generated/stream-frames.js';
import { startInlet } from '../../servers/inlet.js';
import { until } from '../../servers/until.js';
import { openStream, type StreamAnswer, type StreamClient } from '../stream-client.js';

const service = await startInlet(t, { INLET_MAX_BODY_BYTES: '64 KiB' });
const good = { device: 'd1', fields: { a: 1 } };
const bad = { device: 'd1', fields: {} };

async function connect(t: Test, url = service.url): Promise<StreamClient> {
  const stream = await openStream(url);
  t.teardown(() => stream.close());
  return stream;
}

/** Everything that is answered up to the frame with this number. */
async function answersUpTo(stream: StreamClient, seq: number): Promise<StreamAnswer[]> {
  const answers: StreamAnswer[] = [];
  for (;;) {
    const answer = await stream.next();
    answers.push(answer);
    if ('closed' in answer || (answer.seq ?? 0) >= seq) return answers;
  }
}

function accepted(answers: readonly StreamAnswer[]): number {
  return answers.reduce((sum, answer) => sum + ('accepted' in answer ? answer.accepted : 0), 0);
}

await t.test('the server speaks first, and says what it takes', async (t) => {
  const { welcome } = await connect(t);
  t.match(welcome, { type: 'welcome', version: 1, maxInFlight: 64, maxFrameBytes: 65_536, pingIntervalMs: 25_000 });
  t.ok(Math.abs(welcome.serverTime - Date.now()) < 5000);
});

await t.test('acks cover all frames since the one before, and their counts add up', async (t) => {
  const stream = await connect(t);
  const frames = 5000;
  const before = (await service.stats()).accepted;
  for (let seq = 1; seq <= frames; seq++) stream.send({ seq, device: 'd1', readings: [good, good, good] });
  const answers = (await answersUpTo(stream, frames)) as StreamAck[];
  t.ok(answers.every(({ type, rejected }) => type === 'ack' && rejected === 0));
  t.equal(accepted(answers), 3 * frames, 'of frames beyond maxInFlight none is lost');
  t.equal((await service.stats()).accepted - before, 3 * frames);
  t.ok(answers.length < frames, 'frames share acks', { acks: answers.length });
  t.ok(
    answers.every(({ seq }, at) => at === 0 || seq! > answers[at - 1]!.seq!),
    'and the acks rise',
  );
});

await t.test('what is rejected, refused or has an id is answered for itself, and all in order', async (t) => {
  const stream = await connect(t);
  stream.send({ seq: 1, ...good });
  stream.send({ seq: 2, ...good });
  stream.send({ seq: 3, readings: [good, bad] });
  stream.send({ seq: 4, ...good });
  stream.send({ seq: 5, id: 'mine', readings: [good] });
  stream.send({ seq: 6, readings: [], device: 'd1' });
  stream.send({ seq: 7, readings: [bad] });
  stream.send([bad, good]);
  stream.send('[');
  stream.send([good]);
  stream.send({ seq: 8, readings: [good], odd: 1 });
  stream.send({ seq: 9, ...good });
  const answers = await answersUpTo(stream, 9);
  const [first, ...others] = answers.filter((answer) => !('seq' in answer) || answer.seq !== 1);
  const results = [{ index: 0, code: 'no_fields' }];
  t.match(first, { type: 'ack', seq: 2, rejected: 0 });
  t.equal(accepted(answers.slice(0, answers.indexOf(first!) + 1)), 2);
  t.match(others, [
    { seq: 3, accepted: 1, rejected: 1, results: [{ index: 1, code: 'no_fields' }] },
    { seq: 4, accepted: 1, rejected: 0 },
    { seq: 5, id: 'mine', accepted: 1, rejected: 0 },
    { type: 'error', seq: 6, code: 'empty_batch' },
    { seq: 7, accepted: 0, rejected: 1, results },
    { type: 'ack', seq: undefined, accepted: 1, rejected: 1, results },
    { type: 'error', seq: undefined, code: 'malformed' },
    { type: 'error', seq: 8, code: 'malformed' },
    { seq: 9, accepted: 1, rejected: 0 },
  ]);
});

await t.test('a frame without seq is kept without a word', async (t) => {
  const stream = await connect(t);
  const before = (await service.stats()).accepted;
  stream.send(good);
  stream.send([good, good]);
  stream.send({ seq: 1, ...good });
  t.same(await stream.next(), { type: 'ack', seq: 1, accepted: 1, rejected: 0 });
  t.equal((await service.stats()).accepted - before, 4);
});

await t.test('seq is an integer of at least 1', async (t) => {
  const stream = await connect(t);
  for (const seq of [0, -1, 1.5, '1', null, 2 ** 53]) {
    stream.send({ ...good, seq });
    t.match(await stream.next(), { type: 'error', seq: undefined, code: 'malformed' }, `${seq}`);
  }
  stream.send({ ...good, seq: Number.MAX_SAFE_INTEGER });
  t.match(await stream.next(), { type: 'ack', seq: Number.MAX_SAFE_INTEGER });
});

await t.test('a seq that does not rise ends the connection, and what follows it is not taken in', async (t) => {
  for (const seq of [5, 4]) {
    const stream = await connect(t);
    stream.send({ seq: 5, ...good });
    t.match(await stream.next(), { seq: 5 });
    const before = (await service.stats()).accepted;
    for (const next of [seq, 6, 7]) stream.send({ seq: next, ...good });
    t.same(await stream.next(), { closed: 4400 });
    t.equal((await service.stats()).accepted, before);
  }
});

await t.test('a refused frame uses its seq up', async (t) => {
  const stream = await connect(t);
  stream.send({ seq: 1, readings: [] });
  t.match(await stream.next(), { type: 'error', seq: 1, code: 'empty_batch' });
  stream.send({ seq: 1, ...good });
  t.same(await stream.next(), { closed: 4400 });
});

await t.test('ten malformed frames in a row end the connection; fewer do not', async (t) => {
  const stream = await connect(t);
  let seq = 0;
  for (const other of [{ ...good }, { readings: [] }]) {
    for (let k = 0; k < 9; k++) stream.send('{');
    stream.send({ seq: ++seq, ...other });
    for (let k = 0; k < 9; k++) t.match(await stream.next(), { type: 'error', code: 'malformed' });
    t.match(await stream.next(), { seq });
  }
  for (let k = 0; k < 10; k++) stream.send('{');
  for (let k = 0; k < 10; k++) t.match(await stream.next(), { type: 'error', code: 'malformed' });
  t.same(await stream.next(), { closed: 4400 });
});

await t.test('binary frames end with 1003, too large ones with 1009', async (t) => {
  const binary = await connect(t);
  binary.socket.send(Buffer.from(JSON.stringify(good)), { binary: true });
  t.same(await binary.next(), { closed: 1003 });
  const large = await connect(t);
  large.send(JSON.stringify({ seq: 1, ...good }).padEnd(65_536));
  t.match(await large.next(), { seq: 1, accepted: 1 });
  large.send(JSON.stringify({ seq: 2, ...good }).padEnd(65_537));
  t.same(await large.next(), { closed: 1009 });
});

await t.test('a ping is answered with a pong', async (t) => {
  const stream = await connect(t);
  const pong = once(stream.socket, 'pong');
  stream.socket.ping('are you there?');
  const [data] = (await pong) as [Buffer];
  t.equal(data.toString(), 'are you there?');
});

await t.test('a device is online while it has a stream; closed streams leave nothing', async (t) => {
  const stream = await openStream(service.url);
  stream.send({ seq: 1, device: 'online-1', fields: { a: 1 } });
  await stream.next();
  t.ok((await service.stats()).streams >= 1);
  await stream.close();
  t.ok(await until(async () => (await service.stats()).streams === 0));
});

await t.test('one that sends and never reads is not read either, and others go on', async (t) => {
  const stream = await connect(t);
  stream.socket.pause();
  const before = await service.residentBytes();
  // Each frame is answered with a hundred rejections: many times what it takes to send.
  const frame = JSON.stringify({ readings: Array.from({ length: 100 }, () => 0) });
  for (let k = 0; k < 20_000; k++) stream.send(frame);
  const { rejected } = await settledRejections();
  const grown = (await service.residentBytes()) - before;
  t.ok(rejected < 100 * 20_000, 'it is stopped', { rejected });
  t.ok(grown < 100 * 1024 * 1024, 'and memory is bounded', { grown });
  const other = await connect(t);
  other.send({ seq: 1, ...good });
  t.match(await other.next(), { seq: 1, accepted: 1 });
  stream.socket.terminate();
});

/** The count of rejections once it has stopped rising. */
async function settledRejections(): Promise<{ rejected: number }> {
  let last = -1;
  for (;;) {
    const { rejected } = await service.stats();
    if (rejected === last) return { rejected };
    last = rejected;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

await t.test('a frame that finds no room says when to try again, and is taken then', async (t) => {
  const full = await startInlet(t, {
    INLET_STORE: 'influxdb',
    INLET_INFLUX_URL: 'http://127.0.0.1:9',
    INLET_SPOOL_MAX_BYTES: '16 KiB',
    INLET_MAX_BODY_BYTES: '8 KiB',
  });
  const stream = await connect(t, full.url);
  const device = { device: 'd1', fields: { text: 'x'.repeat(1000) } };
  let seq = 0;
  let answer: StreamAnswer;
  do {
    stream.send({ seq: ++seq, ...device });
    answer = await stream.next();
  } while ('type' in answer && answer.type === 'ack');
  t.match(answer, { type: 'error', seq, code: 'spool_full', retryAfterMs: Number });
  t.equal((await full.stats()).accepted, seq - 1, 'nothing of the frame is kept');
});
