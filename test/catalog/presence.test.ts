import { array, assert as check, constantFrom, integer, oneof, property, record } from 'fast-check';
import { mock } from 'node:test';
import path from 'node:path';
import t from 'tap';
import { readSnapshot, writeSnapshot } from '../../src/catalog/snapshot.js';
import { hourMs, looksDuring, minuteMs, PresenceRig, secondMs, startMs } from './presence-rig.js';

t.beforeEach(() => mock.timers.enable({ apis: ['setInterval', 'Date'], now: startMs }));
t.afterEach(() => mock.timers.reset());

function started(): PresenceRig {
  const rig = new PresenceRig();
  rig.start();
  return rig;
}

await t.test('a device is online with its first reading, and offline when it was silent for a minute', async (t) => {
  const rig = started();
  rig.send('d1');
  t.equal(rig.state('d1'), 'online');
  t.same(rig.told(), ['d1 online 0']);
  rig.pass(minuteMs);
  t.equal(rig.state('d1'), 'online', 'a minute is not too long');
  rig.pass(2 * secondMs);
  t.equal(rig.state('d1'), 'offline');
  t.same(rig.told(), ['d1 offline 61']);
  t.match(rig.catalog.devices({ prefix: '', after: null, limit: 1 }), [{ device: 'd1', state: 'offline' }]);
  rig.pass(hourMs);
  rig.send('d1');
  t.same(rig.told(), ['d1 online 3662']);
});

await t.test('a device that goes on sending makes no noise', async (t) => {
  const rig = started();
  for (let sent = 0; sent < 100; sent++) {
    rig.send('d1');
    rig.pass(7 * secondMs);
  }
  t.same(rig.told(), ['d1 online 0']);
});

await t.test('an open stream keeps a device online however silent it is', async (t) => {
  const rig = started();
  rig.send('d1');
  rig.catalog.countStream('d1', 1);
  rig.pass(hourMs);
  t.same(rig.told(), ['d1 online 0']);
  t.equal(rig.state('d1'), 'online');
});

await t.test('a stream that is opened makes a device online', async (t) => {
  const rig = started();
  rig.send('d1');
  rig.pass(2 * minuteMs);
  rig.told();
  t.ok(rig.catalog.countStream('d1', 1));
  t.same(rig.told(), ['d1 online 120']);
  t.notOk(rig.catalog.countStream('d2', 1), 'one that was never heard of is not known by that');
});

await t.test(
  'who comes back within a minute behind a stream makes no noise, and who does not is offline',
  async (t) => {
    const rig = started();
    rig.send('d1');
    rig.catalog.countStream('d1', 1);
    for (let again = 0; again < 5; again++) {
      rig.pass(hourMs);
      rig.catalog.countStream('d1', -1);
      rig.pass(minuteMs - secondMs);
      rig.catalog.countStream('d1', 1);
    }
    t.same(rig.told(), ['d1 online 0']);
    rig.catalog.countStream('d1', 1);
    rig.catalog.countStream('d1', -1);
    rig.pass(hourMs);
    t.same(rig.told(), [], 'it has another stream');
    const closedMs = Date.now();
    rig.catalog.countStream('d1', -1);
    rig.pass(hourMs);
    const [offline] = rig.changes;
    t.equal(rig.changes.length, 1);
    t.equal(offline?.state, 'offline');
    t.ok(offline!.at - closedMs >= minuteMs && offline!.at - closedMs <= minuteMs + 2 * secondMs);
  },
);

await t.test('a device that sends each hour is not called offline after a minute, but after three hours', async (t) => {
  const rig = started();
  rig.send('d1');
  rig.pass(hourMs);
  t.same(rig.told(), ['d1 online 0', 'd1 offline 61'], 'what is usual is not known yet');
  for (let hour = 0; hour < 10; hour++) {
    rig.send('d1');
    rig.pass(hourMs);
  }
  t.same(rig.told(), ['d1 online 3600']);
  rig.pass(2 * hourMs - secondMs);
  t.same(rig.told(), []);
  rig.pass(3 * secondMs);
  t.equal(rig.state('d1'), 'offline');
});

await t.test('what is sent at once counts once: an hourly dozen of batches is hourly', async (t) => {
  const rig = started();
  for (let hour = 0; hour < 5; hour++) {
    for (let batch = 0; batch < 12; batch++) {
      rig.send('d1', 'd1');
      rig.pass(0.8 * secondMs);
    }
    rig.told();
    rig.pass(hourMs - 12 * 0.8 * secondMs);
  }
  t.same(rig.told(), []);
  t.equal(rig.state('d1'), 'online');
});

await t.test('a long silence is forgotten by a device that sends often', async (t) => {
  const rig = started();
  const sendFor = (ms: number) => {
    for (let gone = 0; gone < ms; gone += 5 * secondMs) {
      rig.send('d1');
      rig.pass(5 * secondMs);
    }
  };
  sendFor(10 * minuteMs);
  rig.pass(8 * hourMs);
  sendFor(10 * minuteMs);
  rig.told();
  rig.pass(2 * minuteMs);
  t.equal(rig.state('d1'), 'offline');
});

await t.test('a new series of a device that is online is told with its state', async (t) => {
  const rig = started();
  rig.send('d1');
  rig.pass(10 * secondMs);
  rig.sendOf('valve', 'd1');
  rig.sendOf('valve', 'd1');
  const [first, second, ...others] = rig.changes;
  t.match(first, { state: 'online', at: startMs, added: undefined, series: [{ type: 'pump' }] });
  t.match(second, { state: 'online', at: startMs, added: { type: 'valve' }, series: { length: 2 } });
  t.ok(second!.change > first!.change);
  t.same(others, []);
});

await t.test('a device that is deleted is told as offline, and is new when it comes again', async (t) => {
  const rig = started();
  rig.send('d1', 'd2');
  rig.catalog.countStream('d2', 1);
  rig.told();
  rig.catalog.forgetDevice('d1');
  rig.catalog.forgetDevice('d2');
  t.same(rig.told(), ['d1 offline 0', 'd2 offline 0']);
  t.same([...rig.catalog.presence.states(0)], []);
  rig.pass(2 * minuteMs);
  t.same(rig.told(), [], 'and nothing is left of it that could be late');
  rig.catalog.countStream('d2', -1);
  rig.send('d1');
  t.same(rig.told(), ['d1 online 120']);
});

await t.test('silence does not count while the process did not run', async (t) => {
  const rig = started();
  rig.send('d1');
  mock.timers.tick(hourMs);
  rig.pass(30 * secondMs);
  t.same(rig.told(), ['d1 online 0']);
  rig.pass(35 * secondMs);
  t.equal(rig.state('d1'), 'offline');
});

/** The same catalog in another process: from its snapshot, some time later. */
async function restarted(rig: PresenceRig, file: string, awayMs: number): Promise<PresenceRig> {
  rig.stop();
  const head = { position: 0, atMs: Date.now() };
  await writeSnapshot(file, rig.catalog, head);
  mock.timers.tick(awayMs);
  const again = new PresenceRig();
  const found = await readSnapshot(file, again.catalog);
  again.start(found?.atMs);
  return again;
}

await t.test('a restart tells nothing, however long it took: devices are what they were', async (t) => {
  const before = started();
  before.send('gone');
  before.pass(5 * minuteMs);
  for (let hour = 0; hour < 4; hour++) {
    before.send('hourly', 'steady', 'streaming', 'silent');
    before.pass(hourMs);
  }
  before.catalog.countStream('streaming', 1);
  before.send('silent', 'steady');
  const states = () => [...rig.catalog.presence.states(0)].map(({ device, state, at }) => ({ device, state, at }));
  let rig = before;
  const expected = states();
  const { lastChange } = before.catalog.presence;
  rig = await restarted(before, path.join(t.testdir(), 'catalog.ndjson'), hourMs);
  t.same(states(), expected);
  t.same(
    expected.map(({ device, state }) => `${device} ${state}`),
    ['gone offline', 'hourly online', 'steady online', 'streaming online', 'silent online'],
  );
  rig.send('steady', 'hourly');
  rig.pass(2 * hourMs);
  t.same(rig.told(), [], 'each has its whole patience again');
  t.equal(rig.catalog.presence.lastChange, lastChange);
  rig.send('gone');
  t.ok(rig.catalog.presence.lastChange > lastChange);
});

await t.test('behind a restart, who had been online and stays away is offline a minute later', async (t) => {
  const before = started();
  before.send('d1');
  const rig = await restarted(before, path.join(t.testdir(), 'catalog.ndjson'), hourMs);
  rig.pass(minuteMs);
  t.same(rig.told(), []);
  rig.pass(2 * secondMs);
  t.same(rig.told(), ['d1 offline 3661']);
});

await t.test('what the spool had behind the snapshot counts as it came', async (t) => {
  const rig = new PresenceRig();
  rig.send('early');
  mock.timers.tick(10 * minuteMs);
  rig.send('late');
  mock.timers.tick(hourMs);
  rig.start();
  t.same([rig.state('early'), rig.state('late')], ['offline', 'online']);
  t.same(rig.told(), []);
  t.same(
    [...rig.catalog.presence.states(0)].map(({ at }) => at - startMs),
    [minuteMs, 10 * minuteMs],
  );
});

await t.test('10,000 devices: a batch costs nothing, a round one look at each', async (t) => {
  const rig = started();
  const count = 10_000;
  const names = Array.from({ length: count }, (_, n) => `d${n}`);
  rig.send(...names);
  t.equal(rig.told().length, count);
  t.equal(
    looksDuring(() => {
      for (let batch = 0; batch < 20; batch++) rig.send(...names);
    }),
    0,
  );
  const looks = looksDuring(() => {
    for (let second = 0; second < 60; second += 10) {
      rig.send(...names);
      rig.pass(10 * secondMs);
    }
  });
  t.ok(looks <= 4 * count, 'two questions for a look', { looks });
  t.same(rig.told(), []);
  rig.pass(2 * minuteMs);
  t.equal(rig.told().length, count);
  t.equal(
    looksDuring(() => rig.pass(minuteMs)),
    0,
    'who is offline costs nothing',
  );
});

/** What happens to one device, and seconds that go by behind it. */
const event = record({
  action: constantFrom('send', 'send', 'open', 'close', 'wait'),
  seconds: oneof(integer({ min: 0, max: 15 }), integer({ min: 0, max: 90 }), integer({ min: 0, max: 900 })),
});

await t.test('at every moment a device is what the rule says, a tick late at most', async (t) => {
  check(
    property(array(event, { maxLength: 40 }), (events) => {
      mock.timers.reset();
      mock.timers.enable({ apis: ['setInterval', 'Date'], now: startMs });
      const rig = started();
      let [seenMs, countedMs, usualMs, endedMs, streams] = [0, 0, 0, 0, 0];
      for (const { action, seconds } of [{ action: 'send', seconds: 0 }, ...events]) {
        const now = Date.now();
        if (action === 'send') {
          rig.send('d1');
          if (countedMs > 0 && now - countedMs >= 10_000) {
            usualMs = usualMs === 0 ? now - countedMs : usualMs * 0.8 + (now - countedMs) * 0.2;
            countedMs = now;
          }
          countedMs ||= now;
          seenMs = now;
        } else if (action === 'open') {
          rig.catalog.countStream('d1', 1);
          streams++;
        } else if (action === 'close' && streams > 0) {
          rig.catalog.countStream('d1', -1);
          if (--streams === 0) endedMs = now;
        }
        for (let second = 0; second <= seconds; second++) {
          const deadlineMs = Math.max(seenMs + Math.max(60_000, 3 * usualMs), endedMs + 60_000);
          const isOnline = rig.state('d1') === 'online';
          if (streams > 0 || Date.now() <= deadlineMs) {
            if (!isOnline) return false;
          } else if (Date.now() > deadlineMs + secondMs && isOnline) return false;
          if (second < seconds) rig.pass(secondMs);
        }
      }
      rig.stop();
      return rig.changes.every(({ state }, n) => state === (n % 2 === 0 ? 'online' : 'offline'));
    }),
    { numRuns: 300 },
  );
  t.pass();
});
