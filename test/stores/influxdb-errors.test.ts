/** What InfluxDB, or what stands before it, may answer to a write, and what becomes of the readings then. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import t, { type Test } from 'tap';
import type { DeliveryState, WriteBatch, WriteResult } from '../../src/ports/history-store.js';
import { InfluxStore } from '../../src/stores/influxdb/store.js';
import { fixture, ScriptedInfluxDb, type Answer } from '../servers/scripted-influxdb.js';

const state: DeliveryState = { low: 0, ranges: [], stored: 0, quarantined: 0 };
const lines = [
  'machine,device=a temperature=1 1700000000000000000',
  'machine,device=b temperature="hi" 1700000000000000000',
];

function batchOf(lines: string[]): WriteBatch {
  const payload = Buffer.from(lines.map((line) => `${line}\n`).join(''), 'utf8');
  return { payload, runs: [{ position: 0, count: lines.length }], count: lines.length };
}

/** Writes a batch to a server that answers it so. */
async function write(t: Test, answer: Answer, batch = batchOf(lines)): Promise<WriteResult> {
  const server = await new ScriptedInfluxDb(({ url }) => {
    if (url === '/ping') return fixture('v2-ping');
    if (url.startsWith('/api/v2/orgs')) return fixture('v2-orgs');
    if (url.startsWith('/api/v2/buckets')) return fixture('v2-buckets');
    return answer;
  }).start();
  const store = new InfluxStore({ url: server.url, token: 'T', org: 'works', bucket: 'plant', timeoutMs: 2000 });
  t.teardown(async () => {
    await store.stop();
    await server.stop();
  });
  return store.writer.write(batch, state);
}

const answers: [name: string, expected: object][] = [
  ['v2-written', { outcome: 'stored' }],
  ['v2-field-type-conflict', { outcome: 'permanent', reason: /^failure writing points.*"temperature".*dropped=11$/ }],
  ['v2-malformed', { outcome: 'permanent', reason: /^unable to parse 'machine,device=a temperature='/ }],
  ['v3-nothing-written', { outcome: 'permanent', reason: 'parsing failed for write_lp endpoint' }],
  ['v3-some-taken', { outcome: 'permanent', reason: /only some/ }],
  ['v2-too-large', { outcome: 'permanent', reason: /points batch is too large/ }],
  ['nginx-too-large', { outcome: 'permanent', reason: /Request Entity Too Large/ }],
  ['v2-no-organisation', { outcome: 'temporary', reason: /provide either orgID or org/ }],
  [
    'v2-unauthorized',
    { outcome: 'temporary', reason: 'InfluxDB does not accept the credentials: unauthorized access' },
  ],
  ['v2-bucket-forbidden', { outcome: 'temporary', reason: /does not let these credentials.*insufficient permissions/ }],
  ['v2-bucket-missing', { outcome: 'temporary', reason: /no such database or bucket: bucket "plant" not found/ }],
  ['v2-too-many', { outcome: 'temporary', reason: /429: org 03a2bbf46249a000 has exceeded/, retryAfterMs: 7000 }],
  ['v2-unavailable', { outcome: 'temporary', reason: /503: the server is temporarily/, retryAfterMs: 2000 }],
  [
    'nginx-bad-gateway',
    {
      outcome: 'temporary',
      reason: 'Not InfluxDB, but something before it, answered 502: "502 Bad Gateway 502 Bad Gateway nginx/1.22.1"',
    },
  ],
  ['nginx-bad-request', { outcome: 'temporary', reason: /something before it, answered 400: "400 Request Header/ }],
];

for (const [name, expected] of answers) {
  await t.test(`an answer such as ${name} has its meaning`, async (t) => {
    t.match(await write(t, fixture(name)), expected);
  });
}

await t.test('the lines that 3.x names are refused with its words, and all others count as stored', async (t) => {
  t.same(await write(t, fixture('v3-partial-write')), {
    outcome: 'partial',
    refused: [
      {
        index: 1,
        reason:
          "invalid column type for column 'temp', expected iox::column_type::field::float, got iox::column_type::field::string",
      },
    ],
  });
});

await t.test('line numbers that cannot be relied on are not: the batch is split instead', async (t) => {
  const partial = (lineNumbers: unknown[]): Answer => ({
    status: 400,
    headers: { 'content-type': 'application/json' },
    body: {
      error: 'partial write of line protocol occurred',
      data: lineNumbers.map((line) => ({ original_line: '…', line_number: line, error_message: 'bad' })),
    },
  });
  for (const lineNumbers of [[0], [3], [-1], [1.5], ['1'], [null], [1, 4], []])
    t.match(await write(t, partial(lineNumbers)), { outcome: 'permanent' }, JSON.stringify(lineNumbers));
  const inTwoLines = batchOf(['machine,device=a note="one\ntwo" 1700000000000000000', lines[0]!]);
  t.match(await write(t, partial([2]), inTwoLines), { outcome: 'permanent' }, 'a newline inside a string');
  const many = batchOf(Array.from({ length: 200 }, () => lines[0]!));
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  t.match(await write(t, partial(hundred), many), { outcome: 'permanent' }, 'a list as long as lists get');
  t.match(await write(t, partial(hundred.slice(1)), many), { outcome: 'partial' }, 'and one that is shorter');
});

await t.test('a request that was wrong is nobody’s reading, but a reading cannot make itself one', async (t) => {
  const quoting =
    'unable to parse \'machine,device=a note="database is required"\': Please provide either orgID or org';
  const refused = { status: 400, headers: { 'content-type': 'application/json' }, body: { error: quoting } };
  t.match(await write(t, refused), { outcome: 'permanent' });
  t.match(await write(t, { ...refused, body: { error: 'database is required' } }), { outcome: 'temporary' });
});

await t.test('how long to leave it alone comes in seconds or as a date, and is bounded', async (t) => {
  const busy = (retryAfter: string): Answer => ({ status: 503, headers: { 'retry-after': retryAfter } });
  const wait = async (retryAfter: string): Promise<number | undefined> => {
    const result = await write(t, busy(retryAfter));
    return result.outcome === 'temporary' ? result.retryAfterMs : -1;
  };
  t.equal(await wait('0'), 0);
  t.equal(await wait('120'), 120_000);
  t.equal(await wait('999999999'), 300_000);
  t.equal(await wait('Fri, 31 Dec 1999 23:59:59 GMT'), 0);
  const inTenSeconds = await wait(new Date(Date.now() + 10_000).toUTCString());
  t.ok(inTenSeconds! > 5000 && inTenSeconds! <= 10_000, `${inTenSeconds}`);
  t.equal(await wait('Fri, 31 Dec 9999 23:59:59 GMT'), 300_000);
  t.equal(await wait('soon'), undefined);
});

await t.test('nothing unprintable and no whole page comes into a reason', async (t) => {
  const body = { code: 'x', message: `a\n\u001b[31mb\u0000\u202ec\ud800${'x'.repeat(100_000)}` };
  const hostile = await write(t, { status: 500, headers: { 'content-type': 'application/json' }, body });
  t.match(hostile, { outcome: 'temporary', reason: /^InfluxDB answered 500: a \[31mb c x+…$/ });
  t.ok(reasonOf(hostile).length < 400);
  const page = `<!DOCTYPE html><script>alert("${'y'.repeat(50_000)}")</script><img src=x onerror=alert(1)`;
  for (const type of ['text/html; charset=utf-8', 'text/plain']) {
    const result = await write(t, { status: 503, headers: { 'content-type': type }, body: page });
    t.match(result, { outcome: 'temporary', reason: /before it, answered 503: "/ });
    t.notMatch(reasonOf(result), /[<>]/);
    t.ok(reasonOf(result).length < 250, `${reasonOf(result).length} characters`);
  }
});

await t.test('a success that is none is not taken for one', async (t) => {
  const portal = { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Please log in</html>' };
  t.match(await write(t, portal), { outcome: 'temporary' });
  t.match(await write(t, { status: 302, headers: { location: '/login' } }), { outcome: 'temporary' });
  const everything = await new ScriptedInfluxDb(() => portal).start();
  t.teardown(() => everything.stop());
  for (const credentials of [{}, { token: 'T' }]) {
    const store = new InfluxStore({ url: everything.url, timeoutMs: 2000, ...credentials });
    await store.start();
    t.match(await store.writer.write(batchOf(lines), state), { outcome: 'temporary', reason: /does not speak/ });
    await store.stop();
  }
  const odd = { status: 500, headers: { 'content-type': 'application/json' }, body: { message: { no: 'text' } } };
  t.match(await write(t, odd), { outcome: 'temporary' });
});

await t.test('whoever does not answer at all is away', async (t) => {
  const hangUp = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await Promise.all([once(hangUp, 'listening'), once(silent, 'listening')]);
  t.teardown(() => {
    hangUp.close();
    silent.close();
  });
  const portOf = (server: typeof silent) => (server.address() as { port: number }).port;
  const servers: [url: string, reason: RegExp][] = [
    [`http://127.0.0.1:${portOf(hangUp)}`, /cannot be reached: .*(hang up|ECONNRESET)/],
    [`http://127.0.0.1:${portOf(silent)}`, /in time/],
    ['http://127.0.0.1:1', /cannot be reached: .*ECONNREFUSED/],
    ['http://no-such-host.invalid', /cannot be reached: .*(ENOTFOUND|EAI_AGAIN)/],
  ];
  for (const [url, reason] of servers) {
    const store = new InfluxStore({ url, timeoutMs: 300 });
    t.match(await store.writer.write(batchOf(lines), state), { outcome: 'temporary', reason }, url);
    await store.stop();
  }
});

await t.test('an answer that breaks off half-way is no answer', async (t) => {
  const half = createServer((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 204 No Content\r\n');
      socket.destroySoon();
    });
  }).listen(0, '127.0.0.1');
  await once(half, 'listening');
  t.teardown(() => half.close());
  const { port } = half.address() as { port: number };
  const store = new InfluxStore({ url: `http://127.0.0.1:${port}`, timeoutMs: 1000 });
  t.teardown(() => store.stop());
  t.match(await store.writer.write(batchOf(lines), state), { outcome: 'temporary' });
});

function reasonOf(result: WriteResult): string {
  return 'reason' in result ? result.reason : '';
}
