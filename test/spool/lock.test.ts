import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import { DirectoryLock } from '../../src/spool/lock.js';

t.test('a directory has one owner at a time', async (t) => {
  const directory = mkdtempSync(path.join(tmpdir(), 'inlet-lock-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const first = new DirectoryLock(directory);
  await first.take();
  await t.rejects(new DirectoryLock(directory).take(), { message: /in use by another Inlet process/ });
  await first.release();
  const second = new DirectoryLock(directory);
  await second.take();
  await second.release();
});
