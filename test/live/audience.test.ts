import { array, assert, constant, nat, oneof, property, record } from 'fast-check';
import t from 'tap';
import { Audience, type Listener, type PreparedPart } from '../../src/live/audience.js';
import { CompiledFilter } from '../../src/live/filter.js';
import { Place } from '../../src/live/place.js';
import { Readings } from '../../src/live/readings.js';
import type { Selected } from '../../src/live/selected.js';
import { SeriesDirectory } from '../../src/live/series.js';

const instance = '0a1b2c3d';
const directory = new SeriesDirectory();

/** The number of each reading that came, which is its position too. */
class Numbers implements Listener {
  readonly joinedAt: number;
  readonly got: number[] = [];
  messages = 0;
  mostSelected = 0;

  constructor(joinedAt: number) {
    this.joinedAt = joinedAt;
  }

  receive(selected: Selected, parts: readonly PreparedPart[], end: Place): void {
    const texts: string[] = [];
    for (const { message } of parts) texts.push(message.readings);
    const read = (JSON.parse(`[${texts.join(',')}]`) as { fields: { a: number } }[]).map(({ fields }) => fields.a);
    const held = selected.indexes.slice(parts[0]!.from).map((index, at) => {
      return selected.passages[parts[0]!.from + at]!.readings.position + index;
    });
    if (String(read) !== String(held))
      throw new Error(`messages have ${String(read)}, and ${String(held)} would be held`);
    if (end.at(instance) !== read.at(-1)! + 1) throw new Error(`${end.at(instance)} is not behind ${String(read)}`);
    this.got.push(...read);
    this.messages++;
    this.mostSelected = Math.max(this.mostSelected, selected.length);
  }

  miss(): void {
    throw new Error('nothing is missing');
  }

  sendCursor(): void {
    throw new Error('nobody is quiet');
  }
}

class Rig {
  readonly audience = new Audience('', new CompiledFilter({}), false);
  readonly listeners: Numbers[] = [];
  added = 0;

  get place(): Place {
    return Place.of(instance, this.added);
  }

  join(): Numbers {
    const listener = new Numbers(this.added);
    this.listeners.push(listener);
    this.audience.join(listener, this.place);
    return listener;
  }

  leave(at: number): void {
    const [left] = this.listeners.splice(at % this.listeners.length, 1);
    if (left) this.audience.leave(left);
  }

  add(): void {
    const position = this.added;
    const payload = `pump,device=d1 a=${position} 1700000000000000000\n`;
    const readings = new Readings(instance, { position, count: 1, payload }, directory);
    const base = this.place;
    this.added++;
    if (this.listeners.length > 0) this.audience.add({ readings, base }, 0);
  }

  serve(turns: number): void {
    while (turns-- > 0 && this.audience.serveNext(this.place));
  }

  expectedOf({ joinedAt }: Numbers): number[] {
    return Array.from({ length: this.added - joinedAt }, (_, at) => joinedAt + at);
  }
}

await t.test('each gets every reading once, in order, whoever comes and goes while a round is under way', async () => {
  const event = oneof(
    { weight: 3, arbitrary: record({ kind: constant('join' as const), at: constant(0) }) },
    { weight: 3, arbitrary: record({ kind: constant('add' as const), at: constant(0) }) },
    { weight: 1, arbitrary: record({ kind: constant('leave' as const), at: nat(20) }) },
    { weight: 4, arbitrary: record({ kind: constant('serve' as const), at: nat(3) }) },
  );
  assert(
    property(array(event, { maxLength: 60 }), (events) => {
      const rig = new Rig();
      for (const { kind, at } of events) {
        if (kind === 'serve') rig.serve(at);
        else if (kind === 'leave') rig.leave(at);
        else rig[kind]();
        for (const listener of rig.listeners) {
          const place = rig.audience.placeOf(listener, rig.place)!.at(instance);
          const next = (listener.got.at(-1) ?? listener.joinedAt - 1) + 1;
          if (place !== next) throw new Error(`it is at ${next}, and is said to be at ${place}`);
        }
      }
      rig.serve(Infinity);
      if (rig.listeners.length > 0 && !rig.audience.isLevel) throw new Error('somebody lacks something');
      for (const listener of rig.listeners) {
        if (String(listener.got) !== String(rig.expectedOf(listener)))
          throw new Error(`got ${String(listener.got)}, not ${String(rig.expectedOf(listener))}`);
      }
    }),
    { numRuns: 2_000 },
  );
});

await t.test('a reading that comes while a round is under way reaches all within the length of a round', async (t) => {
  const rig = new Rig();
  for (let count = 0; count < 10; count++) rig.join();
  rig.add();
  rig.serve(4);
  rig.add();
  rig.serve(10);
  t.ok(rig.audience.isLevel);
  t.same(
    rig.listeners.map(({ got, messages }) => [got, messages]),
    rig.listeners.map((_, at) => [[0, 1], at < 4 ? 2 : 1]),
    'those that had not had their turn get both at once',
  );
});

await t.test('what everybody has is forgotten, also while something is always under way', async (t) => {
  const rig = new Rig();
  for (let count = 0; count < 10; count++) rig.join();
  for (let count = 0; count < 1_000; count++) {
    rig.add();
    rig.serve(3);
  }
  const kept = Math.max(...rig.listeners.map(({ mostSelected }) => mostSelected));
  t.ok(kept > 1 && kept < 10, `${kept} readings were kept`);
});
