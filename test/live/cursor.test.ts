import { array, assert, integer, nat, property, string, tuple } from 'fast-check';
import t from 'tap';
import { decodeCursor, encodeCursor } from '../../src/live/cursor.js';

const instance = integer({ min: 0, max: 0xffffffff }).map((name) => name.toString(16).padStart(8, '0'));

await t.test('a cursor holds the positions of its instances', (t) => {
  const positions = array(tuple(instance, nat({ max: Number.MAX_SAFE_INTEGER })), { minLength: 1, maxLength: 8 });
  assert(
    property(positions, (entries) => {
      const position = new Map(entries);
      const cursor = encodeCursor(position);
      t.match(cursor, /^[A-Za-z0-9_-]{1,256}$/);
      t.same(decodeCursor(cursor), position);
    }),
  );
  t.end();
});

await t.test('what is no cursor is none', (t) => {
  const encode = (text: string) => Buffer.from(text).toString('base64url');
  const others = [
    '',
    ' ',
    '1;0a1b2c3d=5',
    encode(''),
    encode('1'),
    encode('2;0a1b2c3d=5'),
    encode('1;0a1b2c3d'),
    encode('1;0A1B2C3D=5'),
    encode('1;0a1b2c3d=-5'),
    encode('1;0a1b2c3d=5;'),
    'x'.repeat(300),
  ];
  for (const other of others) t.equal(decodeCursor(other), undefined, other);
  assert(
    property(
      string({ unit: 'binary' }),
      (text) => decodeCursor(text) === undefined || encodeCursor(decodeCursor(text)!) !== '',
    ),
  );
  t.end();
});
