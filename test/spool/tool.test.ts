import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { SegmentedSpool } from '../../src/spool/log.js';

const tool = fileURLToPath(new URL('../../src/spool-tool.js', import.meta.url));

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [tool, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** A data directory whose spool has three records, of two readings each. */
async function filledDirectory(t: Test): Promise<{ directory: string; segment: string }> {
  const directory = mkdtempSync(path.join(tmpdir(), 'inlet-spool-tool-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const spool = new SegmentedSpool({ directory: path.join(directory, 'spool'), maxBytes: 1024 * 1024, keepBytes: 0 });
  await spool.start(null);
  for (const name of ['first', 'second', 'third']) {
    const payload = [1, 2].map((n) => `m,device=${name} text="a\nb",n=${n}i 1700000000000000001\n`).join('');
    await spool.append({ payload, count: 2, late: false, arrivedMs: 1_700_000_000_000 }).durable;
  }
  await spool.stop();
  const segment = path.join(directory, 'spool', readdirSync(path.join(directory, 'spool'))[0]!);
  return { directory, segment };
}

t.test('a stranger can look into a spool, check it and take its readings out', async (t) => {
  const { directory } = await filledDirectory(t);
  const inspected = run('inspect', directory);
  t.equal(inspected.status, 0);
  t.match(inspected.stdout, /\.seg +0 +6 +3 /);
  t.match(inspected.stdout, /accepted +6\n/);
  t.match(run('verify', directory), { status: 0, stdout: '3 records with 6 readings are whole.\n' });
  const exported = run('export', directory, '--from', '1', '--to', '4').stdout.trimEnd().split('\n');
  t.same(
    exported.map((line) => JSON.parse(line) as unknown),
    [1, 2, 3].map((position) => ({
      position,
      device: position < 2 ? 'first' : 'second',
      type: 'm',
      ts: 1_700_000_000_000,
      tags: {},
      fields: { text: 'a\nb', n: position % 2 === 0 ? 1 : 2 },
    })),
  );
  const lines = run('export', path.join(directory, 'spool'), '--format', 'line', '--from', '5').stdout;
  t.equal(lines, 'm,device=third text="a\nb",n=2i 1700000000000000001\n');
});

t.test('what is damaged is named, nothing is changed, and the rest comes out', async (t) => {
  const { directory, segment } = await filledDirectory(t);
  const bytes = readFileSync(segment);
  bytes[bytes.indexOf('second')]! ^= 1;
  const damaged = Buffer.concat([bytes, Buffer.from('an unfinished write')]);
  writeFileSync(segment, damaged);
  const verified = run('verify', directory);
  t.equal(verified.status, 1);
  t.match(verified.stdout, /damaged: positions 2 to 3 in .*\.seg\n/);
  t.match(verified.stdout, /19 bytes of a write that is not finished/);
  const positions = run('export', directory).stdout.trimEnd().split('\n');
  t.same(
    positions.map((line) => (JSON.parse(line) as { position: number }).position),
    [0, 1, 4, 5],
  );
  t.ok(readFileSync(segment).equals(damaged));
});

t.test('what it does not understand it says, with exit code 2', async (t) => {
  for (const args of [
    [],
    ['look', '.'],
    ['verify'],
    ['verify', '/no/such'],
    ['export', '.', '--from', 'x'],
    ['inspect', '.', '--what'],
  ]) {
    const { status, stderr } = run(...args);
    t.equal(status, 2);
    t.match(stderr, /--help says more\n$/);
  }
  t.match(run('--help'), { status: 0, stdout: /inspect DIR/ });
});
