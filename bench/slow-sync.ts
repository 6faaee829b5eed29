/**
 * Loaded into our server with `--import …/slow-sync.js?ms=20`: each write of the spool takes at least so long until it
 * is on the disk, as it would where the disk is slower. The product needs no setting for it.
 *
 * Both wait at once: one behind the other, a busy event loop would come to each of them late.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

const delayMs = Number(new URL(import.meta.url).searchParams.get('ms'));
const handle = await open(process.execPath);
const prototype = Object.getPrototypeOf(handle) as FileHandle;
await handle.close();

// oxlint-disable-next-line typescript/unbound-method -- it is called with its handle below
const { writev } = prototype;
prototype.writev = async function (this: FileHandle, ...args) {
  const [result] = await Promise.all([writev.apply(this, args), pause(delayMs)]);
  return result;
} as FileHandle['writev'];
