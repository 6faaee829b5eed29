import t from 'tap';
import { checks, describeAccount, type Account } from '../../simulators/account.js';
import { Acknowledged, isSame } from '../../simulators/acknowledged.js';
import { Latencies } from '../../simulators/latencies.js';
import { sensors } from '../../simulators/sensors.js';

function acknowledged(): Acknowledged {
  const sensor = new Acknowledged('temperature');
  const readings = [1, 2, 2, 3].map((ts, at) => ({ device: 'm-1', ts, fields: { temperature: at } }));
  const rejections = [{ index: 3, code: 'schema' as const, path: '', message: '' }];
  sensor.answered({ readings, accepted: 3, rejected: 1, rejections, latencyMs: 1 });
  return sensor;
}

const whole = [
  { ts: 1, value: 0 },
  { ts: 2, value: 2 },
];

await t.test('of two values of one time the last one counts, and rejected readings do not', (t) => {
  const sensor = acknowledged();
  t.same([sensor.count, sensor.distinct, sensor.overwritten], [3, 2, 1]);
  t.ok(isSame(sensor.compare(whole)));
  t.end();
});

await t.test('whatever history lacks, changes, makes up or doubles is seen', (t) => {
  const sensor = acknowledged();
  const none = { missing: 0, wrong: 0, unknown: 0, doubled: 0 };
  t.same(sensor.compare(whole.slice(1)), { ...none, missing: 1 });
  t.same(sensor.compare([whole[0]!, { ts: 2, value: 1 }]), { ...none, wrong: 1 }, 'the earlier value is a wrong one');
  t.same(sensor.compare([whole[0]!, { ts: 2, value: '2' }]), { ...none, wrong: 1 });
  t.same(sensor.compare([...whole, { ts: 3, value: 3 }]), { ...none, unknown: 1 });
  t.same(sensor.compare([...whole, whole[0]!]), { ...none, doubled: 1 });
  t.same(sensor.compare([]), { ...none, missing: 2 });
  t.end();
});

function account(): Account {
  const comparison = { missing: 0, wrong: 0, unknown: 0, doubled: 0 };
  const counts = { sent: 10, accepted: 10, rejected: 0, live: 10, overwritten: 1, inHistory: 9, comparison };
  return {
    sensors: sensors.map((sensor) => ({ sensor, ...counts })),
    stats: { received: 40, accepted: 40, rejected: 0, stored: 40, quarantined: 0, discarded: 0, pending: 0 },
    live: { conflated: 0, gaps: 0 },
    resent: 0,
    latencies: { http: new Latencies(), ws: new Latencies() },
    sendingMs: 100,
    reading: { pages: 4, ms: 10 },
  };
}

const broken = (account: Account): number => checks(account).filter(({ kept }) => !kept).length;

await t.test('each broken promise shows, and only that one', (t) => {
  t.equal(broken(account()), 0);
  const faults: ((account: Account) => void)[] = [
    ({ sensors }) => (sensors[0]!.comparison.missing = 1),
    ({ sensors }) => (sensors[0]!.accepted = 9),
    ({ stats }) => (stats.received = 41),
    ({ stats }) => (stats.stored = 39),
    ({ stats }) => ((stats.stored = 39), (stats.pending = 1)),
    ({ sensors }) => (sensors[0]!.live = 9),
  ];
  for (const [at, spoil] of faults.entries()) {
    const spoilt = account();
    spoil(spoilt);
    t.equal(broken(spoilt), 1, `fault ${at}`);
    t.match(describeAccount(spoilt), '✗');
  }
  t.end();
});

await t.test('what was merged for a slow reader counts as seen, and a gap that was told is not silence', (t) => {
  const merged = account();
  merged.sensors[0]!.live = 7;
  merged.live.conflated = 3;
  t.equal(broken(merged), 0);
  const gap = account();
  gap.sensors[0]!.live = 7;
  gap.live.gaps = 1;
  t.equal(broken(gap), 0);
  t.end();
});
