/**
 * Loaded into our server with `--import …/slow-sync.js?ms=20`: each sync of a file takes so much longer, as it would on a
 * slower disk. The product needs no setting for it.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

const delayMs = Number(new URL(import.meta.url).searchParams.get('ms'));
const handle = await open(process.execPath);
const prototype = Object.getPrototypeOf(handle) as FileHandle;
await handle.close();

// oxlint-disable-next-line typescript/unbound-method -- it is called with its handle below
const { datasync } = prototype;
prototype.datasync = async function (this: FileHandle): Promise<void> {
  await pause(delayMs);
  await datasync.call(this);
};
