import {
  array,
  assert as check,
  constantFrom,
  integer,
  nat,
  option,
  property,
  record,
  type Arbitrary,
} from 'fast-check';
import t from 'tap';
import { nowhere, Wheel, type OnWheel } from '../../src/domain/wheel.js';

const slotCount = 7;

interface Item extends OnWheel {
  readonly name: number;
  /** Where it asks to be placed when it is looked at; undefined to stay, 0 to leave. */
  next: number | undefined;
}

/** The same without slots: for each item the tick of its next look. */
class Plain {
  tick = 0;
  readonly due = new Map<number, number>();

  place(name: number, ticks: number): void {
    this.due.set(name, this.tick + Math.min(Math.max(ticks, 1), slotCount));
  }
}

interface Step {
  action: 'place' | 'remove' | 'turn';
  name: number;
  ticks: number;
  next: number | undefined;
}

const step: Arbitrary<Step> = record({
  action: constantFrom('place', 'remove', 'turn', 'turn', 'turn'),
  name: nat(5),
  ticks: integer({ min: -2, max: 12 }),
  next: option(nat(10), { nil: undefined }),
});

function isSame(some: readonly number[], others: readonly number[]): boolean {
  return some.length === others.length && some.every((one) => others.includes(one));
}

t.test('each is looked at when it is due, once, and again a round later while it stays', async () => {
  check(
    property(array(step, { maxLength: 120 }), (steps) => {
      const items = Array.from({ length: 6 }, (_, name): Item => ({ name, slot: nowhere, next: undefined }));
      const plain = new Plain();
      let looked: number[] = [];
      const wheel: Wheel<Item> = new Wheel(slotCount, 1_000, (item) => {
        looked.push(item.name);
        if (item.next === 0) wheel.remove(item);
        else if (item.next !== undefined) wheel.place(item, item.next);
      });
      for (const { action, name, ticks, next } of steps) {
        const item = items[name]!;
        if (action === 'place') {
          item.next = next;
          wheel.place(item, ticks);
          plain.place(name, ticks);
        } else if (action === 'remove') {
          wheel.remove(item);
          plain.due.delete(name);
        } else {
          looked = [];
          wheel.turn();
          plain.tick++;
          const expected = [...plain.due].flatMap(([one, due]) => (due === plain.tick ? [one] : []));
          for (const one of expected) {
            if (items[one]!.next === 0) plain.due.delete(one);
            else plain.place(one, items[one]!.next ?? slotCount);
          }
          if (!isSame(looked, expected)) return false;
        }
        if (wheel.size !== plain.due.size) return false;
      }
      return [...wheel].every((item) => plain.due.has(item.name));
    }),
    { numRuns: 2_000 },
  );
});

t.test('those that are added one after the other are spread over the round', async (t) => {
  const looked: number[] = [];
  const wheel = new Wheel<Item>(slotCount, 1_000, ({ name }) => void looked.push(name));
  for (let name = 0; name < slotCount * 3; name++) wheel.add({ name, slot: nowhere, next: undefined });
  for (let turn = 1; turn <= slotCount; turn++) {
    wheel.turn();
    t.equal(looked.length, turn * 3);
  }
  t.equal(new Set(looked).size, slotCount * 3);
});
