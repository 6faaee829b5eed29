/** What the delivery relies on, seen from the server: which requests come, in which form and order, and what they leave. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { DeliveryState, WriteBatch } from '../../src/ports/history-store.js';
import type { InfluxSettings } from '../../src/stores/influxdb/settings.js';
import { InfluxStore } from '../../src/stores/influxdb/store.js';
import { HoldingProxy } from '../servers/holding-proxy.js';
import { Influxd, influxdIsMissing } from '../servers/influxd.js';
import { fixture, ScriptedInfluxDb, type Script } from '../servers/scripted-influxdb.js';
import { until } from '../servers/until.js';
import { VictoriaMetrics, victoriaMetricsIsMissing } from '../servers/victoria-metrics.js';

const state: DeliveryState = { low: 0, ranges: [], stored: 0, quarantined: 0 };
const start = 1_700_000_000_000_000_000n;

function batchOf(...lines: string[]): WriteBatch {
  const payload = Buffer.from(lines.map((line) => `${line}\n`).join(''), 'utf8');
  return { payload, runs: [{ position: 0, count: lines.length }], count: lines.length };
}

const one = batchOf(`machine,device=a temperature=1 ${start}`);

function openStore(t: Test, url: string, settings: Partial<InfluxSettings> = {}): InfluxStore {
  const store = new InfluxStore({ url, timeoutMs: 5000, ...settings });
  t.teardown(() => store.stop());
  return store;
}

async function openPeer(t: Test, script: Script): Promise<ScriptedInfluxDb> {
  const peer = await new ScriptedInfluxDb(script).start();
  t.teardown(() => peer.stop());
  return peer;
}

/** A server that takes everything. */
const willing =
  (ping: string): Script =>
  ({ url }) => {
    if (url === '/ping') return fixture(ping);
    if (url.startsWith('/api/v2/orgs')) return fixture('v2-orgs');
    if (url.startsWith('/api/v2/buckets')) return fixture('v2-buckets');
    if (url.startsWith('/query')) return { status: 200, body: { results: [{ statement_id: 0 }] } };
    return fixture('v2-written');
  };

const isWrite = ({ url }: { url: string }) => url.includes('/write?');

await t.test('each version is written to where it takes line protocol, with its kind of credentials', async (t) => {
  const user = { username: 'root', password: 'geheim', database: 'plant' };
  const token = { token: 'T', org: 'works', bucket: 'plant' };
  const basic = `Basic ${Buffer.from('root:geheim').toString('base64')}`;
  const cases: [ping: string, settings: Partial<InfluxSettings>, expected: string][] = [
    ['v1.8-ping', user, '/api/v2/write?bucket=plant%2F&precision=ns Token root:geheim'],
    ['v1.8-ping', { database: 'plant' }, '/api/v2/write?bucket=plant%2F&precision=ns undefined'],
    ['v2-ping', token, '/api/v2/write?org=works&bucket=plant&precision=ns Token T'],
    ['v2-ping', { ...token, org: undefined }, '/api/v2/write?orgID=03a2bbf46249a000&bucket=plant&precision=ns Token T'],
    ['v2-ping', user, `/write?db=plant ${basic}`],
    ['v3-ping', { token: 'T', database: 'plant' }, '/api/v2/write?org=&bucket=plant&precision=ns Token T'],
    ['cloud-ping', token, '/api/v2/write?org=works&bucket=plant&precision=ns Token T'],
    // Both settings have a default; the one that was named counts.
    ['v2-ping', { ...token, database: 'telemetry' }, '/api/v2/write?org=works&bucket=plant&precision=ns Token T'],
    [
      'v3-ping',
      { token: 'T', database: 'plant', bucket: 'telemetry' },
      '/api/v2/write?org=&bucket=plant&precision=ns Token T',
    ],
  ];
  for (const [ping, settings, expected] of cases) {
    const peer = await openPeer(t, willing(ping));
    const store = openStore(t, peer.url, settings);
    t.same(await store.writer.write(one, state), { outcome: 'stored' }, `${ping} ${expected}`);
    const writes = peer.asked.filter(isWrite);
    t.same(
      writes.map(({ method, url, authorization }) => `${method} ${url} ${authorization}`),
      [`POST ${expected}`],
    );
  }
});

await t.test('a batch is one request with the lines as they are, and a failed one is not sent again', async (t) => {
  const peer = await openPeer(t, willing('v2-ping'));
  const store = openStore(t, peer.url, { token: 'T', org: 'works', bucket: 'plant' });
  const lines = Array.from(
    { length: 50_000 },
    (_, n) => `machine,device=d-${n % 1000} temperature=${n},note="ü" ${start}`,
  );
  const batch = batchOf(...lines);
  const text = Buffer.from(batch.payload).toString('utf8');
  t.same(await store.writer.write(batch, state), { outcome: 'stored' });
  const writes = peer.asked.filter(isWrite);
  t.equal(writes.length, 1);
  t.ok(`${writes[0]!.body}\n` === text || writes[0]!.body === text, 'byte for byte');
  const before = peer.script;
  peer.script = (asked) => (isWrite(asked) ? fixture('v2-unavailable') : before(asked));
  t.match(await store.writer.write(one, state), { outcome: 'temporary' });
  await pause(300);
  t.equal(peer.asked.filter(isWrite).length, 2);
});

await t.test('a success that is not the answer to a write stores nothing', async (t) => {
  const peer = await openPeer(t, willing('v2-ping'));
  const store = openStore(t, peer.url, { token: 'T', org: 'works', bucket: 'plant' });
  const before = peer.script;
  for (const body of ['<html>Please log in</html>', { results: [] }]) {
    peer.script = (asked) => (isWrite(asked) ? { status: 200, body } : before(asked));
    t.match(await store.writer.write(one, state), { outcome: 'temporary', reason: /answered 200/ });
  }
});

await t.test('large batches are compressed where bytes take time on their way, and only there', async (t) => {
  const peer = await openPeer(t, willing('v2-ping'));
  const encodings: (string | undefined)[] = [];
  const before = peer.script;
  peer.script = (asked) => {
    if (isWrite(asked)) encodings.push(asked.encoding);
    return before(asked);
  };
  const large = batchOf(...Array.from({ length: 200 }, (_, n) => `machine,device=d-${n} temperature=1 ${start}`));
  const settings = { token: 'T', org: 'works', bucket: 'plant' };
  // 0.0.0.0 leads here as well, but does not look like it.
  for (const url of [peer.url, peer.url.replace('127.0.0.1', '0.0.0.0')]) {
    const store = openStore(t, url, settings);
    for (const batch of [one, large]) t.same(await store.writer.write(batch, state), { outcome: 'stored' });
  }
  t.same(encodings, [undefined, undefined, undefined, 'gzip']);
  const [near, far] = [peer.asked.filter(isWrite)[1]!, peer.asked.filter(isWrite)[3]!];
  t.equal(near.body, far.body);
});

await t.test(
  'what was answered before it was all sent is not sent on from memory that others may have by then',
  async (t) => {
    const received: Buffer[] = [];
    let isClosed = false;
    const server = createServer((socket) => {
      const goOn = () => {
        socket.on('data', (bytes) => void received.push(bytes));
        socket.on('close', () => (isClosed = true)).on('error', () => undefined);
      };
      socket.once('data', (head) => {
        if (head.includes('GET /ping')) {
          socket.end('HTTP/1.1 204 No Content\r\nX-Influxdb-Version: 1.8.10\r\nConnection: close\r\n\r\n');
        } else if (!head.includes('/write?')) {
          socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}');
        } else {
          received.push(head);
          socket.pause().write('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n');
          setTimeout(() => (goOn(), socket.resume()), 200);
        }
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    t.teardown(() => server.close());
    const store = openStore(t, `http://127.0.0.1:${(server.address() as AddressInfo).port}`, { database: 'plant' });
    // More than a socket's buffers take.
    const payload = Buffer.alloc(32 * 1024 * 1024, 'a');
    const result = await store.writer.write({ payload, runs: [{ position: 0, count: 1 }], count: 1 }, state);
    t.equal(result.outcome, 'permanent');
    payload.fill('b');
    t.ok(await until(async () => isClosed, 20_000), 'the connection ends');
    const body = Buffer.concat(received);
    t.ok(body.length < payload.length, 'the rest did not come');
    t.notOk(body.subarray(body.indexOf('\r\n\r\n')).includes('b'), 'nor anything else in its place');
  },
);

await t.test('a server that was away is looked at again: it may have been upgraded', async (t) => {
  const peer = await openPeer(t, willing('v1.8-ping'));
  const store = openStore(t, peer.url, { database: 'plant', bucket: 'plant', token: 'T', org: 'works' });
  t.equal((await store.writer.write(one, state)).outcome, 'stored');
  peer.script = () => fixture('nginx-bad-gateway');
  t.equal((await store.writer.write(one, state)).outcome, 'temporary');
  peer.script = willing('v2-ping');
  t.equal((await store.writer.write(one, state)).outcome, 'stored');
  t.equal((await store.writer.write(one, state)).outcome, 'stored');
  const pings = peer.askedFor('/ping').length;
  t.match(peer.asked.filter(isWrite).at(-1)!.url, /org=works/);
  t.equal(pings, 2, 'and no more often than that');
});

await t.test('a bucket that is missing is made in its organisation', async (t) => {
  const made: unknown[] = [];
  const peer = await openPeer(t, (asked) => {
    if (asked.url.startsWith('/api/v2/buckets') && asked.method === 'GET')
      return fixture(made.length > 0 ? 'v2-buckets' : 'v2-buckets-none');
    if (asked.url === '/api/v2/buckets') {
      made.push(JSON.parse(asked.body));
      return fixture('v2-bucket-made');
    }
    return willing('v2-ping')(asked);
  });
  const store = openStore(t, peer.url, { token: 'T', org: 'works', bucket: 'plant' });
  await store.start();
  t.same(await store.writer.write(one, state), { outcome: 'stored' });
  t.same(made, [{ orgID: '03a2bbf46249a000', name: 'plant', retentionRules: [] }]);
  t.match(peer.askedFor('/api/v2/orgs')[0], { url: '/api/v2/orgs?org=works', authorization: 'Token T' });
  t.match(peer.askedFor('/api/v2/buckets')[0], { url: '/api/v2/buckets?orgID=03a2bbf46249a000&name=plant' });
});

await t.test('who may not make a bucket may write to the one that is there, or is told what is wrong', async (t) => {
  let isThere = true;
  const peer = await openPeer(t, (asked) => {
    if (asked.url === '/api/v2/buckets') return fixture('v2-bucket-forbidden');
    if (asked.url.startsWith('/api/v2/buckets')) return fixture('v2-buckets-none');
    if (isWrite(asked) && !isThere) return fixture('v2-bucket-missing');
    return willing('v2-ping')(asked);
  });
  const store = openStore(t, peer.url, { token: 'T', org: 'works', bucket: 'plant' });
  t.same(await store.writer.write(one, state), { outcome: 'stored' });
  isThere = false;
  t.same(await store.writer.write(one, state), {
    outcome: 'temporary',
    reason:
      'InfluxDB has no such database or bucket: bucket "plant" not found; ' +
      'and it could not be made: insufficient permissions for write',
  });
});

await t.test('a 3.x that wants a token for everything says so', async (t) => {
  const peer = await openPeer(t, () => fixture('v3-ping-without-token'));
  const store = openStore(t, peer.url);
  t.match(await store.writer.write(one, state), { outcome: 'temporary', reason: /credentials: the request was not/ });
});

await t.test('an answer shows that the server works again; what it may still hold back is waited for', async (t) => {
  const peer = await openPeer(t, willing('v2-ping'));
  const store = openStore(t, peer.url, { token: 'T', org: 'works', bucket: 'plant', timeoutMs: 500 });
  const took = async () => {
    const startMs = performance.now();
    const { outcome } = await store.writer.write(one, state);
    return { outcome, ms: performance.now() - startMs };
  };
  peer.script = (asked) => (isWrite(asked) ? undefined : willing('v2-ping')(asked));
  t.equal((await took()).outcome, 'temporary');
  peer.script = willing('v2-ping');
  const again = await took();
  t.equal(again.outcome, 'stored');
  t.ok(again.ms >= 990, `the same batch again took ${again.ms} ms`);
  t.ok((await took()).ms < 900, 'and what follows takes no longer than ever');
  peer.script = (asked) => (isWrite(asked) ? fixture('v2-too-many') : willing('v2-ping')(asked));
  t.equal((await took()).outcome, 'temporary');
  peer.script = willing('v2-ping');
  t.ok((await took()).ms < 900, 'a write that was refused is not waited for');
});

await t.test('of two writes at the same time, what the one left behind is not done because the other is', async (t) => {
  const peer = await openPeer(t, willing('v2-ping'));
  const store = openStore(t, peer.url, { token: 'T', org: 'works', bucket: 'plant', timeoutMs: 500 });
  const other = batchOf(`machine,device=b temperature=1 ${start}`);
  peer.script = (asked) => (isWrite(asked) ? undefined : willing('v2-ping')(asked));
  const first = store.writer.write(one, state);
  await pause(250);
  const second = store.writer.write(other, state);
  t.equal((await first).outcome, 'temporary');
  peer.script = willing('v2-ping');
  const again = store.writer.write(one, state);
  t.equal((await second).outcome, 'temporary', 'the other is given up while the first is sent again');
  t.equal((await again).outcome, 'stored');
  const startMs = performance.now();
  t.equal((await store.writer.write(other, state)).outcome, 'stored');
  t.ok(performance.now() - startMs >= 990, 'and is waited for once it is answered itself');
});

await t.test(
  'a batch that was given up is waited for when it is answered, however often others were before',
  async (t) => {
    const peer = await openPeer(t, willing('v2-ping'));
    const store = openStore(t, peer.url, { token: 'T', org: 'works', bucket: 'plant', timeoutMs: 500 });
    const other = batchOf(`machine,device=b temperature=1 ${start}`);
    peer.script = (asked) => (isWrite(asked) ? undefined : willing('v2-ping')(asked));
    for (const { outcome } of await Promise.all([store.writer.write(one, state), store.writer.write(other, state)]))
      t.equal(outcome, 'temporary');
    peer.script = willing('v2-ping');
    for (const batch of [one, other]) {
      const startMs = performance.now();
      t.equal((await store.writer.write(batch, state)).outcome, 'stored');
      t.ok(performance.now() - startMs >= 990);
    }
  },
);

if (!influxdIsMissing('The InfluxDB writer on a real 1.x')) {
  const influxd = await new Influxd().start();
  t.teardown(() => influxd.stop());

  const valueOf = async (database: string): Promise<unknown> => {
    const answer = await influxd.query('SELECT temperature FROM machine', database);
    return (answer as { results: { series?: { values: unknown[][] }[] }[] }).results[0]?.series?.[0]?.values[0]?.[1];
  };

  await t.test('a write that was given up does not come after a newer correction', async (t) => {
    const proxy = await new HoldingProxy(influxd.url).start();
    t.teardown(() => proxy.stop());
    const store = openStore(t, proxy.url, { database: 'order', timeoutMs: 1000 });
    await store.start();
    const old = batchOf(`machine,device=a temperature=1 ${start}`);
    const corrected = batchOf(`machine,device=a temperature=2 ${start}`);
    proxy.isHolding = true;
    t.match(await store.writer.write(old, state), { outcome: 'temporary', reason: /in time/ });
    t.ok(proxy.heldBytes > 0, 'its bytes are on their way');
    proxy.isHolding = false;
    const late = pause(500).then(() => proxy.letGo());
    t.same(await store.writer.write(old, state), { outcome: 'stored' });
    t.same(await store.writer.write(corrected, state), { outcome: 'stored' });
    t.match(await late, /^HTTP\/1\.1 204/, 'the server carried it out all the same');
    t.equal(await valueOf('order'), 2);
  });

  await t.test('a server that was stopped carries out what it had, and the correction stays', async (t) => {
    const store = openStore(t, influxd.url, { database: 'stopped', timeoutMs: 300 });
    await store.start();
    for (let round = 1; round <= 5; round++) {
      const deliver = async (batch: WriteBatch) => {
        while ((await store.writer.write(batch, state)).outcome !== 'stored') await pause(50);
      };
      await influxd.pause();
      const old = batchOf(`machine,device=a temperature=${-round} ${start}`);
      t.equal((await store.writer.write(old, state)).outcome, 'temporary');
      influxd.resume();
      await deliver(old);
      await deliver(batchOf(`machine,device=a temperature=${round} ${start}`));
      t.equal(await valueOf('stopped'), round);
    }
  });

  await t.test('points that its retention policy would drop are refused in its words', async (t) => {
    await influxd.query('CREATE DATABASE "short" WITH DURATION 1h');
    const store = openStore(t, influxd.url, { database: 'short' });
    const now = BigInt(Date.now()) * 1_000_000n;
    const batch = batchOf(`machine,device=a temperature=1 ${start}`, `machine,device=b temperature=2 ${now}`);
    t.match(await store.writer.write(batch, state), {
      outcome: 'permanent',
      reason: /points beyond retention policy.*dropped=1/,
    });
    t.equal(await valueOf('short'), 2, 'the other line is there');
  });

  await t.test('a user who may not make the database learns why nothing is stored', async (t) => {
    const guarded = await new Influxd({ authentication: true }).start();
    t.teardown(() => guarded.stop());
    await guarded.query(`CREATE USER "root" WITH PASSWORD 'geheim' WITH ALL PRIVILEGES`);
    const root = openStore(t, guarded.url, { username: 'root', password: 'geheim', database: 'plant' });
    t.equal((await root.writer.write(one, state)).outcome, 'stored');
    const asRoot = new URLSearchParams({ u: 'root', p: 'geheim' });
    for (const q of [`CREATE USER "writer" WITH PASSWORD 'x'`, `GRANT WRITE ON "plant" TO "writer"`])
      await fetch(`${guarded.url}/query?${asRoot}`, { method: 'POST', body: new URLSearchParams({ q }) });
    const writer = { username: 'writer', password: 'x' };
    const allowed = openStore(t, guarded.url, { ...writer, database: 'plant' });
    t.same(await allowed.writer.write(one, state), { outcome: 'stored' }, 'a database that is there');
    const other = openStore(t, guarded.url, { ...writer, database: 'other' });
    t.match(await other.writer.write(one, state), { outcome: 'temporary', reason: /could not be made: .*privilege/ });
  });
}

if (!victoriaMetricsIsMissing('The InfluxDB writer on /api/v2/write')) {
  await t.test('a server of somebody else takes our lines at /api/v2/write, value by value', async (t) => {
    const victoria = await new VictoriaMetrics().start();
    t.teardown(() => victoria.stop());
    for (const url of [victoria.url, victoria.url.replace('127.0.0.1', '0.0.0.0')]) {
      const type = url === victoria.url ? 'plain' : 'zipped';
      const store = openStore(t, url, { token: 'T', org: 'works', bucket: 'plant' });
      const lines = Array.from(
        { length: 500 },
        (_, n) =>
          `${type},device=d-${n % 5},site=a\\ b temperature=${n}.5,count=${n}i,ok=true,note="x" ${start + BigInt(n) * 1_000_000n}`,
      );
      t.same(await store.writer.write(batchOf(...lines), state), { outcome: 'stored' });
      const series = await victoria.export(`${type}_.*`);
      const names = new Set(series.map(({ metric }) => metric['__name__']));
      t.ok(['count', 'ok', 'temperature'].every((field) => names.has(`${type}_${field}`)));
      const temperatures = series.filter(({ metric }) => metric['__name__'] === `${type}_temperature`);
      t.equal(temperatures.length, 5);
      const third = temperatures.find(({ metric }) => metric['device'] === 'd-3')!;
      t.equal(third.metric['site'], 'a b');
      t.same(
        third.values,
        Array.from({ length: 100 }, (_, k) => k * 5 + 3.5),
      );
      t.equal(third.timestamps[0], Number(start / 1_000_000n) + 3);
    }
  });
}

await t.test('a device is deleted in the way that each version has', async (t) => {
  const user = { username: 'root', password: 'geheim', database: 'plant' };
  const token = { token: 'T', org: 'works', bucket: 'plant' };
  const always = { start: '1677-09-21T00:12:44Z', stop: '2262-04-11T23:47:16Z' };
  const dropSeries = new URLSearchParams({ q: `DROP SERIES WHERE "device" = 'a'` }).toString();
  const deletion = new URLSearchParams({ q: `DELETE WHERE "device" = 'a'` }).toString();
  const byPredicate = JSON.stringify({ ...always, predicate: 'device="a"' });
  const cases: [ping: string, settings: Partial<InfluxSettings>, address: string, body: string][] = [
    ['v1.8-ping', user, '/query?db=plant', dropSeries],
    ['v2-ping', token, '/api/v2/delete?org=works&bucket=plant', byPredicate],
    ['v2-ping', { ...token, org: undefined }, '/api/v2/delete?orgID=03a2bbf46249a000&bucket=plant', byPredicate],
    ['v2-ping', user, '/query?db=plant', deletion],
  ];
  for (const [ping, settings, address, body] of cases) {
    const peer = await openPeer(t, willing(ping));
    const store = openStore(t, peer.url, settings);
    t.same(await store.writer.remove('a'), { outcome: 'removed' }, `${ping} ${address}`);
    t.match(peer.asked.at(-1), { method: 'POST', url: address, body });
  }
  const peer = await openPeer(t, willing('v3-ping'));
  const store = openStore(t, peer.url, { token: 'T', database: 'plant' });
  t.same(await store.writer.remove('a'), { outcome: 'permanent', reason: 'InfluxDB 3.x does not delete readings' });
});

await t.test('a removal without an answer is repeated before anything newer is written', async (t) => {
  const peer = await openPeer(t, willing('v2-ping'));
  const store = openStore(t, peer.url, { token: 'T', org: 'works', bucket: 'plant', timeoutMs: 500 });
  const isRemoval = ({ url }: { url: string }) => url.startsWith('/api/v2/delete');
  peer.script = (asked) => (isRemoval(asked) ? undefined : willing('v2-ping')(asked));
  t.match(await store.writer.remove('a'), { outcome: 'temporary' });
  t.match(await store.writer.write(one, state), { outcome: 'temporary' }, 'it might be carried out behind the write');
  t.equal(peer.asked.filter(isWrite).length, 0);
  peer.script = willing('v2-ping');
  const writes = [store.writer.write(one, state)];
  await pause(300);
  writes.push(store.writer.write(one, state));
  await pause(300);
  t.equal(peer.asked.filter(isWrite).length, 0, 'nor before what was given up has had its time, whoever writes');
  t.same(await Promise.all(writes), [{ outcome: 'stored' }, { outcome: 'stored' }]);
  t.equal(peer.asked.filter(isRemoval).length, 3);
  t.ok(peer.asked.findLastIndex(isRemoval) < peer.asked.findIndex(isWrite));
  t.same(await store.writer.write(one, state), { outcome: 'stored' });
  t.equal(peer.asked.filter(isRemoval).length, 3, 'and not again');
});

await t.test('a 2.x that maps no database to the bucket is told to, where it lets us', async (t) => {
  const unmapped: { status: number; body: unknown }[] = [
    fixture('v2-dbrp-missing') as { status: number; body: unknown },
    { status: 200, body: { results: [{ statement_id: 0, error: 'database not found: plant' }] } },
  ];
  for (const missing of unmapped) {
    const mappings: unknown[] = [];
    const peer = await openPeer(t, (asked) => {
      if (asked.url === '/api/v2/dbrps') {
        mappings.push(JSON.parse(asked.body));
        return fixture('v2-dbrp-made');
      }
      if (asked.url.startsWith('/query') && mappings.length === 0) return missing;
      return willing('v2-ping')(asked);
    });
    const store = openStore(t, peer.url, { token: 'T', org: 'works', bucket: 'plant' });
    t.same(await store.reader.kinds(), []);
    t.same(mappings, [
      {
        bucketID: '0a1b2c3d4e5f6071',
        database: 'plant',
        default: true,
        orgID: '03a2bbf46249a000',
        retention_policy: 'autogen',
      },
    ]);
  }
  const peer = await openPeer(t, (asked) => {
    if (asked.url === '/api/v2/dbrps') return fixture('v2-bucket-forbidden');
    return asked.url.startsWith('/query') ? fixture('v2-dbrp-missing') : willing('v2-ping')(asked);
  });
  const store = openStore(t, peer.url, { token: 'T', org: 'works', bucket: 'plant' });
  t.same(await store.writer.write(one, state), { outcome: 'stored' }, 'writing needs no mapping');
  await t.rejects(store.reader.kinds(), { message: /unable to find DBRP.*could not be mapped: insufficient perm/ });
  const mapped = await openPeer(t, willing('v2-ping'));
  await openStore(t, mapped.url, { token: 'T', org: 'works', bucket: 'plant' }).start();
  t.equal(mapped.askedFor('/api/v2/dbrps').length, 0, 'a newer one is left as it is');
});
