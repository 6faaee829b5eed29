/** The least that an acknowledgement may cost: a record appended to a file, and one fdatasync. */
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';

/** @returns milliseconds that each took */
export function appendSync(file: string, record: Uint8Array, seconds: number): number[] {
  const descriptor = openSync(file, 'a');
  const tookMs: number[] = [];
  const endMs = performance.now() + seconds * 1000;
  for (let now = performance.now(); now < endMs;) {
    writeSync(descriptor, record);
    fdatasyncSync(descriptor);
    const doneMs = performance.now();
    tookMs.push(doneMs - now);
    now = doneMs;
  }
  closeSync(descriptor);
  rmSync(file);
  return tookMs;
}
