import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';

const run = promisify(execFile);
const program = fileURLToPath(new URL('./heap-program.js', import.meta.url));

async function searchesOf(...given: string[]): Promise<number> {
  const { stdout } = await run(process.execPath, ['--max-semi-space-size=32', program, ...given]);
  return Number(stdout);
}

t.test('with room in the heap, what comes in makes V8 search old memory less often', async (t) => {
  const without = await searchesOf();
  const withRoom = await searchesOf('room');
  t.ok(without >= 4, 'bodies alone bring it about', { without });
  t.ok(withRoom <= without / 2, 'and much less with room', { without, withRoom });
});
