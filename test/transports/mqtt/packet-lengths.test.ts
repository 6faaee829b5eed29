import { array, assert, integer, property } from 'fast-check';
import t from 'tap';
import { PacketLengths } from '../../../src/transports/mqtt/framed-connection.js';

/** MQTT 3.1.1 §2.2.3, as the standard's pseudo code has it. */
function packet(length: number): Buffer {
  const bytes = [0x30];
  let rest = length;
  do {
    const digit = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? digit | 0x80 : digit);
  } while (rest > 0);
  return Buffer.concat([Buffer.from(bytes), Buffer.alloc(length, 0xff)]);
}

t.test('packets within the bound pass, however they are cut; the first beyond it does not', (t) => {
  const lengths = array(integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 6 });
  const cuts = array(integer({ min: 1, max: 3000 }), { minLength: 1 });
  assert(
    property(lengths, cuts, integer({ min: 0, max: 20_000 }), (lengths, cuts, bound) => {
      const followed = new PacketLengths(bound);
      const bytes = Buffer.concat(lengths.map(packet));
      let isAllowed = true;
      for (let at = 0, n = 0; at < bytes.length && isAllowed; n++) {
        const end = at + cuts[n % cuts.length]!;
        isAllowed = followed.allow(bytes.subarray(at, end));
        at = end;
      }
      return isAllowed === lengths.every((length) => length <= bound);
    }),
    { numRuns: 500 },
  );
  t.end();
});

t.test('a length is refused where it is announced, and one that does not end as well', (t) => {
  t.notOk(new PacketLengths(1000).allow(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f])));
  t.notOk(new PacketLengths(2 ** 30).allow(Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff])));
  t.ok(new PacketLengths(2 ** 30).allow(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f])));
  t.end();
});
