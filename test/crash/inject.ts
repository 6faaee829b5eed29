/**
 * Loaded into the real service with `--import`, before anything of its own: it stands between the service and Node's file
 * functions, and at a named point it kills the process, fails the call, delays it, or lies about it. So the product needs no
 * hook. What to do comes in the environment: FAULT is a JSON `Fault`.
 */
import { subscribe } from 'node:diagnostics_channel';
import { constants, writeSync } from 'node:fs';
import fs, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isMainThread } from 'node:worker_threads';
import type { Fault, Point } from './fault-points.js';

const fault = JSON.parse(process.env['FAULT'] ?? 'null') as Fault | null;
let passed = 0;

/** Standard error says when and where, by the clock that all processes share. */
function kill(point: Point): never {
  writeSync(2, `killed ${process.hrtime.bigint()} ${point}\n`);
  process.kill(process.pid, 'SIGKILL');
  throw new Error('unreachable');
}

function isDue(point: Point): boolean {
  if (fault?.point !== point) return false;
  passed++;
  return passed >= fault.nth && passed < fault.nth + fault.times;
}

async function at(point: Point): Promise<void> {
  if (!isDue(point)) return;
  if (fault!.act === 'kill') kill(point);
  if (fault!.act === 'delay') await pause(fault!.delayMs);
  else if (fault!.act !== 'lie') throw Object.assign(new Error(`${fault!.act}: injected`), { code: fault!.act });
}

/** What the directory's next sync makes durable. */
let entryChange: Point = 'rotate, directory synced';

const { open, rename, unlink } = fs;
const isSegment = (file: string) => file.endsWith('.seg');

fs.open = async (file, flags, mode) => {
  const name = String(file);
  const isMade = typeof flags === 'number' && (flags & constants.O_CREAT) !== 0;
  if (isSegment(name) && isMade) await at('rotate, before');
  if (name.endsWith('delivery.json.new')) await at('commit, before');
  const handle = await open(file, flags, mode);
  if (isSegment(name) && isMade) {
    entryChange = 'rotate, directory synced';
    await at('rotate, made');
  }
  if (isSegment(name)) watchSegment(handle, name);
  else if (name.endsWith('delivery.json.new')) watchCursor(handle, name);
  else if (path.basename(name) === 'spool') watchDirectory(handle);
  return handle;
};

fs.rename = async (from, to) => {
  await rename(from, to);
  if (!String(to).endsWith('delivery.json')) return;
  entryChange = 'commit, directory synced';
  await at('commit, renamed');
};

fs.unlink = async (file) => {
  if (isSegment(String(file))) await at('delete, before');
  await unlink(file);
  if (!isSegment(String(file))) return;
  entryChange = 'delete, directory synced';
  await at('delete, done');
};

/** The form of `writev` that the spool uses: what it has written is on the disk when it returns. */
type Write = (buffers: Uint8Array[], position: number) => Promise<{ bytesWritten: number; buffers: Uint8Array[] }>;

/** What stands in the file and was not synced, as a call leaves it that is broken off in between. */
async function writeUnsynced(name: string, buffers: Uint8Array[], position: number): Promise<void> {
  const handle = await open(name, 'r+');
  await handle.writev(buffers, position);
  await handle.close();
}

function watchSegment(handle: FileHandle, name: string): void {
  const truncate = handle.truncate.bind(handle);
  const writev: Write = handle.writev.bind(handle);
  const watched: Write = async (buffers, position) => {
    const isHeader = position === 0;
    if (isHeader) await at('rotate, before the header');
    else if (fault?.act === 'lie' && isDue('append, before')) {
      void pause(fault.delayMs).then(() => writev(buffers, position));
      return { bytesWritten: Buffer.concat(buffers).length, buffers };
    } else await at('append, before');
    if (!isHeader && isDue('append, half written')) {
      const bytes = Buffer.concat(buffers);
      await writeUnsynced(name, [bytes.subarray(0, bytes.length >>> 1)], position);
      kill('append, half written');
    }
    const written = isHeader ? 'rotate, header written' : 'append, written';
    if (fault?.point === written || fault?.point === 'sync') {
      await writeUnsynced(name, buffers, position);
      await at(written);
      await at('sync');
    }
    const result = await writev(buffers, position);
    await at(isHeader ? 'rotate, header synced' : 'append, synced');
    return result;
  };
  handle.writev = watched as FileHandle['writev'];
  handle.truncate = async (length) => {
    await at('start, before the cut');
    await truncate(length);
    await at('start, cut');
  };
}

function watchCursor(handle: FileHandle, name: string): void {
  const writev: Write = handle.writev.bind(handle);
  const watched: Write = async (buffers, position) => {
    if (fault?.point === 'commit, written') {
      await writeUnsynced(name, buffers, position);
      await at('commit, written');
    }
    const result = await writev(buffers, position);
    await at('commit, synced');
    return result;
  };
  handle.writev = watched as FileHandle['writev'];
}

function watchDirectory(handle: FileHandle): void {
  const sync = handle.sync.bind(handle);
  handle.sync = async () => {
    await sync();
    await at(entryChange);
  };
}

/** DuckDB has a worker, and the readings and the place of the delivery in one transaction. */
async function watchTransactions(): Promise<void> {
  const { DuckDBConnection } = await import('@duckdb/node-api');
  const { prototype } = DuckDBConnection;
  const run = Reflect.get(prototype, 'run');
  prototype.run = async function (sql, ...rest) {
    const isCommit = sql.trim() === 'COMMIT';
    if (isCommit) await at('deliver, before the store commits');
    const result = await run.call(this, sql, ...rest);
    if (isCommit) await at('deliver, the store has committed');
    return result;
  };
}

syncBuiltinESMExports();
if (isMainThread) {
  const isWrite = (message: unknown) => (message as { request: { path: string } }).request.path.includes('write?');
  const when = (point: Point) => (message: unknown) => {
    if (isWrite(message) && isDue(point)) kill(point);
  };
  subscribe('http.client.request.start', when('deliver, request made'));
  subscribe('http.client.response.finish', when('deliver, request answered'));
} else if (fault?.point.startsWith('deliver, ')) await watchTransactions();
