import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';

const run = promisify(execFile);
const program = fileURLToPath(new URL('./heap-program.js', import.meta.url));

async function outcomes(what: 'bodies' | 'piles'): Promise<{ usual: number; tuned: number }> {
  const outcome = async (...given: string[]) => {
    const { stdout } = await run(process.execPath, ['--max-semi-space-size=32', program, what, ...given]);
    return Number(stdout);
  };
  return { usual: await outcome(), tuned: await outcome('tuned') };
}

t.test('with room in the heap, what comes in makes V8 search old memory less often', async (t) => {
  const searches = await outcomes('bodies');
  t.ok(searches.usual >= 4, 'bodies alone bring it about', searches);
  t.ok(searches.tuned <= searches.usual / 2, 'and much less with room', searches);
});

t.test('when messages have piled up for a while, those that come later are still made in young memory', async (t) => {
  const grown = await outcomes('piles');
  t.ok(grown.usual >= 150, 'V8 alone makes them in old memory', grown);
  t.ok(grown.tuned <= grown.usual / 2, 'and it does not here', grown);
});
