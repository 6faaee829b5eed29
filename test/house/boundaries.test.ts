import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';

const root = fileURLToPath(new URL('../../../', import.meta.url));

function check(directory: string): { passed: boolean; output: string } {
  const { status, stdout } = spawnSync(process.execPath, [path.join(root, 'scripts/boundaries.mjs'), directory], {
    encoding: 'utf8',
  });
  return { passed: status === 0, output: stdout };
}

/** A copy of the sources, to plant something in. */
function copyOfTheHouse(t: Test): string {
  const copy = t.testdir();
  for (const entry of ['src', 'package.json']) {
    cpSync(path.join(root, entry), path.join(copy, entry), { recursive: true, dereference: true });
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
  return copy;
}

t.test('every import of the sources keeps to the rooms', async (t) => {
  const { passed, output } = check(root);
  t.ok(passed, output);
  t.match(output, /^\d+ modules read/);
});

t.test('a planted violation is caught and named', async (t) => {
  const planted = [
    ['src/domain/planted.ts', "export type { HistoryStore } from '../ports/history-store.js';", 'src/domain imports'],
    ['src/transports/http/planted.ts', "import '../../spool/log.js';", 'src/transports imports only'],
    ['src/pipeline/planted.ts', "export * from '../stores/duckdb/nothing-here.js';", 'every import leads somewhere'],
    ['src/history/planted.ts', "import '@duckdb/node-api';", '@duckdb/node-api stays in'],
    ['src/live/planted.ts', "import type { WebSocket } from 'ws';", 'ws stays in'],
    ['src/client/planted.ts', "import { readFileSync } from 'node:fs';", 'nothing of Node'],
    ['src/cellar/planted.ts', "export * from '../domain/reading.js';", 'every source file has a room'],
    ['src/ports/planted.ts', "export * from './planted-too.js';", 'no cycles'],
    ['src/ports/planted-too.ts', "export * from './planted.js';", 'no cycles'],
  ] as const;
  const copy = copyOfTheHouse(t);
  for (const [file, text] of planted) {
    mkdirSync(path.dirname(path.join(copy, file)), { recursive: true });
    writeFileSync(path.join(copy, file), text);
  }
  const { passed, output } = check(copy);
  t.notOk(passed);
  for (const [file, , rule] of planted) {
    const complaints = output.split('\n').filter((line) => line.includes(file));
    t.ok(
      complaints.some((complaint) => complaint.includes(rule)),
      `${file}: ${complaints.join('; ')}`,
    );
  }
});

t.test('reading next to nothing is a failure, not a clean bill', async (t) => {
  const empty = t.testdir({ src: { domain: { 'alone.ts': 'export {};' } } });
  const { passed, output } = check(empty);
  t.notOk(passed);
  t.match(output, 'only 1 modules were read');
});
