import { createServer, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { array, assert, bigInt, constant, double, oneof, property, string } from 'fast-check';
import t, { type Test } from 'tap';
import { encodePrefix } from '../../src/domain/line.js';
import { type DeliveryState, type ScanQuery, type ScanRow, StoreAway } from '../../src/ports/history-store.js';
import { parseLosslessly } from '../../src/stores/influxdb/lossless-json.js';
import { InfluxStore } from '../../src/stores/influxdb/store.js';
import { historyStoreContract } from '../contracts/history-store.js';
import { Influxd, influxdIsMissing } from '../servers/influxd.js';

const database = 'telemetry';
const state: DeliveryState = { low: 0, ranges: [], stored: 0, quarantined: 0 };
const everything = { from: 0n, to: 4_000_000_000_000_000_000n, series: {} };
const temperature = [{ type: 'machine', fields: [{ name: 'temperature', kind: 'float' as const }] }];

function batchOf(lines: string[]) {
  const payload = Buffer.from(lines.map((line) => `${line}\n`).join(''), 'utf8');
  return { payload, runs: [{ position: 0, count: lines.length }], count: lines.length };
}

async function rowsOf(store: InfluxStore, query: Partial<ScanQuery>): Promise<ScanRow[]> {
  const rows: ScanRow[] = [];
  const asked: ScanQuery = { columns: temperature, order: 'asc', ...everything, ...query };
  for await (const chunk of store.reader.scan(asked)) rows.push(...chunk);
  return rows;
}

if (!influxdIsMissing('The InfluxDB store')) {
  const influxd = await new Influxd({ maxBodyBytes: 200_000 }).start();
  t.teardown(() => influxd.stop());

  /** Each test has a database of its own. */
  let databases = 0;
  async function openStore(test: Test, timeoutMs = 5000): Promise<InfluxStore> {
    const store = new InfluxStore({ url: influxd.url, database: `${database}-${++databases}`, timeoutMs });
    test.teardown(() => store.stop());
    await store.start();
    return store;
  }

  await historyStoreContract(t, 'InfluxDB', async () => {
    const settings = { url: influxd.url, database: `${database}-${++databases}`, timeoutMs: 10_000 };
    let store = new InfluxStore(settings);
    await store.start();
    const restart = async () => {
      await store.stop();
      store = new InfluxStore(settings);
      await store.start();
      return store;
    };
    return { store, restart, close: () => store.stop() };
  });

  await t.test('a database that is missing is created, also after somebody dropped it', async (t) => {
    const store = await openStore(t);
    t.same(await store.writer.write(batchOf(['machine,device=a temperature=1 1700000000000000000']), state), {
      outcome: 'stored',
    });
    await influxd.query(`DROP DATABASE "${database}-${databases}"`);
    const dropped = await store.writer.write(batchOf(['machine,device=a temperature=2 1700000000000000000']), state);
    t.match(dropped, { outcome: 'temporary', reason: /no such database.*not found/ });
    const again = await store.writer.write(batchOf(['machine,device=a temperature=3 1700000000000000000']), state);
    t.equal(again.outcome, 'stored');
    t.same(
      (await rowsOf(store, {})).map((row) => row.cells),
      [[3]],
    );
  });

  await t.test("a value of another kind is refused for good, with the database's own words", async (t) => {
    const store = await openStore(t);
    await store.writer.write(batchOf(['machine,device=a temperature=1 1700000000000000000']), state);
    const result = await store.writer.write(
      batchOf([
        'machine,device=a temperature="hot" 1700000001000000000',
        'machine,device=b temperature=4 1700000001000000000',
      ]),
      state,
    );
    t.match(result, { outcome: 'permanent', reason: /field type conflict.*"temperature"/ });
    t.equal((await rowsOf(store, { series: { devices: ['b'] } })).length, 1, 'the other line of the batch is there');
  });

  await t.test('a batch that is too large for the server is refused for good, so that it is split', async (t) => {
    const store = await openStore(t);
    const line = `machine,device=a note="${'x'.repeat(1000)}" 1700000000000000000`;
    const result = await store.writer.write(batchOf(Array.from({ length: 300 }, () => line)), state);
    t.equal(result.outcome, 'permanent');
    t.match(result, { reason: /too large/i });
  });

  await t.test('an empty batch asks nothing of the server', async (t) => {
    const store = new InfluxStore({ url: 'http://127.0.0.1:1', timeoutMs: 1000 });
    t.teardown(() => store.stop());
    t.same(await store.writer.write({ payload: new Uint8Array(), runs: [], count: 0 }, state), { outcome: 'stored' });
    t.equal(store.writer.keepsDeliveryState, false);
  });

  await t.test('integers beyond 2^53, nanoseconds and odd strings come back as they were written', async (t) => {
    const store = await openStore(t);
    const tags = { path: 'C:\\', note: 'it\'s "5" = a, b\\\u2060', 'a.b-c': 'ünï 😀' };
    const text = 'line one\nline "two" \\ 12345678901234567890';
    await store.writer.write(
      batchOf([
        `${encodePrefix('machine', 'a:1', tags)} n=9007199254740993i,f=12345678901234567000,s=${JSON.stringify(text).replaceAll('\\n', '\n')} 1700000000000000001`,
        'machine,device=a:2 n=-9223372036854775808i,f=-0.5,ok=false 1700000000000000001',
      ]),
      state,
    );
    const fields = [
      { name: 'n', kind: 'integer' as const },
      { name: 'f', kind: 'float' as const },
      { name: 's', kind: 'string' as const },
      { name: 'ok', kind: 'boolean' as const },
    ];
    const rows = await rowsOf(store, { columns: [{ type: 'machine', fields }] });
    t.same(
      rows.map((row) => [row.ts, row.device, row.tags, row.cells]),
      [
        [1700000000000000001n, 'a:1', tags, [9007199254740993n, 12345678901234567000, text, null]],
        [1700000000000000001n, 'a:2', {}, [-9223372036854775808n, -0.5, null, false]],
      ],
    );
    t.equal(rows[0]!.series, encodePrefix('machine', 'a:1', tags));
    for (const [key, value] of Object.entries(tags)) {
      const found = await rowsOf(store, { columns: [{ type: 'machine', fields }], series: { tags: { [key]: value } } });
      t.equal(found.length, 1, `found by ${key}`);
    }
  });

  await t.test('text from a request cannot leave its literal', async (t) => {
    const store = await openStore(t);
    await store.writer.write(batchOf(['machine,device=a temperature=1 1700000000000000000']), state);
    const hostile = [
      "x' OR 1=1 --",
      '*"; DROP DATABASE "telemetry-1"; --',
      "'*/ OR /.*",
      '\\',
      '*\\',
      '\n*',
      '*)$/ OR /(',
      '\u0000*',
    ];
    for (const text of hostile) {
      t.same(await rowsOf(store, { series: { devices: [text] } }), [], JSON.stringify(text));
      t.same(await rowsOf(store, { series: { tags: { site: text } } }), [], `as a tag: ${JSON.stringify(text)}`);
      t.same(await rowsOf(store, { series: { tags: { [text]: 'x' } } }), [], `as a tag's key: ${JSON.stringify(text)}`);
      const columns = [{ type: text, fields: [{ name: text, kind: 'float' as const }] }];
      t.same(await rowsOf(store, { columns }), [], `as a type and field: ${JSON.stringify(text)}`);
    }
    t.equal((await rowsOf(store, { series: { devices: ['a', '*b'] } })).length, 1);
  });

  await t.test('a page may end in the middle of one time, and the next goes on behind it', async (t) => {
    const store = await openStore(t);
    const lines: string[] = [];
    for (let second = 0; second < 20; second++) {
      for (const device of ['c', 'a', 'b', 'd', 'ab']) {
        lines.push(`machine,device=${device} temperature=${second} ${1_700_000_000 + second}000000000`);
        if (device !== 'd')
          lines.push(`ambient,device=${device} temperature=${-second} ${1_700_000_000 + second}000000000`);
      }
    }
    await store.writer.write(batchOf(lines), state);
    const columns = [...temperature, { type: 'ambient', fields: temperature[0]!.fields }];
    const all = await rowsOf(store, { columns });
    t.equal(all.length, lines.length);
    t.same(all, await rowsOf(store, { columns, order: 'asc' }).then((rows) => [...rows].sort(plainOrder)));
    for (const order of ['asc', 'desc'] as const) {
      const pages: ScanRow[] = [];
      for (;;) {
        const page = await rowsOf(store, { columns, order, limit: 7, after: pages.at(-1) });
        pages.push(...page);
        if (page.length < 7) break;
      }
      t.same(pages, order === 'asc' ? all : [...all].reverse(), order);
    }
  });

  await t.test('points that others wrote into the same database are left out', async (t) => {
    const store = await openStore(t);
    const own = `${database}-${databases}`;
    await influxd.write(
      'cpu,host=x usage=1 1700000000000000000\nmachine,host=x temperature=9 1700000000000000000',
      own,
    );
    await influxd.write('odd\\ name,device=a f=1 1700000000000000000', own);
    await store.writer.write(batchOf(['machine,device=a temperature=1 1700000000000000000']), state);
    t.same(
      (await rowsOf(store, {})).map((row) => row.device),
      ['a'],
    );
    t.notMatch(await store.reader.kinds(), [{ type: 'odd name' }]);
  });

  await t.test('a killed server is away for writer and reader, and both go on when it is back', async (t) => {
    const store = await openStore(t);
    await store.writer.write(batchOf(['machine,device=a temperature=1 1700000000000000000']), state);
    await influxd.kill();
    const refused = await store.writer.write(batchOf(['machine,device=a temperature=2 1700000000000000000']), state);
    t.match(refused, { outcome: 'temporary', reason: /cannot be reached/ });
    await t.rejects(rowsOf(store, {}), StoreAway);
    await influxd.restart();
    const taken = await store.writer.write(batchOf(['machine,device=a temperature=2 1700000000000000000']), state);
    t.equal(taken.outcome, 'stored');
    t.same(
      (await rowsOf(store, {})).map((row) => row.cells),
      [[2]],
    );
  });

  await t.test('a server that hangs is given up after the deadline, and its socket closed', async (t) => {
    const store = await openStore(t, 300);
    await influxd.pause();
    try {
      const result = await store.writer.write(batchOf(['machine,device=a temperature=2 1700000000000000000']), state);
      t.match(result, { outcome: 'temporary', reason: /in time/ });
      await t.rejects(rowsOf(store, {}), StoreAway);
    } finally {
      influxd.resume();
    }
    t.ok((await rowsOf(store, {})).length <= 1, 'what was given up may still have been taken in');
  });

  await t.test('starting while the server is away is no error', async (t) => {
    const store = new InfluxStore({ url: 'http://127.0.0.1:1', timeoutMs: 1000 });
    t.teardown(() => store.stop());
    await store.start();
    await t.rejects(store.reader.kinds(), StoreAway);
  });

  await t.test('wrong credentials say so, and are worth trying again', async (t) => {
    const guarded = await new Influxd({ authentication: true }).start();
    t.teardown(() => guarded.stop());
    await guarded.query(`CREATE USER "root" WITH PASSWORD 'geheim' WITH ALL PRIVILEGES`);
    const settings = { url: guarded.url, username: 'root', timeoutMs: 5000 };
    const wrong = new InfluxStore({ ...settings, password: 'falsch' });
    const right = new InfluxStore({ ...settings, password: 'geheim' });
    t.teardown(() => Promise.all([wrong.stop(), right.stop()]));
    await wrong.start();
    const batch = batchOf(['machine,device=a temperature=2 1700000000000000000']);
    t.match(await wrong.writer.write(batch, state), { outcome: 'temporary', reason: /credentials/ });
    await t.rejects(rowsOf(wrong, {}), StoreAway);
    t.same(await right.writer.write(batch, state), { outcome: 'stored' });
  });
}

await t.test('an answer that stops half-way is given up after the deadline, and nothing is left behind', async (t) => {
  const closed: true[] = [];
  const peer = await scriptedPeer((answer) => {
    answer.on('close', () => closed.push(true));
    answer.writeHead(200, { 'content-type': 'application/json' });
    answer.write(
      '{"results":[{"series":[{"name":"machine","columns":["fieldKey","fieldType"],"values":[["a","float"]]}]}]}\n',
    );
    answer.write('{"results":[{"series":[{"na');
  });
  const store = new InfluxStore({ url: peer.url, timeoutMs: 200 });
  t.teardown(async () => {
    await store.stop();
    await peer.close();
  });
  await t.rejects(store.reader.kinds(), StoreAway);
  for (let wait = 0; closed.length === 0 && wait < 100; wait++) await delay(10);
  t.equal(closed.length, 1);
});

await t.test(
  'no number and no text of an answer is changed by reading it, and no digit of an integer lost',
  async (t) => {
    const cell = oneof(
      double({ noNaN: true, noDefaultInfinity: true }),
      string(),
      constant('1234567890123456789'),
      bigInt(),
    );
    assert(
      property(array(cell), (cells) => {
        const text = `[${cells.map((cell) => (typeof cell === 'bigint' ? String(cell) : JSON.stringify(cell))).join(',')}]`;
        const read = parseLosslessly(text) as unknown[];
        return cells.every((cell, at) => {
          if (typeof cell === 'bigint') return BigInt(read[at] as string) === cell;
          return typeof cell === 'number' ? Number(read[at]) === cell : read[at] === cell;
        });
      }),
      { numRuns: 1000 },
    );
    t.pass();
  },
);

/** An InfluxDB 2 by its `/ping`, whose answer to everything else is the test's. */
async function scriptedPeer(answerRequest: (answer: ServerResponse) => void) {
  const requests: string[] = [];
  const server = createServer((request, answer) => {
    if (request.url === '/ping') {
      answer.writeHead(204, { 'x-influxdb-version': 'v2.7.1' }).end();
      return;
    }
    requests.push(`${request.url} ${request.headers.authorization}`);
    request.resume().on('end', () => answerRequest(answer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = typeof address === 'object' && address ? `http://127.0.0.1:${address.port}` : '';
  return {
    url,
    requests,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function plainOrder(a: ScanRow, b: ScanRow): number {
  if (a.ts !== b.ts) return a.ts < b.ts ? -1 : 1;
  return a.series < b.series ? -1 : 1;
}
