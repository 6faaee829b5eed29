import { array, assert, constantFrom, property } from 'fast-check';
import t from 'tap';
import { compilePatterns } from '../../src/domain/pattern.js';
import { devicesInScope } from '../../src/history/device-scope.js';

const letters = constantFrom('a', 'b', '*');
const pattern = array(letters, { minLength: 1, maxLength: 7 }).map((characters) => characters.join(''));
const patterns = array(pattern, { maxLength: 3 });
const device = array(constantFrom('a', 'b'), { maxLength: 9 }).map((characters) => characters.join(''));

await t.test('a device is in scope exactly when it is asked for and allowed', async (t) => {
  assert(
    property(patterns, patterns, array(device, { minLength: 20, maxLength: 20 }), (asked, allowed, devices) => {
      const isAsked = compilePatterns(asked);
      const isAllowed = compilePatterns(allowed);
      const isInScope = compilePatterns(devicesInScope(asked, allowed));
      return devices.every((device) => isInScope(device) === (isAsked(device) && isAllowed(device)));
    }),
    { numRuns: 1000 },
  );
  t.pass();
});

await t.test('patterns that are made to grow are refused, not worked out', async (t) => {
  t.throws(() => devicesInScope(['*a'.repeat(60)], ['*b*'.repeat(60)]), { code: 'invalid_parameter' });
});
