import t from 'tap';
import { Backoff } from '../../src/client/backoff.js';

await t.test('pauses lie between nothing and a bound that doubles up to a maximum', (t) => {
  const longest = new Backoff({ firstMs: 100, maxMs: 1000, random: () => 1 });
  t.same(
    [1, 2, 3, 4, 5, 6].map(() => longest.nextMs()),
    [100, 200, 400, 800, 1000, 1000],
  );
  longest.reset();
  t.equal(longest.nextMs(), 100);
  const shortest = new Backoff({ random: () => 0 });
  t.same(
    [1, 2, 3].map(() => shortest.nextMs()),
    [0, 0, 0],
  );
  t.end();
});

await t.test('what the server asked for is kept, and the jitter comes on top', (t) => {
  const backoff = new Backoff({ firstMs: 100, random: () => 0.5 });
  t.equal(backoff.nextMs(2000), 2050);
  t.end();
});

await t.test('a fleet that was cut off in one moment comes back spread out', (t) => {
  const pauses = Array.from({ length: 1000 }, () => new Backoff({ firstMs: 1000 }).nextMs());
  const perTenth = Array.from(
    { length: 10 },
    (_, tenth) => pauses.filter((ms) => Math.floor(ms / 100) === tenth).length,
  );
  t.ok(
    perTenth.every((devices) => devices > 50 && devices < 150),
    perTenth.join(' '),
  );
  t.end();
});
