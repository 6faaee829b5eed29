import t from 'tap';
import type { Stats } from '../../../src/ports/operations.js';
import { influxdIsMissing, Influxd } from '../../servers/influxd.js';
import { startInlet, type InletProcess } from '../../servers/inlet.js';
import { until } from '../../servers/until.js';
import { LiveClient } from '../../live/live-client.js';
import { openStream } from '../stream-client.js';

/** Whether nothing is missing and nothing is counted twice. */
function isClosed(stats: Stats): boolean {
  const { received, accepted, rejected, stored, quarantined, discarded, pending, oldestPendingMs } = stats;
  const isSettled = oldestPendingMs === null;
  return (
    received === accepted + rejected &&
    accepted === stored + quarantined + discarded + pending &&
    isSettled === (pending === 0)
  );
}

/** Asks as fast as it can, while readings come over HTTP and the stream. @returns what was sent */
async function underLoad(
  service: InletProcess,
  ask: () => Promise<void>,
): Promise<{ accepted: number; rejected: number }> {
  const stream = await openStream(service.url);
  const [posts, frames] = [60, 800];
  const over = new AbortController();
  const asking = (async () => {
    while (!over.signal.aborted) await ask();
  })();
  const posting = (async () => {
    for (let k = 0; k < posts; k++) {
      const readings = Array.from({ length: 20 }, (_, n) => ({ device: `d${n}`, type: 'load', fields: { n } }));
      await service.post([...readings, { device: 'd1' }, 7]);
    }
  })();
  for (let seq = 1; seq <= frames; seq++) {
    stream.send({
      seq,
      readings: [{ device: 's1', type: 'load', fields: { n: seq } }, ...(seq % 10 === 0 ? [null] : [])],
    });
    if (seq % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await posting;
  for (;;) {
    const answer = await stream.next();
    if ('closed' in answer || answer.seq === frames) break;
  }
  over.abort();
  await asking;
  await stream.close();
  return { accepted: posts * 20 + frames, rejected: posts * 2 + frames / 10 };
}

await t.test('the sums of /v1/stats close at every moment', async (t) => {
  const service = await startInlet(t);
  let asked = 0;
  const open: Stats[] = [];
  const sent = await underLoad(service, async () => {
    const stats = await service.stats();
    asked++;
    if (!isClosed(stats)) open.push(stats);
  });
  t.same(open, [], `of ${asked} answers none is open`);
  t.ok(asked > 20, 'and many were asked for');
  await service.settled();
  t.match(await service.stats(), {
    ...sent,
    accepted: sent.accepted + 1,
    stored: sent.accepted + 1,
    pending: 0,
    oldestPendingMs: null,
    quarantined: 0,
    discarded: 0,
  });
});

await t.test('also while it is InfluxDB that takes the readings', async (t) => {
  if (influxdIsMissing('the sums of /v1/stats with InfluxDB')) return;
  const influxd = await new Influxd().start();
  t.teardown(() => influxd.stop());
  const service = await startInlet(t, { INLET_STORE: 'influxdb', INLET_INFLUX_URL: influxd.url });
  const open: Stats[] = [];
  await underLoad(service, async () => {
    const stats = await service.stats();
    if (!isClosed(stats)) open.push(stats);
  });
  t.same(open, []);
});

await t.test('/metrics has the figures of the stats, and its sums close too', async (t) => {
  const service = await startInlet(t);
  const open: unknown[] = [];
  await underLoad(service, async () => {
    const figures = await metrics(service);
    const of = (name: string) => figures.get(`inlet_readings_${name}`) ?? Number.NaN;
    const sums = [
      of('received') - of('accepted') - of('rejected'),
      of('accepted') - of('stored') - of('quarantined') - of('discarded') - of('pending'),
    ];
    if (sums.some((sum) => sum !== 0)) open.push(sums);
  });
  t.same(open, []);
  await service.settled();
  const [figures, stats] = [await metrics(service), await service.stats()];
  for (const name of ['received', 'accepted', 'rejected', 'stored', 'pending'] as const) {
    t.equal(figures.get(`inlet_readings_${name}`), stats[name], name);
  }
  t.equal(figures.get('inlet_spool_bytes'), stats.spoolBytes);
});

await t.test(
  '/metrics counts requests and how long they take, open sockets, their messages and sessions, and lags',
  async (t) => {
    const service = await startInlet(t);
    await service.post({ device: 'd1', fields: { a: 1 } });
    await service.post([]);
    await fetch(`${service.url}/v1/devices/d1`);
    await fetch(`${service.url}/v1/devices/d2`);
    const live = await LiveClient.open(t, service.url);
    await live.subscribe({});
    const stream = await openStream(service.url);
    stream.send({ seq: 1, device: 'd1', fields: { a: 1 } });
    await stream.next();
    await live.readings(1);
    const open = await metrics(service);
    t.equal(open.get('inlet_open_sockets{socket="stream"}'), 1);
    t.equal(open.get('inlet_open_sockets{socket="live"}'), 1);
    await stream.close();
    await live.close();
    t.ok(await until(async () => (await metrics(service)).get('inlet_open_sockets{socket="live"}') === 0));
    const expected: [figure: string, value: number][] = [
      ['inlet_http_request_duration_seconds_count{method="POST",route="/v1/readings",status="202"}', 1],
      ['inlet_http_request_duration_seconds_count{method="POST",route="/v1/readings",status="400"}', 1],
      ['inlet_http_request_duration_seconds_count{method="GET",route="/v1/devices/:device",status="200"}', 1],
      ['inlet_http_request_duration_seconds_count{method="GET",route="/v1/devices/:device",status="404"}', 1],
      ['inlet_open_sockets{socket="stream"}', 0],
      ['inlet_open_sockets{socket="live"}', 0],
      ['inlet_socket_messages_total{socket="stream",direction="in"}', 1],
      ['inlet_socket_messages_total{socket="stream",direction="out"}', 2],
      ['inlet_socket_messages_total{socket="live",direction="in"}', 1],
      ['inlet_socket_messages_total{socket="live",direction="out"}', 2],
      ['inlet_socket_session_seconds_count{socket="stream"}', 1],
      ['inlet_socket_session_seconds_count{socket="live"}', 1],
      ['inlet_devices', 1],
      ['inlet_series', 1],
    ];
    const closed = await metrics(service);
    for (const [figure, value] of expected) t.equal(closed.get(figure), value, figure);
    for (const figure of [
      'inlet_store_lag_seconds',
      'inlet_spool_bytes',
      'inlet_in_flight_bytes',
      'process_resident_memory_bytes',
    ]) {
      t.type(closed.get(figure), 'number', figure);
    }
  },
);

await t.test('a service that takes readings is ready', async (t) => {
  const service = await startInlet(t);
  t.same(await service.getJson('/healthz'), { status: 'ok' });
  t.same(await service.getJson('/readyz'), { status: 'ready' });
  const stats = await fetch(`${service.url}/v1/stats`);
  t.equal(stats.headers.get('cache-control'), 'no-store');
});

/** Name with labels to value. */
async function metrics(service: InletProcess): Promise<Map<string, number>> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line): [string, number] => [
      line.slice(0, line.lastIndexOf(' ')),
      Number(line.slice(line.lastIndexOf(' ') + 1)),
    ]),
  );
}
