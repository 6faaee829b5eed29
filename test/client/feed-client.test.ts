import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import {
  FeedClient,
  type FeedClientOptions,
  type Gap,
  type SubscribeOptions,
  type Subscription,
} from '../../src/client/index.js';
import { quickBackoff } from './device-promises.js';
import { LivePeer } from './live-peer.js';

interface Viewer {
  peer: LivePeer;
  feed: FeedClient;
  subscription: Subscription;
  seen: number[];
  snapshots: number;
  gaps: Gap[];
  errors: string[];
  states: string[];
}

async function watch(t: Test, options: SubscribeOptions = {}, more: Partial<FeedClientOptions> = {}): Promise<Viewer> {
  const peer = new LivePeer();
  await peer.start();
  const states: string[] = [];
  const feed = new FeedClient({
    url: peer.url,
    WebSocket,
    backoff: quickBackoff,
    onState: (state) => void states.push(state),
    ...more,
  });
  const viewer = { peer, feed, seen: [] as number[], snapshots: 0, gaps: [] as Gap[], errors: [] as string[], states };
  const subscription = feed.subscribe(options, {
    onSnapshot: () => void viewer.snapshots++,
    onReadings: (readings) => void viewer.seen.push(...readings.map(({ ts }) => ts)),
    onGap: (gap) => void viewer.gaps.push(gap),
    onError: ({ code }) => void viewer.errors.push(code),
  });
  t.teardown(async () => {
    feed.stop();
    await peer.stop();
  });
  feed.start();
  return Object.assign(viewer, { subscription });
}

/** Waits until something is so, for two seconds at most. */
async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 400 && !isSo(); tries++) await new Promise((resolve) => setTimeout(resolve, 5));
}

const subscribes = ({ peer }: Viewer): SubscribeOptions[] => peer.commands.flatMap(({ subscribe }) => subscribe ?? []);

await t.test('after a cut exactly what was missed comes, once and in order', async (t) => {
  const viewer = await watch(t, { devices: ['boiler-*'], snapshot: true });
  await until(() => viewer.snapshots === 1);
  for (let round = 0; round < 5; round++) {
    viewer.peer.publish(3);
    await until(() => viewer.seen.length === round * 5 + 3);
    viewer.peer.cut();
    viewer.peer.publish(2);
    await until(() => viewer.seen.length === round * 5 + 5);
  }
  t.same(
    viewer.seen,
    Array.from({ length: 25 }, (_, n) => n + 1),
  );
  t.same(viewer.gaps, []);
  t.equal(viewer.snapshots, 1);
  t.equal(viewer.subscription.cursor, '25');
  t.same(subscribes(viewer)[1], { devices: ['boiler-*'], cursor: '3' }, 'a cursor goes without snapshot and history');
});

await t.test('a cursor kept from earlier goes on from there', async (t) => {
  const viewer = await watch(t, { cursor: '0' });
  viewer.peer.publish(4);
  await until(() => viewer.seen.length === 4);
  t.same(viewer.seen, [1, 2, 3, 4]);
  t.same(viewer.gaps, []);
});

await t.test('where the server cannot resume, there is a gap, never silence', async (t) => {
  const reasons = { gap: 'cursor_too_old', error: 'not_resumed', ignored: 'not_resumed' } as const;
  for (const [resume, reason] of Object.entries(reasons)) {
    const viewer = await watch(t);
    viewer.peer.resume = resume as keyof typeof reasons;
    await until(() => viewer.subscription.cursor !== undefined);
    viewer.peer.cut();
    viewer.peer.publish(2);
    await until(() => viewer.gaps.length > 0);
    t.match(viewer.gaps, [{ reason }], resume);
    t.equal(viewer.gaps.length, 1, 'said once');
    viewer.peer.publish(1);
    await until(() => viewer.seen.length > 0);
    t.same(viewer.seen, [3], 'and it goes on live');
  }
});

await t.test('a break before the snapshot came begins again from the snapshot', async (t) => {
  const viewer = await watch(t, { snapshot: true });
  viewer.peer.sendsSnapshot = false;
  await until(() => subscribes(viewer).length === 1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.equal(viewer.subscription.cursor, undefined, 'subscribed, but no place to go on from yet');
  viewer.peer.sendsSnapshot = true;
  viewer.peer.cut();
  await until(() => viewer.snapshots === 1);
  t.equal(viewer.snapshots, 1);
  t.same(subscribes(viewer)[1], { snapshot: true });
});

await t.test('a command refused for now is asked again, one refused for good is reported and forgotten', async (t) => {
  const patient = await watch(t);
  patient.peer.busyFor = 2;
  await until(() => patient.subscription.cursor !== undefined);
  t.equal(subscribes(patient).length, 3);
  t.same(patient.errors, []);

  const wrong = await watch(t, { devices: [''] });
  await until(() => wrong.errors.length > 0);
  t.same(wrong.errors, ['invalid_filter']);
  wrong.peer.cut();
  await until(() => wrong.peer.connections === 2);
  t.equal(subscribes(wrong).length, 1);
});

await t.test('a connection on which pings stay unanswered is left', async (t) => {
  const viewer = await watch(t, {}, { pingIntervalMs: 10, answerTimeoutMs: 30 });
  await until(() => viewer.peer.commands.some(({ ping }) => ping !== undefined));
  viewer.peer.answersPings = false;
  await until(() => viewer.peer.connections >= 2);
  t.ok(viewer.peer.connections >= 2);
  t.ok(viewer.states.includes('waiting'));
});

await t.test('a restart is followed, a refusal is not', async (t) => {
  const viewer = await watch(t);
  await until(() => viewer.subscription.cursor !== undefined);
  viewer.peer.close(1012);
  await until(() => viewer.peer.connections === 2);
  t.equal(viewer.peer.connections, 2);
  await until(() => subscribes(viewer).length === 2);
  viewer.peer.close(4403);
  await until(() => viewer.states.includes('failed'));
  t.equal(viewer.states.at(-1), 'failed');
  t.equal(viewer.peer.connections, 2);
});

await t.test('a closed subscription is ended at the server and gets nothing more', async (t) => {
  const viewer = await watch(t);
  await until(() => viewer.subscription.cursor !== undefined);
  viewer.subscription.close();
  await until(() => viewer.peer.commands.some(({ unsubscribe }) => unsubscribe !== undefined));
  viewer.peer.publish(1);
  viewer.peer.cut();
  await until(() => viewer.peer.connections === 2);
  t.same(viewer.seen, []);
  t.equal(subscribes(viewer).length, 1);
});

await t.test('a restart that names a delay is waited for; another close is not', async (t) => {
  const delays: [number, string][] = [
    [1012, 'restart; retry-after-ms=700'],
    [1001, 'restart'],
  ];
  for (const [code, reason] of delays) {
    const viewer = await watch(t, {});
    await until(() => viewer.peer.commands.length === 1);
    const closedMs = Date.now();
    viewer.peer.close(code, reason);
    await until(() => viewer.peer.connections === 2);
    t.equal(viewer.peer.connections, 2);
    const waitedMs = Date.now() - closedMs;
    if (code === 1012) t.ok(waitedMs >= 690, 'not sooner', { waitedMs });
  }
});
