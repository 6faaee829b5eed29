/** `npm run spool -- inspect|verify|export DIR`: reads a spool without the service, and changes nothing in it. */
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { LineReader, decodePrefix, readingOf } from './domain/line.js';
import { nodeFiles } from './spool/files.js';
import { readRecords } from './spool/read.js';
import { surveySpool, type OpenSurvey, type Survey } from './spool/survey.js';

const usage = `Reads a spool without the service, and changes nothing in it.

  npm run spool -- inspect DIR              what is in it, segment by segment
  npm run spool -- verify DIR               checks every record; exit code 1 when readings are damaged
  npm run spool -- export DIR [options]     the readings on standard output, as NDJSON

DIR is the spool's directory, or the data directory around it.

  --from N         first position to export (default: the first that there is)
  --to N           position behind the last one to export
  --format FORMAT  json (default) or line: line protocol, nanoseconds
  --help           this text
`;

const commands = { inspect, verify, export: exportReadings };
type Command = keyof typeof commands;
const readBytes = 1024 * 1024;

interface Options {
  from: number;
  to: number;
  format: 'json' | 'line';
}

class UsageError extends Error {}

/** @returns the exit code */
async function run(args: string[]): Promise<number> {
  const { values, positionals } = parsed(args);
  if (values.help) return print(usage);
  const [command, directory, ...rest] = positionals;
  if (command === undefined || !(command in commands))
    throw new UsageError('the first word is inspect, verify or export');
  if (directory === undefined || rest.length > 0) throw new UsageError(`${command} takes one directory`);
  const { format = 'json' } = values;
  if (format !== 'json' && format !== 'line') throw new UsageError('--format is json or line');
  const options: Options = { from: position(values.from, 'from', 0), to: position(values.to, 'to', Infinity), format };
  const opened = await surveySpool(nodeFiles, await spoolDirectory(directory));
  try {
    return await commands[command as Command](opened, options);
  } finally {
    await opened.close();
  }
}

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        from: { type: 'string' },
        to: { type: 'string' },
        format: { type: 'string' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function position(text: string | undefined, name: string, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^\d{1,15}$/.test(text)) throw new UsageError(`--${name} is a position: a whole number`);
  return Number(text);
}

async function spoolDirectory(directory: string): Promise<string> {
  const inside = path.join(directory, 'spool');
  const isAround = await stat(inside).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const chosen = isAround ? inside : directory;
  await stat(chosen).catch(() => {
    throw new UsageError(`there is no directory ${JSON.stringify(chosen)}`);
  });
  return chosen;
}

async function inspect({ survey }: OpenSurvey): Promise<number> {
  const { segments, head, rejectedTotal, delivery } = survey;
  const rows = segments.map(({ file, firstPosition, endPosition, records, bytes, firstArrivedMs, lastArrivedMs }) => [
    file,
    figure(firstPosition),
    figure(endPosition),
    figure(records),
    figure(bytes),
    time(firstArrivedMs),
    time(lastArrivedMs),
  ]);
  await print(table([['segment', 'from', 'to', 'records', 'bytes', 'first arrival', 'last arrival'], ...rows]));
  await print(`\naccepted   ${figure(head)}\nrejected   ${figure(rejectedTotal)}\n`);
  const kept = 'kept by the store, or nothing was delivered yet';
  await print(`delivered  ${delivery ? `up to ${figure(delivery.low)}` : kept}\n`);
  await print(troubles(survey));
  return 0;
}

async function verify({ survey }: OpenSurvey): Promise<number> {
  const records = survey.segments.reduce((sum, segment) => sum + segment.records, 0);
  const readings = survey.segments.reduce((sum, segment) => sum + segment.readings, 0);
  await print(troubles(survey));
  await print(`${figure(records)} records with ${figure(readings)} readings are whole.\n`);
  return survey.damaged.length > 0 ? 1 : 0;
}

function troubles({ damaged, damagedHeaders, tornBytes }: Survey): string {
  const lines = damaged.map(
    ({ file, from, to }) => `damaged: positions ${figure(from)} to ${figure(to - 1)} in ${file}\n`,
  );
  for (const file of damagedHeaders) lines.push(`damaged: the header of ${file}; its readings are not\n`);
  if (tornBytes > 0)
    lines.push(`behind the last whole record: ${figure(tornBytes)} bytes of a write that is not finished\n`);
  return lines.join('');
}

async function exportReadings({ segments }: OpenSurvey, { from, to, format }: Options): Promise<number> {
  let at = Math.max(from, segments[0]?.firstPosition ?? 0);
  const end = Math.min(to, segments.at(-1)?.endPosition ?? 0);
  while (at < end) {
    const records = await readRecords(segments, at, readBytes, () => undefined);
    if (records.length === 0) break;
    for (const record of records) {
      await print(exported(Buffer.from(record.payload).toString('utf8'), record.position, { from, to, format }));
    }
    const last = records.at(-1)!;
    at = last.position + last.count;
  }
  return 0;
}

function exported(text: string, first: number, { from, to, format }: Options): string {
  const lines = new LineReader(text);
  let out = '';
  for (let at = first; lines.next(); at++) {
    if (at < from || at >= to) continue;
    if (format === 'line') out += `${text.slice(lines.start, lines.end)}\n`;
    else out += `${JSON.stringify({ position: at, ...readingOf(lines, decodePrefix(lines.prefix)) })}\n`;
  }
  return out;
}

function table(rows: string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))))
    .map((row) => `${row.join('  ')}\n`)
    .join('');
}

function figure(value: number): string {
  return value.toLocaleString('en');
}

function time(ms: number | null): string {
  return ms === null ? '–' : new Date(ms).toISOString();
}

async function print(text: string): Promise<number> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
  return 0;
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever reads has enough: `npm run spool -- export DIR | head`.
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  const isUsage = error instanceof UsageError;
  process.stderr.write(`${(error as Error).message}${isUsage ? '; --help says more' : ''}\n`);
  process.exitCode = 2;
}
