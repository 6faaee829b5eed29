import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { collectGarbage } from '../../bench/garbage.js';
import { FeedMemory } from '../../src/live/memory.js';
import { Readings } from '../../src/live/readings.js';
import { SeriesDirectory } from '../../src/live/series.js';

const bounds = { recentCharacters: 1024 * 1024, recentEntries: 4096, windows: 2 };
const source = { tail: 0, read: async () => [] };
const directory = new SeriesDirectory();

function entry(position: number, characters: number): Readings {
  return new Readings('0a1b2c3d', { position, count: 1, payload: 'x'.repeat(characters) }, directory);
}

await t.test('of what was published, no more is held than there may be at hand, whatever its size', async (t) => {
  const memory = new FeedMemory('0a1b2c3d', source, directory, bounds);
  const given: WeakRef<Readings>[] = [];
  const remember = (characters: number) => {
    const readings = entry(given.length, characters);
    given.push(new WeakRef(readings));
    memory.remember(readings);
  };
  // Small ones, large ones, and both in turn: each kind pushes the other out.
  for (let n = 0; n < 1000; n++) remember(100);
  for (let n = 0; n < 1000; n++) remember(64 * 1024);
  for (let n = 0; n < 1000; n++) remember(n % 50 === 0 ? 256 * 1024 : 10);
  // What was reached in this go of the program is held until its end.
  await turn();
  collectGarbage();
  const held = given.flatMap((one) => one.deref() ?? []);
  const characters = held.reduce((sum, readings) => sum + readings.characters, 0);
  t.ok(characters <= 3 * bounds.recentCharacters, `${characters} characters are held`);
  const atHand = memory.recentFrom(memory.recentTail!);
  t.ok(held.length >= atHand.length && atHand.length > 0, 'and those that may be are');
});
