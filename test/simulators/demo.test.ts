import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const demo = fileURLToPath(new URL('../../simulators/demo.js', import.meta.url));

await t.test('every reading of the four recorded sensors is found again, and the counts close', async (t) => {
  const run = spawn(process.execPath, [demo], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, errors, [code]] = await Promise.all([text(run.stdout), text(run.stderr), once(run, 'exit')]);
  t.equal(code, 0, `${output}\n${errors}`);
  t.match(output, /total +33,469 +33,469 +0 +33,469 +33,457/);
  t.match(output, '33,469 accepted − 12 overwritten = 33,457 in history');
  t.match(output, 'received 33,469 = accepted 33,469 + rejected 0');
  t.match(output, 'accepted 33,469 = stored 33,469 + quarantined 0 + discarded 0 + pending 0');
  t.notMatch(output, '✗');
});
