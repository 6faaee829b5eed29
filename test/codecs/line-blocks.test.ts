import { array, asyncProperty, assert, constantFrom, nat, record } from 'fast-check';
import { deepStrictEqual } from 'node:assert';
import t from 'tap';
import { lineBlocks, tooLong } from '../../src/codecs/line-blocks.js';

async function blocksOf(text: string, cuts: readonly number[], bounds: { maxLineBytes: number; maxLines: number }) {
  const chunks: Buffer[] = [];
  let from = 0;
  for (const length of [...cuts, text.length]) {
    if (from < text.length) chunks.push(Buffer.from(text.slice(from, from + length)));
    from += length;
  }
  async function* pieces() {
    yield* chunks;
  }
  const blocks: (string | typeof tooLong)[] = [];
  for await (const block of lineBlocks(pieces(), bounds)) blocks.push(block === tooLong ? block : block.toString());
  return blocks;
}

await t.test(
  'however a body is cut on its way, its blocks have its lines, and marks where one is too long',
  async (t) => {
    const piece = constantFrom('a', 'bb', 'ccc', '\n', '\n', 'dddddddd');
    const bounds = record({ maxLineBytes: nat(9).map((one) => one + 1), maxLines: nat(3).map((one) => one + 1) });
    let long = 0;
    await assert(
      asyncProperty(array(piece, { maxLength: 30 }), array(nat(6)), bounds, async (pieces, cuts, bounds) => {
        const text = pieces.join('');
        const blocks = await blocksOf(text, cuts, bounds);
        const lines = blocks.flatMap((block): (string | typeof tooLong)[] =>
          block === tooLong ? [block] : block.replace(/\n$/, '').split('\n'),
        );
        const expected: (string | typeof tooLong)[] = text
          .replace(/\n$/, '')
          .split('\n')
          .map((line) => (line.length > bounds.maxLineBytes ? tooLong : line));
        if (text === '') expected.pop();
        long += expected.filter((line) => line === tooLong).length;
        deepStrictEqual(lines, expected);
        const counts = blocks.map((block) => (block === tooLong ? 1 : block.replace(/\n$/, '').split('\n').length));
        if (Math.max(0, ...counts) > bounds.maxLines) throw new Error('a block has too many lines');
      }),
      { numRuns: 2000 },
    );
    t.ok(long > 100, `${long} lines were too long`);
  },
);
