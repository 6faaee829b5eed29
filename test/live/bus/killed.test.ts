/**
 * Two instances behind nginx, under load, of which one after the other is killed. Subscribers come back through nginx, to
 * whichever instance is there, with the cursor that they have. Nothing is sent twice, so what is seen twice was given twice.
 */
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { WebSocket } from 'ws';
import { FeedClient, type Gap } from '../../../src/client/index.js';
import { influxdIsMissing } from '../../servers/influxd.js';
import { mosquittoIsMissing } from '../../servers/mosquitto.js';
import { nginxIsMissing, startNginx } from '../../servers/nginx.js';
import { until } from '../../servers/until.js';
import { busOf, meet, startPair } from './pair.js';

const suite = 'Instances that are killed behind nginx';
const subscribers = 6;
const writers = 4;
const patienceMs = 60_000;

class Subscriber {
  readonly seen = new Map<number, number>();
  readonly gaps: Gap[] = [];
  readonly feed: FeedClient;

  constructor(url: string) {
    this.feed = new FeedClient({ url, WebSocket, backoff: { firstMs: 20, maxMs: 300 } });
    this.feed.subscribe(
      {},
      {
        onReadings: (readings) => {
          for (const { fields } of readings)
            this.seen.set(Number(fields['n']), (this.seen.get(Number(fields['n'])) ?? 0) + 1);
        },
        onGap: (gap) => void this.gaps.push(gap),
      },
    );
    this.feed.start();
  }

  get doubled(): number[] {
    return [...this.seen].filter(([, times]) => times > 1).map(([n]) => n);
  }

  lacks(numbers: readonly number[]): number[] {
    return numbers.filter((n) => !this.seen.has(n));
  }
}

if (!mosquittoIsMissing(suite) && !influxdIsMissing(suite) && !nginxIsMissing(suite)) {
  const { one, other } = await startPair(t);
  const nginx = await startNginx(t, [one.url, other.url]);
  const acked: number[] = [];
  let n = 0;

  const sendUntil = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const numbers = Array.from({ length: 5 }, () => ++n);
      const body = JSON.stringify(numbers.map((n) => ({ device: `d${n % 3}`, fields: { n } })));
      const headers = { 'content-type': 'application/json' };
      try {
        const { status } = await fetch(`${nginx.url}/v1/readings`, { method: 'POST', headers, body });
        if (status === 202) acked.push(...numbers);
      } catch {
        // Nobody knows what became of these: they may show or not.
      }
      await pause(5);
    }
  };

  await t.test('every acked reading comes once to each subscriber, whichever instance is killed', async (t) => {
    const all = Array.from({ length: subscribers }, () => new Subscriber(nginx.url));
    t.teardown(() => all.forEach(({ feed }) => feed.stop()));
    t.ok(
      await until(async () => subscribers === (await one.stats()).subscriptions + (await other.stats()).subscriptions),
    );
    const ending = new AbortController();
    const load = Array.from({ length: writers }, () => sendUntil(ending.signal));
    for (let kill = 0; kill < 4; kill++) {
      const [killed, left] = kill % 2 === 0 ? [one, other] : [other, one];
      await pause(200 + Math.random() * 800);
      const before = acked.length;
      await killed.kill9();
      await pause(Math.random() * 1000);
      t.ok(await until(async () => acked.length > before, patienceMs), 'the other one goes on');
      await killed.start();
      await meet(killed, left);
    }
    await Promise.all([one.kill9(), other.kill9()]);
    await Promise.all([one.start(), pause(500).then(() => other.start())]);
    await meet(one, other);
    await pause(500);
    ending.abort();
    await Promise.all(load);
    for (const subscriber of all) {
      await until(async () => subscriber.lacks(acked).length === 0, patienceMs);
      t.same(subscriber.doubled, [], 'nothing twice');
      t.same(subscriber.lacks(acked), [], `all ${acked.length} that were acked`);
      t.same(subscriber.gaps, [], 'nothing was said to be missing');
    }
    t.comment(`${acked.length} acked of ${n} sent; ${JSON.stringify([await busOf(one), await busOf(other)])}`);
  });
}
