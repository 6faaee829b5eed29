import { mock } from 'node:test';
import t from 'tap';
import { MemoryCatalog } from '../../src/catalog/memory-catalog.js';
import { decodeCursor } from '../../src/live/cursor.js';
import { InstanceFeed } from '../../src/live/feed.js';
import type { Subscriber } from '../../src/ports/feed.js';

const startMs = 1_700_000_000_000;
mock.timers.enable({ apis: ['setInterval', 'Date'], now: startMs });
t.teardown(() => mock.timers.reset());
const clock = { now: () => Date.now() };
const catalog = new MemoryCatalog(clock, []);

/** Keeps what it is sent. */
class Reader implements Subscriber {
  readonly messages: { cursor?: string; readings?: { fields: object }[] }[] = [];
  buffered = 0;
  slow = 0;

  send(message: string): void {
    this.messages.push(JSON.parse(message) as Reader['messages'][number]);
  }

  bufferedBytes(): number {
    return this.buffered;
  }

  tooSlow(): void {
    this.slow++;
  }
}

function openFeed(): InstanceFeed {
  const feed = new InstanceFeed({ instance: '0a1b2c3d', inventory: catalog, clock, position: 100 });
  feed.start();
  t.teardown(() => feed.stop());
  return feed;
}

function publish(feed: InstanceFeed, position: number, values: number[]): void {
  const payload = values.map((a) => `pump,device=d1 a=${a} ${startMs}000000\n`).join('');
  feed.publish({ position, count: values.length, payload });
}

const turn = () => new Promise(setImmediate);

await t.test('a subscription that nothing matches gets its place every 30 s', async (t) => {
  const feed = openFeed();
  const quiet = new Reader();
  feed.subscribe(quiet, 's1', { devices: ['nobody'] }, { snapshot: false }).begin();
  mock.timers.tick(15_000);
  const early = quiet.messages.length;
  publish(feed, 100, [1, 2]);
  await turn();
  t.equal(quiet.messages.length, early, 'readings of others do not show');
  for (let k = 0; k < 8; k++) mock.timers.tick(15_000);
  t.ok(quiet.messages.length >= 4, 'about every 30 s', { messages: quiet.messages.length });
  t.ok(quiet.messages.length <= 6);
  const last = quiet.messages.at(-1)!;
  t.same(Object.keys(last), ['subscription', 'cursor']);
  t.same([...decodeCursor(last.cursor!)!], [['0a1b2c3d', 102]], 'a place behind what was published');
});

await t.test('one that gets readings needs no more than their cursors', async (t) => {
  const feed = openFeed();
  const busy = new Reader();
  feed.subscribe(busy, 's1', {}, { snapshot: false }).begin();
  for (let k = 0; k < 10; k++) {
    publish(feed, 100 + k, [k]);
    await turn();
    mock.timers.tick(10_000);
  }
  t.equal(busy.messages.length, 10);
  t.ok(busy.messages.every(({ readings }) => readings?.length === 1));
});

await t.test(
  'what is published in one turn comes as one message; a subscription sees nothing from before it',
  async (t) => {
    const feed = openFeed();
    const first = new Reader();
    const second = new Reader();
    feed.subscribe(first, 's1', {}, { snapshot: false }).begin();
    publish(feed, 100, [1]);
    publish(feed, 101, [2, 3]);
    const late = feed.subscribe(second, 's1', {}, { snapshot: false });
    late.begin();
    t.same([...decodeCursor(late.cursor)!], [['0a1b2c3d', 103]]);
    publish(feed, 103, [4]);
    await turn();
    t.same(
      first.messages.map(({ readings }) => readings!.map(({ fields }) => fields)),
      [[{ a: 1 }, { a: 2 }, { a: 3 }], [{ a: 4 }]],
    );
    t.same(
      second.messages.map(({ readings }) => readings!.map(({ fields }) => fields)),
      [[{ a: 4 }]],
    );
  },
);

await t.test('many readings come in messages of 1,000, each with its own place', async (t) => {
  const feed = openFeed();
  const reader = new Reader();
  feed.subscribe(reader, 's1', {}, { snapshot: false }).begin();
  publish(
    feed,
    100,
    Array.from({ length: 2500 }, (_, k) => k),
  );
  await turn();
  t.same(
    reader.messages.map(({ readings }) => readings!.length),
    [1000, 1000, 500],
  );
  t.same(
    reader.messages.map(({ cursor }) => decodeCursor(cursor!)!.get('0a1b2c3d')),
    [1100, 2100, 2600],
  );
});

await t.test('one that leaves too much unread is told, an ended one gets nothing more', async (t) => {
  const feed = openFeed();
  const slow = new Reader();
  const handle = feed.subscribe(slow, 's1', {}, { snapshot: false });
  handle.begin();
  slow.buffered = 5 * 1024 * 1024;
  publish(feed, 100, [1]);
  await turn();
  t.equal(slow.slow, 1);
  handle.end();
  publish(feed, 101, [1]);
  await turn();
  t.equal(slow.messages.length, 1);
  t.equal(feed.subscriptionCount, 0);
});
