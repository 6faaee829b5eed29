import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { InletProcess } from '../servers/inlet.js';
import { commandsOf, RunningExample } from './examples.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

t.test('what the README shows works when it is pasted, one after the other', async (t) => {
  const server = new InletProcess({ INLET_DATA_DIR: t.testdir() });
  await server.start();
  t.teardown(() => server.stop());
  const run = async (command: string): Promise<string[]> => {
    const example = new RunningExample('sh', command, server.url);
    t.equal(await example.ended, 0, command);
    return example.lines;
  };
  const [single, batch, stream, live, events, poll, rows, buckets, table, stats, ...others] = commandsOf(
    'README.md',
    'Try it',
  );
  t.same(others, []);

  for (const { command, answer } of [single!, batch!, stream!]) {
    t.same(JSON.parse((await run(command)).at(-1)!), answer, command);
  }

  const following = run(live!.command);
  await untilSubscribed(server.url);
  await server.send({ device: 'boiler-8', fields: { level: 1 } });
  const messages = (await following).map((line) => JSON.parse(line) as Record<string, unknown>);
  t.match(messages[0], { id: 0, subscribed: { subscription: 's1' } });
  t.match(messages[1], {
    history: { readings: [{ device: 'boiler-7' }, {}, { fields: { temperature: 74.6 } }], done: true },
  });
  t.match(messages[2], { readings: [{ device: 'boiler-8', fields: { level: 1 } }] });
  const [, data] = /^event: history\ndata: (.*)$/m.exec((await run(events!.command)).join('\n'))!;
  t.match(JSON.parse(data!), { history: { readings: { length: 4 }, done: true } });
  t.match(JSON.parse((await run(poll!.command)).at(-1)!), { readings: { length: 4 }, cursor: String, gap: null });

  t.match(JSON.parse((await run(rows!.command))[0]!), { rows: { length: 3 }, truncated: false });
  const shown = buckets!.answer as { columns: string[]; rows: unknown[][] };
  const found = JSON.parse((await run(buckets!.command))[0]!) as typeof shown;
  t.same(found.columns, shown.columns);
  // Where a new hour has begun meanwhile there are two buckets.
  if (found.rows.length === 1) t.same(found.rows[0]!.slice(1), shown.rows[0]!.slice(1));
  const lines = await run(table!.command);
  t.match(lines[0], /^ts,device,type,tag\.site,temperature,/);
  t.equal(lines.length, 4);
  t.match(JSON.parse((await run(stats!.command))[0]!), { received: 5, accepted: 4, rejected: 1, pending: 0 });
});

/** The shell, Node and the connection take their time. */
async function untilSubscribed(url: string): Promise<void> {
  for (;;) {
    const stats = (await (await fetch(`${url}/v1/stats`)).json()) as { subscriptions: number };
    if (stats.subscriptions > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

t.test('the table of settings is what the schema says', async (t) => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/settings-table.mjs', '--check'], {
    cwd: root,
    encoding: 'utf8',
  });
  t.equal(status, 0, stderr);
});

t.test('every npm command that the documents name is there, and so is every file that they link', async (t) => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const guides = readdirSync(path.join(root, 'docs')).filter((file) => file.endsWith('.md'));
  t.ok(guides.length > 1);
  for (const document of ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', ...guides.map((file) => `docs/${file}`)]) {
    const text = read(document);
    for (const [, command] of text.matchAll(/npm (?:run )?([a-z]+(?::[a-z]+)?)/g))
      t.ok(scripts[command!], `${document}: ${command}`);
    for (const [, target, anchor] of text.matchAll(/\]\((?!http)([^)#]*)#?([^)]*)\)/g)) {
      const file = target === '' ? document : path.join(path.dirname(document), target!);
      t.ok(existsSync(path.join(root, file)), `${document}: ${target}`);
      if (anchor !== '') t.ok(anchorsOf(file).includes(anchor!), `${document}: ${target}#${anchor}`);
    }
  }
});

/** Of its headings, as those who show Markdown make them. */
function anchorsOf(document: string): string[] {
  return [...read(document).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^a-z0-9 -]/g, '')
      .replaceAll(' ', '-'),
  );
}

t.test('the rooms of ARCHITECTURE.md are those that the imports are held to', async (t) => {
  const ruled = roomsOf(/^ {2}'?([\w/.-]+)'?: \[(.*)\],$/gm, '.dependency-cruiser.cjs', /'([^']+)'/g);
  const told = roomsOf(/^\| `([\w/-]+)\/` +\|[^|]*\| ([^|]*?) +\|/gm, 'ARCHITECTURE.md', /`([^`]+?)\/?`/g);
  for (const [room, allowed] of told) t.same(allowed, ruled.get(room), room);
  for (const room of ruled.keys()) if (hasSources(room)) t.ok(told.has(room), `${room} is told of`);
});

/** Rooms, each with those that it may import, by names as the table has them. */
function roomsOf(row: RegExp, file: string, name: RegExp): Map<string, string[]> {
  return new Map(
    [...read(file).matchAll(row)].map(([, room, list]) => [
      room!,
      [...list!.matchAll(name)].map(([, imported]) => imported!.replace('src/', '')),
    ]),
  );
}

/** A room that is only named yet has none. */
function hasSources(room: string): boolean {
  const directory = path.join(root, room);
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return false;
  return readdirSync(directory, { recursive: true }).some((file) => String(file).endsWith('.ts'));
}
