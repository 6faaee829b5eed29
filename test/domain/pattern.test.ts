import { array, assert, constantFrom, property } from 'fast-check';
import t from 'tap';
import { compilePattern, compilePatterns } from '../../src/domain/pattern.js';

await t.test('a star stands for any run of characters, also none', async (t) => {
  const matches: [pattern: string, name: string, expected: boolean][] = [
    ['boiler-7', 'boiler-7', true],
    ['boiler-7', 'boiler-71', false],
    ['*', '', true],
    ['boiler-*', 'boiler-', true],
    ['*-7', 'boiler-7', true],
    ['b*r*7', 'boiler-7', true],
    ['ab*ba', 'aba', false],
    ['a.c', 'abc', false],
    ['a.*', 'a.\n', true],
    ['**', 'x', true],
  ];
  for (const [pattern, name, expected] of matches)
    t.equal(compilePattern(pattern)(name), expected, `${pattern} ${name}`);
  t.equal(compilePatterns(undefined)('x'), true);
  t.equal(compilePatterns([])('x'), false);
  t.equal(compilePatterns(['a', 'b*'])('bx'), true);
});

await t.test('it is what the regular expression says', async (t) => {
  const word = (length: number) =>
    array(constantFrom('a', 'b', '*'), { maxLength: length }).map((characters) => characters.join(''));
  assert(
    property(word(8), word(10), (pattern, text) => {
      const name = text.replaceAll('*', 'c');
      return compilePattern(pattern)(name) === new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(name);
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

await t.test('a pattern full of stars takes no longer than a plain one', async (t) => {
  const startedAt = performance.now();
  t.equal(compilePattern(`${'*a'.repeat(60)}*b`)('a'.repeat(128)), false);
  t.ok(performance.now() - startedAt < 1000, 'backtracking would take ages');
});
